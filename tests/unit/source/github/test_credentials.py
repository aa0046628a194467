"""Tokens and Apps: what GitHub is asked with, and that nobody else ever sees it."""

import base64
import json
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from orchestrator.errors import SourceError
from orchestrator.source.github.credentials import App, parse_secret, proof
from orchestrator.source.github.repository import GitHubRepository
from tests.git_repository import GitRepository
from tests.github.server import TOKEN, Answer, Asked, GitHubServer
from tests.unit.source.github.conftest import Clock

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NO_ENCRYPTION = serialization.NoEncryption()


def pem(key: Any, form: serialization.PrivateFormat = serialization.PrivateFormat.TraditionalOpenSSL) -> str:
    """A key as GitHub gives it out."""
    return str(key.private_bytes(serialization.Encoding.PEM, form, NO_ENCRYPTION).decode())


APP = {"app_id": 4711, "installation_id": 42, "private_key": pem(KEY)}


@dataclass
class Installation:
    """Gives out tokens as GitHub does to whoever proves to be the App: each for an hour."""

    github: GitHubServer
    clock: Clock
    given: list[dict[str, Any]] = field(default_factory=list)
    proofs: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer | None:
        """Answer."""
        if asked.path != "/api/v3/app/installations/42/access_tokens":
            return None
        claims = self._claims(asked.headers["authorization"].removeprefix("Bearer "))
        if claims is None:
            return Answer({"message": "A JSON web token could not be decoded"}, 401)
        self.proofs.append(claims)
        self.given.append(json.loads(asked.body))
        token = f"ghs_{len(self.given)}"
        self.github.tokens = {token}
        until = datetime.fromtimestamp(self.clock.now + 3600, UTC)
        return Answer({"token": token, "expires_at": until.strftime("%Y-%m-%dT%H:%M:%SZ")}, 201)

    def _claims(self, token: str) -> dict[str, Any] | None:
        head, body, signature = token.split(".")
        try:
            KEY.public_key().verify(decoded(signature), f"{head}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return None
        assert json.loads(decoded(head)) == {"alg": "RS256", "typ": "JWT"}
        return dict(json.loads(decoded(body)))


def decoded(part: str) -> bytes:
    """A part of a JSON web token."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@pytest.fixture
def installation(github: GitHubServer, clock: Clock) -> Installation:
    """The App's installation on the server."""
    made = Installation(github, clock)
    github.scripts.append(made)
    return made


def test_an_apps_token_is_for_one_repository_and_for_reading(
    github: GitHubServer, opened: Callable[..., GitHubRepository], installation: Installation, origin: GitRepository
) -> None:
    """Whatever else the App may do, and wherever it is installed."""
    assert opened(github, lambda: json.dumps(APP)).commit("main").id == origin.head
    assert installation.given == [{"repositories": ["shop"], "permissions": {"contents": "read"}}]


def test_an_apps_proof_is_valid_for_less_than_ten_minutes(
    github: GitHubServer, opened: Callable[..., GitHubRepository], installation: Installation, clock: Clock
) -> None:
    """Which is the longest that GitHub accepts; it begins a minute ago, because clocks differ."""
    now = int(clock.now)
    opened(github, lambda: json.dumps(APP)).commit("main")
    assert installation.proofs == [{"iat": now - 60, "exp": now + 540, "iss": "4711"}]


def test_a_token_is_kept_until_shortly_before_it_ends(
    github: GitHubServer, opened: Callable[..., GitHubRepository], installation: Installation, clock: Clock
) -> None:
    """An hour has one."""
    repository = opened(github, lambda: json.dumps(APP))
    for seconds in (0, 1000, 2200):
        clock.now += seconds
        repository.commit("main")
    assert len(installation.given) == 1
    clock.now += 101
    repository.commit("main")
    assert len(installation.given) == 2


def test_a_token_that_was_exchanged_is_read_anew(
    github: GitHubServer, opened: Callable[..., GitHubRepository], origin: GitRepository
) -> None:
    """A warm Lambda goes on for hours after the old one was revoked."""
    secrets = [TOKEN, "new-token"]
    repository = opened(github, lambda: json.dumps({"token": secrets[0]}))
    repository.commit("main")
    secrets.pop(0)
    github.tokens = {"new-token"}
    assert repository.commit("main").id == origin.head


def test_an_installation_token_that_is_refused_is_made_anew(
    github: GitHubServer, opened: Callable[..., GitHubRepository], installation: Installation
) -> None:
    """Suspending and unsuspending an App ends its tokens."""
    repository = opened(github, lambda: json.dumps(APP))
    repository.commit("main")
    github.tokens = set()
    repository.commit("main")
    assert len(installation.given) == 2


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, r"does not accept the credentials for acme/shop \(401 Told so\)"),
        (403, r"may not read https://\S+ \(403 Told so\).*'Contents: read'.*single sign-on"),
        (451, r"is not understood: 451 Told so"),
    ],
)
def test_a_refusal_says_what_to_do_and_never_the_token(
    github: GitHubServer, opened: Callable[..., GitHubRepository], status: int, sentence: str
) -> None:
    """Neither in the message nor in the traceback with everything that led to it."""
    github.scripts.append(lambda _asked: Answer({"message": "Told so"}, status))
    with pytest.raises(SourceError, match=sentence) as caught:
        opened(github).commits_between("a" * 40, "b" * 40, ["shared"])
    assert_unseen(caught.value, TOKEN)


