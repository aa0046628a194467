"""One installation for many modules: they come one after another, each with a unit of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from orchestrator.build.worker import BuildFunction
from tests.end_to_end.company import Builds, Company


@dataclass(frozen=True)
class Shared:
    """What modules share.

    Args:
        founder: the company that everything was installed for.
        builds: what its build workers do; they run as long as it lasts.
    """

    founder: Company
    builds: tuple[Builds, ...]

    @contextmanager
    def company(self, unit: str) -> Iterator[Company]:
        """Be the company for a while, with one unit in the repository that no other module has.

        Args:
            unit: its name.
        """
        company = replace(self.founder, unit=unit)
        company.add_unit()
        yield company
        company.leave()

    def build_instead(self, build: BuildFunction | None) -> None:
        """Have something else done for all builds; with None, have them built again."""
        for one in self.builds:
            one.instead = build
