"""How far the code of a unit was kept from everything else while it was built; a release says so."""

from enum import StrEnum


class Level(StrEnum):
    """What holds the code of a unit, from nothing to everything; each does what the ones before do."""

    UNCONFINED = "unconfined"
    """It may do whatever the one may that builds."""
    NO_SOCKETS = "no-sockets"
    """It reaches no network and no service, and has no privilege; it reads what the one may read that builds."""
    OWN_USER = "own-user"
    """It is a user of its own, who owns nothing but the build's folders, and reads what everybody may read."""
    OWN_FILES = "own-files"
    """It reads and writes the build's folders alone, and reads what the system consists of."""

    @property
    def is_enough(self) -> bool:
        """Whether the code of units may run like that."""
        return self in {Level.OWN_USER, Level.OWN_FILES}