@pytest.mark.parametrize(
    "secret",
    [
        '{"token": "%s", "tokens": 1}',
        '{"token": ["%s"]}',
        "%s",
        '{"app_id": "%s"}',
        '{"app_id": "1", "installation_id": "%s", "private_key": "x"}',
    ],
)
def test_a_secret_that_is_not_valid_is_told_without_it(secret: str) -> None:
    """It says which two forms are."""
    with pytest.raises(SourceError, match=r'"token".*"app_id"') as caught:
        parse_secret(secret % TOKEN)
    assert_unseen(caught.value, TOKEN)


EC_KEY = pem(ec.generate_private_key(ec.SECP256R1()))
TRUNCATED = pem(KEY)[:400]


@pytest.mark.parametrize("key", [EC_KEY, TRUNCATED, "no key", ""])
def test_a_private_key_that_is_none_is_told_without_it(key: str) -> None:
    """Nor what is left of it."""
    app = App.model_validate({**APP, "private_key": key})
    with pytest.raises(SourceError, match="is no RSA key in PEM") as caught:
        proof(app, 0)
    assert_unseen(caught.value, *key.splitlines()[1:2])


def test_keys_in_both_forms_of_pem_sign(clock: Clock) -> None:
    """GitHub gives out one, and some tools make the other of it."""
    for form in (serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.PKCS8):
        app = App.model_validate({**APP, "private_key": pem(KEY, form)})
        assert proof(app, clock.now).count(".") == 2


def test_an_app_that_is_not_installed_is_told(github: GitHubServer, opened: Callable[..., GitHubRepository]) -> None:
    """With the permission that it needs, and never its key or its proof."""
    github.scripts.append(lambda asked: Answer({}, 404) if "access_tokens" in asked.path else None)
    with pytest.raises(SourceError, match=r"App 4711 no token.*installation 42.*'Contents: read'") as caught:
        opened(github, lambda: json.dumps(APP)).commit("main")
    assert_unseen(caught.value, "eyJ", *pem(KEY).splitlines()[1:2])


def test_neither_shows_when_it_is_printed() -> None:
    """In a log, a debugger or an assertion."""
    assert TOKEN not in repr(parse_secret(json.dumps({"token": TOKEN})))
    assert pem(KEY).splitlines()[1] not in repr(parse_secret(json.dumps(APP)))


def assert_unseen(error: BaseException, *secrets: str) -> None:
    """Nothing of them is in what is told of an error, with all its causes."""
    told = "".join(traceback.format_exception(error)) + repr(error)
    for secret in secrets:
        assert secret not in told
