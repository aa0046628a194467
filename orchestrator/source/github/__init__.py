"""A repository on GitHub or GitHub Enterprise, asked through its API: no clone, no git, and as few calls as it takes.

repository   the `SourceRepository`
history      which commits touched what
trees        trees by their ids, which never change; everything below one in one call where it fits
contents     files by the hundred through GraphQL, each checked against git's id of it
client       one repository's API: credentials, pages, conditional requests, what its refusals mean
calls        one request: retries, rate limits, redirects on the same host
credentials  a token, or a GitHub App's installation token, out of a secret that is read when it is needed
"""
