"""Where a repository and its API are."""

import pytest

from orchestrator.errors import SourceError
from orchestrator.source.github.address import GitHubAddress


@pytest.mark.parametrize(
    ("url", "rest", "graphql"),
    [
        ("github://github.com/acme/shop", "https://api.github.com", "https://api.github.com/graphql"),
        (
            "github://git.acme.example/acme/shop",
            "https://git.acme.example/api/v3",
            "https://git.acme.example/api/graphql",
        ),
        ("github://acme.ghe.com/acme/shop", "https://api.acme.ghe.com", "https://api.acme.ghe.com/graphql"),
        ("github://127.0.0.1:8443/acme/shop", "https://127.0.0.1:8443/api/v3", "https://127.0.0.1:8443/api/graphql"),
    ],
)
def test_the_api_is_where_github_says(url: str, rest: str, graphql: str) -> None:
    """On its own host, on a server, with data residency, on a port."""
    address = GitHubAddress.parse(url)
    assert (address.rest, address.graphql, address.url) == (rest, graphql, url)
    assert address.repository == f"{rest}/repos/acme/shop"


@pytest.mark.parametrize("url", ["github://github.com/acme/shop.git", "github://GitHub.com/acme/shop/"])
def test_what_people_paste_is_understood(url: str) -> None:
    """It means the same."""
    assert GitHubAddress.parse(url).url == "github://github.com/acme/shop"


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/shop",
        "github://github.com/acme",
        "github://github.com/acme/shop/tree",
        "github:///acme/shop",
        "github://me:secret@github.com/acme/shop",
        "github://github.com/acme/..",
        "github://github.com/acme/shop?ref=main",
        "github://github.com/acme/shop#main",
        "github://github.com/-acme/shop",
        "github://git.acme.example/ac me/shop",
        "github://evil.example\\@github.com/acme/shop",
    ],
)
def test_anything_else_is_refused_with_the_form_it_must_have(url: str) -> None:
    """What could lead a credential elsewhere above all."""
    with pytest.raises(SourceError, match="github://HOST/OWNER/NAME"):
        GitHubAddress.parse(url)
