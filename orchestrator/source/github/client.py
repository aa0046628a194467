"""The API of one repository: with its credentials, page by page, and with GitHub's refusals in words of ours."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.errors import SourceError
from orchestrator.source.github.address import GitHubAddress
from orchestrator.source.github.calls import BusyError, Calls
from orchestrator.source.github.credentials import Credentials
from orchestrator.source.github.kept import Kept
from orchestrator.source.github.transport import Request, Response

JSON = "application/vnd.github+json"
RAW = "application/vnd.github.raw+json"

PAGE = 100
"""How much of a list GitHub tells at once, at most."""

# https://docs.github.com/en/rest/about-the-rest-api/api-versions; servers know it from 3.9 on.
_HEADERS = {"X-GitHub-Api-Version": "2022-11-28", "User-Agent": "promotion-orchestrator"}
_OK, _NOT_MODIFIED, _UNAUTHORIZED, _FORBIDDEN = 200, 304, 401, 403
_MISSING = (404, 409, 422)
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')
_MOST_KEPT_BYTES = 1_000_000


class MissingError(SourceError):
    """GitHub has no such thing, or does not show it to these credentials: it makes no difference between the two."""


class GitHubClient:
    """Asks for one repository.

    Args:
        address: the repository.
        calls: sends requests.
        credentials: for them.
    """

    def __init__(self, address: GitHubAddress, calls: Calls, credentials: Credentials) -> None:
        self._address = address
        self._calls = calls
        self._credentials = credentials
        self._seen: Kept[str, Response] = Kept(_MOST_KEPT_BYTES, lambda response: len(response.body) + 100)

    def get(self, path: str, accept: str = JSON) -> bytes:
        """Ask for something below the repository's URL, such as `/git/trees/<id>`.

        Raises:
            MissingError: it is not there.
            SourceError: GitHub cannot or will not answer.
        """
        return self._get(self._address.repository + path, {"Accept": accept}).body

    def changing(self, path: str) -> Any:
        """Ask for a document that changes: when it has not, GitHub says just that, and does not count the request."""
        url = self._address.repository + path
        known = self._seen.get(url)
        headers = {"Accept": JSON, **({"If-None-Match": known.headers["etag"]} if known else {})}
        response = self._get(url, headers)
        if response.status == _NOT_MODIFIED and known:
            return _document(known)
        if "etag" in response.headers:
            self._seen.keep(url, response)
        return _document(response)

    def json(self, path: str) -> Any:
        """Ask for a document."""
        return _document(self._get(self._address.repository + path, {"Accept": JSON}))

    def pages(self, path: str) -> Iterator[Any]:
        """Ask for all pages of a list, one after the other."""
        url = self._address.repository + path
        while url:
            response = self._get(url, {"Accept": JSON})
            yield _document(response)
            found = _NEXT.search(response.headers.get("link", ""))
            url = found.group(1) if found else ""
            if url and not url.startswith(f"{self._address.rest}/"):
                raise SourceError(f"GitHub's next page is on another host ({url}), which is not followed.")

    def query(self, query: str, variables: Mapping[str, str]) -> Any:
        """Ask a GraphQL query about the repository, whose variables `owner` and `name` are filled in.

        Returns:
            What `repository` is in the answer.

        Raises:
            MissingError: there is no such repository.
            SourceError: GitHub cannot or will not answer.
        """
        names = {"owner": self._address.owner, "name": self._address.name}
        body = json.dumps({"query": query, "variables": {**names, **variables}}).encode()
        headers = {"Accept": JSON, "Content-Type": "application/json"}
        response = self._answer(Request(self._address.graphql, "POST", {**_HEADERS, **headers}, body))
        document = _document(self._checked(response, self._address.graphql))
        errors = document.get("errors", [])
        if errors:
            raise self._graphql_error(errors)
        return document["data"]["repository"]

    def _get(self, url: str, headers: Mapping[str, str]) -> Response:
        return self._checked(self._answer(Request(url, headers={**_HEADERS, **headers})), url)

    def _answer(self, request: Request) -> Response:
        response = self._calls(request, self._credentials.authorization())
        if response.status == _UNAUTHORIZED:
            self._credentials.forget()
            response = self._calls(request, self._credentials.authorization())
        return response

    def _checked(self, response: Response, url: str) -> Response:
        if response.status in (_OK, _NOT_MODIFIED):
            return response
        said = f"{response.status} {_message(response)}".strip()
        if response.status in _MISSING:
            raise MissingError(f"{url} is not there, or these credentials may not see it ({said}).")
        if response.status == _UNAUTHORIZED:
            raise SourceError(
                f"GitHub does not accept the credentials for {self._address.full_name} ({said}): a token expires, is "
                "revoked, or belongs to another GitHub. Put a new one into the secret; it is read anew by itself."
            )
        if response.status == _FORBIDDEN:
            raise SourceError(
                f"The credentials for {self._address.full_name} may not read {url} ({said}). They need the permission "
                "'Contents: read'; where the organization has single sign-on, a token must be authorized for it."
            )
        raise SourceError(f"GitHub's answer to {url} is not understood: {said}.")

    def _graphql_error(self, errors: list[Any]) -> SourceError:
        kinds = {str(error.get("type", "")) for error in errors}
        said = "; ".join(dict.fromkeys(str(error.get("message", ""))[:200] for error in errors[:5]))
        if "NOT_FOUND" in kinds:
            return MissingError(f"{self._address.url} is not there, or these credentials may not see it ({said}).")
        if "RATE_LIMITED" in kinds:
            return BusyError(f"GitHub's rate limit for GraphQL is reached: {said}", 0)
        return SourceError(f"GitHub does not answer a query about {self._address.full_name}: {said}")


def _document(response: Response) -> Any:
    try:
        return json.loads(response.body)
    except ValueError as error:
        raise SourceError(
            "GitHub's answer is no JSON: something between here and GitHub, such as a proxy, answered in its place."
        ) from error


def _message(response: Response) -> str:
    """What GitHub says of a refusal; a proxy in between says it in HTML, which nobody wants to read."""
    try:
        return str(json.loads(response.body)["message"])[:200]
    except (ValueError, KeyError, TypeError):
        return ""
