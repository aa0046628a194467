"""What a build needs from the ledger."""

from typing import Protocol


class Recorded(Protocol):
    """What a ledger notes of a release: a manifest has it, and what was read of one."""

    @property
    def unit(self) -> str:
        """The unit's name."""

    @property
    def version(self) -> str:
        """Of the release."""

    @property
    def digest(self) -> str:
        """The unit's digest."""

    @property
    def commit(self) -> str:
        """The commit it was first built from."""

    @property
    def author(self) -> str:
        """Of that commit."""


class ReleaseLedger(Protocol):
    """Gives out versions and layer numbers, each once, however many builds run at the same time."""

    def release_of_digest(self, unit: str, digest: str) -> str | None:
        """The version that a digest was given, whether or not its build has ended."""

    def claim_version(self, unit: str, digest: str, declared_version: str) -> str:
        """Give a digest its version: the one it has, else the declared one, else the next that is free."""

    def presumed_version(self, unit: str, digest: str, declared_version: str) -> str:
        """The version that `claim_version` would give a digest at this moment; nothing is claimed."""

    def claim_layer(self, unit: str, requirements_sha256: str) -> int:
        """Number of the layer with these requirements: the one they have, else the next."""

    def layer_of(self, unit: str, declared: str) -> int | None:
        """Number of the layer that declared dependencies were locked to; None when they are new."""

    def note_layer(self, unit: str, declared: str, number: int) -> None:
        """Note which layer declared dependencies were locked to; what was noted first stays."""

    def record_release(self, manifest_key: str, release: Recorded, manifest_sha256: str) -> None:
        """Note that a release is published; doing so again changes nothing."""
