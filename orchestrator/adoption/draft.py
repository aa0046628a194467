"""Drafts an `orchestrator.toml`, and tries it on the repository before anybody else does."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from orchestrator.adoption.cover import Others, Wanted, cover
from orchestrator.adoption.exclusions import exclusions
from orchestrator.adoption.look import Look
from orchestrator.adoption.propose import ProposedUnit, Proposer
from orchestrator.adoption.reasons import LeftOut, Reason
from orchestrator.adoption.write import USUAL, Accounts, Places, adopted, written
from orchestrator.config.globs import escaped
from orchestrator.config.organization import Lambda
from orchestrator.config.told import ROOT
from orchestrator.source.changes import around
from orchestrator.source.discovery import FILES, Finder
from orchestrator.source.reading import within
from orchestrator.source.repository import Commit, SourceRepository
from orchestrator.source.survey import Survey
from orchestrator.source.surveyed import Surveyed

MOST_NAMED = 10
"""How many things are named one by one where nobody asks for it."""
_NO_TEMPLATE = "holds a project and no template, which every unit has: others use it, or something else deploys it."


@dataclass(frozen=True)
class Draft:
    """A file, and what it does not find.

    Attributes:
        text: of the file.
        units: what it finds, by folder.
        left_out: what looks like a unit and is none.
        without_value: by the name of a unit, the parameters of its template that nothing gives a value.
        adopted: the names of stacks that units take over.
    """

    text: str
    units: dict[str, str]
    left_out: LeftOut
    without_value: dict[str, tuple[str, ...]]
    adopted: tuple[str, ...] = ()


def draft(
    repository: SourceRepository, commit: Commit, accounts: Accounts, title: str, *, explain: bool = False
) -> Draft:
    """Draft the file.

    Args:
        repository: what is looked at.
        commit: at which commit.
        accounts: where everything goes.
        title: what a unit at the root is named after.
        explain: whether comments name what could be said of units.
    """
    look = Look(repository, commit.id)
    places = look.places()
    names = tuple(one.name for one in accounts.environments)
    units, platform = Proposer(title, names, look.left_out, look.everything, look.finder)(places)
    drafting = _Drafting(look, accounts, platform, explain)
    text, survey = drafting(units)
    kept = [unit for unit in units if (unit.place.folder or ROOT) not in look.left_out.reasons]
    found = {one.folder: one.name for one in survey.known.values() if one.is_unit}
    without_value = {one.name: one.open_parameters for one in kept if one.open_parameters}
    return Draft(text, found, look.left_out, without_value, tuple(adopted(kept)))


@dataclass
class _Drafting:
    """Writes the file and surveys the repository with it, until it finds the units and nothing else.

    Args:
        look: what there is.
        accounts: where everything goes.
        platform: what most functions run on.
        explain: whether comments name what could be said of units.
    """

    look: Look
    accounts: Accounts
    platform: Lambda
    explain: bool
    projects: set[str] = field(default_factory=set)
    """Folders with a project and no template: globs of folders find them as well."""

    def __call__(self, units: list[ProposedUnit]) -> tuple[str, Surveyed]:
        """The file and what it finds."""
        text, survey = self._attempt(units, None)
        while self._learns(units, survey):
            units = [unit for unit in units if (unit.place.folder or ROOT) not in self.look.left_out.reasons]
            text, survey = self._attempt(units, survey)
        return text, survey

    def _attempt(self, units: list[ProposedUnit], before: Surveyed | None) -> tuple[str, Surveyed]:
        globs = cover([_wanted(unit) for unit in units], self._others(units))
        exclude = self._exclude(globs, {unit.place.folder: unit.place.file for unit in units})
        explain = self.explain or sum(1 for unit in units if unit.is_open) <= MOST_NAMED
        text = written(self.accounts, Places(globs, exclude), units, self.platform, explain=explain)
        # What is known of a folder holds for each attempt.
        return text, Survey(self.look.repository, self.look.commit, text.encode(), before).surveyed()

    def _others(self, units: list[ProposedUnit]) -> Others:
        names = {unit.place.file for unit in units}
        holding: dict[str, set[str]] = {name: set() for name in (*names, *USUAL)}
        for path, entry in self.look.everything.items():
            folder, _, name = path.rpartition("/")
            if name in holding and not entry.is_folder:
                holding[name].add(folder)
        marked = set().union(self.projects, *(holding[name] for name in USUAL))
        return Others({name: holding[name] for name in names}, marked)

    def _exclude(self, globs: list[str], units: dict[str, str]) -> set[str]:
        """What has to be excluded of what globs find besides units: all that would be taken for one."""
        finder = Finder(self.look.repository, self.look.commit)
        found = finder.find(tuple(globs))
        crowded = {"", *units, *(folder for unit in units for folder in around(unit))}
        files = {within(folder, file) for folder, file in found.items() if file and units.get(folder, "") != file}
        strays = {folder for folder, file in found.items() if folder not in units and (file or self._is_marked(folder))}
        single = {path for path in files if path.rpartition("/")[0] in crowded}
        self._tell_of(strays - crowded, single, units)
        for path, problem in finder.problems.items():
            self.look.left_out.add(path, Reason.NOT_A_FOLDER, *problem.problems)
        whole = exclusions(strays - crowded, units)
        return {*whole.values(), *map(escaped, (*single, *finder.problems))}

    def _tell_of(self, folders: Collection[str], files: Collection[str], units: Mapping[str, str]) -> None:
        """Give a reason for all that is excluded and has none yet."""
        left_out = self.look.left_out
        for folder in folders:
            if not any(within(folder, name) in left_out.reasons for name in USUAL):
                left_out.add(folder, Reason.NO_TEMPLATE, self.look.no_template.get(folder, _NO_TEMPLATE))
        for path in files:
            own = units.get(path.rpartition("/")[0])
            why = f"lies beside {own}, and a unit has one template" if own else "lies in a folder that holds units"
            left_out.add(path, Reason.BESIDE, f"{why}: give it a folder.")

    def _is_marked(self, folder: str) -> bool:
        return folder in self.projects or any(within(folder, name) in self.look.everything for name in USUAL)

    def _learns(self, units: list[ProposedUnit], survey: Surveyed) -> bool:
        """Leave out what is refused, and what is found and is no unit; tell whether that is news."""
        left_out, known = self.look.left_out, len(self.look.left_out.reasons)
        found = {one.folder for one in survey.known.values() if one.is_unit}
        for folder in found - {unit.place.folder for unit in units}:
            left_out.add(folder, Reason.NO_TEMPLATE, self.look.no_template.get(folder, _NO_TEMPLATE))
            self.projects.add(folder)
        for path, problem in survey.problems.items():
            left_out.add(path, Reason.REFUSED, str(problem))
        return len(left_out.reasons) > known


def _wanted(unit: ProposedUnit) -> Wanted:
    place = unit.place
    return Wanted(place.folder, place.file, place.file in USUAL and not place.folder.endswith(FILES))
