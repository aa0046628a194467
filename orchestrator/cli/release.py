"""How releases are named on the command line: `orders@0.2.1`."""

from orchestrator.cli.context import Context
from orchestrator.errors import RequestError
from orchestrator.steps.contract import Release


def find_release(here: Context, name: str) -> Release:
    """Look a release up by how people write it.

    Raises:
        RequestError: it is not written so.
        UnknownNameError: it was never published.
    """
    unit, _, version = name.partition("@")
    if not version:
        raise RequestError(f"{name!r} is no release: write the unit and the version, such as orders@0.2.1.")
    return here.wiring.ledger.releases.release(unit, version)
