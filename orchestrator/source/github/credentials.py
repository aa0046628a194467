"""What GitHub is asked with: a token, or one that a GitHub App is given for an hour, for one repository, to read it.

The secret is read when it is needed and kept in memory only. It never becomes a part of a message: errors of what it
holds are told in words of ours.
"""

import base64
import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError

from orchestrator.errors import SourceError
from orchestrator.source.github.address import GitHubAddress
from orchestrator.source.github.calls import Calls
from orchestrator.source.github.transport import Request

# GitHub refuses a proof that is valid for more than ten minutes, or made in its future.
_PROOF_SECONDS = 540
_CLOCK_SKEW_SECONDS = 60
# A token is renewed that long before it ends, so that no request that begins with it is refused.
_MARGIN_SECONDS = 300
_CREATED = 201

ReadSecret = Callable[[], str]
"""Reads the secret's text from where it is kept; raises `SourceError` without any of it."""


class _Secret(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Token(_Secret):
    """A token, fine-grained or classic."""

    token: Annotated[SecretStr, Field(min_length=1)]


class App(_Secret):
    """A GitHub App, installed where the repository is: `app_id` may also be its client id."""

    app_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9.]{1,64}$", coerce_numbers_to_str=True)]
    installation_id: Annotated[str, Field(pattern=r"^[0-9]{1,20}$", coerce_numbers_to_str=True)]
    private_key: SecretStr


_SECRET: TypeAdapter[Token | App] = TypeAdapter(Token | App)


class Credentials:
    """The current credentials for one repository.

    Args:
        read: reads the secret.
        address: the repository that an App's token is for.
        calls: sends requests.
        clock: seconds since 1970.
    """

    def __init__(
        self, read: ReadSecret, address: GitHubAddress, calls: Calls, clock: Callable[[], float] = time.time
    ) -> None:
        self._read = read
        self._address = address
        self._calls = calls
        self._clock = clock
        self._kept = ""
        self._kept_until = 0.0

    def authorization(self) -> str:
        """The value of an `Authorization` header.

        Raises:
            SourceError: the secret is not readable or not valid, or GitHub does not accept it.
        """
        if self._clock() >= self._kept_until:
            secret = parse_secret(self._read())
            if isinstance(secret, Token):
                self._kept, self._kept_until = secret.token.get_secret_value(), float("inf")
            else:
                self._kept, self._kept_until = self._installation_token(secret)
        return f"Bearer {self._kept}"

    def forget(self) -> None:
        """Read the secret anew for the next request: this one was refused, so it may have been exchanged."""
        self._kept_until = 0.0

    def _installation_token(self, app: App) -> tuple[str, float]:
        body = {"repositories": [self._address.name], "permissions": {"contents": "read"}}
        url = f"{self._address.rest}/app/installations/{app.installation_id}/access_tokens"
        headers = {"Accept": "application/vnd.github+json", "Content-Type": "application/json"}
        request = Request(url, "POST", headers, json.dumps(body).encode())
        response = self._calls(request, f"Bearer {proof(app, self._clock())}")
        if response.status != _CREATED:
            raise SourceError(
                f"GitHub gives the App {app.app_id} no token for {self._address.full_name} ({response.status} from "
                f"{url}): it must be installed there as installation {app.installation_id}, with the permission "
                "'Contents: read', and the secret's private_key must be one of its keys."
            )
        answer = json.loads(response.body)
        return str(answer["token"]), datetime.fromisoformat(answer["expires_at"]).timestamp() - _MARGIN_SECONDS


def parse_secret(text: str) -> Token | App:
    """Read a secret.

    Raises:
        SourceError: it is none; nothing of it is in the message.
    """
    try:
        return _SECRET.validate_json(text)
    except ValidationError:
        # Not chained: a traceback would show what it was made of.
        raise SourceError(
            "The secret with the credentials for GitHub is not valid. It must be JSON of one of these two forms: "
            '{"token": "..."} or {"app_id": "...", "installation_id": "...", "private_key": "-----BEGIN RSA PRIVATE '
            'KEY-----\\n..."}.'
        ) from None


def proof(app: App, now: float) -> str:
    """A JSON web token that proves who the App is, signed with its key (RS256).

    Args:
        app: the App.
        now: seconds since 1970.

    Raises:
        SourceError: the key is none; nothing of it is in the message.
    """
    claims = {"iat": int(now) - _CLOCK_SKEW_SECONDS, "exp": int(now) + _PROOF_SECONDS, "iss": app.app_id}
    signed = ".".join(_encoded(json.dumps(part).encode()) for part in ({"alg": "RS256", "typ": "JWT"}, claims))
    return f"{signed}.{_encoded(_sign(app.private_key.get_secret_value(), signed.encode()))}"


def _sign(private_key: str, content: bytes) -> bytes:
    # Here because only Apps need it: it takes longer to load than everything else of this package.
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        key: Any = load_pem_private_key(private_key.encode(), None)
        signature: bytes = key.sign(content, PKCS1v15(), SHA256())
    except (TypeError, ValueError, UnsupportedAlgorithm):
        raise SourceError(
            "The private_key in the secret with the credentials for GitHub is no RSA key in PEM, or is encrypted. Use "
            "the file that GitHub made for the App, with its line ends written as \\n."
        ) from None
    return signature


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
