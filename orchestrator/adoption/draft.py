"""Drafts an `orchestrator.toml`, and tries it on the repository before anybody else does."""

from collections.abc import Collection, Mapping

from orchestrator.adoption.look import Look
from orchestrator.adoption.propose import ProposedUnit, Proposer
from orchestrator.adoption.write import Accounts, globs_of, written
from orchestrator.config.globs import escaped
from orchestrator.config.organization import Lambda
from orchestrator.config.told import ROOT
from orchestrator.frozen import dataclass
from orchestrator.source.discovery import Finder
from orchestrator.source.repository import Commit, SourceRepository
from orchestrator.source.survey import Survey
from orchestrator.source.surveyed import Surveyed

_NO_TEMPLATE = "holds a project and no template, which every unit has: others use it, or something else deploys it."


@dataclass(frozen=True)
class Draft:
    """A file, and what it does not find.

    Attributes:
        text: of the file.
        units: what it finds, by folder.
        unplaced: by path, why something that looks like a unit is none.
    """

    text: str
    units: dict[str, str]
    unplaced: dict[str, str]


def draft(repository: SourceRepository, commit: Commit, accounts: Accounts, title: str) -> Draft:
    """Draft the file.

    Args:
        repository: what is looked at.
        commit: at which commit.
        accounts: where everything goes.
        title: what a unit at the root is named after.
    """
    look = Look(repository, commit.id)
    places = look.places()
    names = tuple(one.name for one in accounts.environments)
    units, platform = Proposer(title, names, look.unplaced)(places)
    trial = _Trial(repository, commit, accounts, platform)
    text, survey = trial(units, look.unplaced)
    if survey.problems:
        look.unplaced |= {path: str(problem) for path, problem in survey.problems.items()}
        units = [unit for unit in units if (unit.place.folder or ROOT) not in survey.problems]
        text, survey = trial(units, look.unplaced)
    if idle := _units_of(survey).keys() - {one.place.folder for one in units}:
        look.unplaced |= {folder: look.no_template.get(folder, _NO_TEMPLATE) for folder in idle}
        text, survey = trial(units, look.unplaced, {_parent(one) for one in idle - look.no_template.keys()})
    return Draft(text, _units_of(survey), look.unplaced)


def _units_of(survey: Surveyed) -> dict[str, str]:
    return {one.folder: one.name for one in survey.known.values() if one.is_unit}


def _parent(folder: str) -> str:
    return folder.rpartition("/")[0]


@dataclass(frozen=True)
class _Trial:
    """Writes the file and surveys the repository with it."""

    repository: SourceRepository
    commit: Commit
    accounts: Accounts
    platform: Lambda

    def __call__(
        self, units: list[ProposedUnit], unplaced: Mapping[str, str], by_file: Collection[str] = ()
    ) -> tuple[str, Surveyed]:
        finder = Finder(self.repository, self.commit.id)
        globs = globs_of(units, by_file)
        stray = finder.find(tuple(globs)).keys() - {unit.place.folder for unit in units}
        exclude = map(escaped, (unplaced.keys() & stray) | finder.problems.keys())
        text = written(self.accounts, globs, units, exclude, self.platform)
        return text, Survey(self.repository, self.commit.id, text.encode()).surveyed()
