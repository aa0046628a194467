"""What became of all templates of one source."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from benchmarks.corpus.reading import read_unit
from benchmarks.corpus.reasons import Reason, reasons_of
from benchmarks.corpus.repository import commit_units, folder_of, is_template
from orchestrator.errors import OrchestratorError
from orchestrator.frozen import dataclass
from orchestrator.source.catalog import Catalog


@dataclass(frozen=True)
class Report:
    """What became of templates.

    Attributes:
        units: the names of those that are units.
        refused: by name, why others are not; of several reasons, all.
        not_templates: files that hold no resources.
        sentences: by name, what people are told.
    """

    units: list[str] = field(default_factory=list)
    refused: dict[str, frozenset[Reason]] = field(default_factory=dict)
    not_templates: list[str] = field(default_factory=list)
    sentences: dict[str, str] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """The share of units among templates."""
        return len(self.units) / (len(self.units) + len(self.refused))

    @property
    def counts(self) -> Mapping[str, int]:
        """How many are refused for which reasons, most first."""
        return dict(Counter(" and ".join(sorted(reasons)) for reasons in self.refused.values()).most_common())


def report_on(templates: Mapping[str, bytes], folder: Path, search_path: str) -> Report:
    """Make each template a unit and read it.

    Args:
        templates: by name.
        folder: an empty one.
        search_path: the PATH that `git` is looked up on.

    Raises:
        UnknownReasonError: one is refused for a reason that is not on the list.
    """
    wanted = {name: text for name, text in templates.items() if is_template(text, name)}
    report = Report(not_templates=sorted(templates.keys() - wanted.keys()))
    catalog = commit_units(wanted, folder, search_path)
    names = {path: name for name, path in ((name, facts.folder) for name, facts in catalog.facts.items())}
    for name in wanted:
        _read(report, name, catalog, names)
    return report


def _read(report: Report, name: str, catalog: Catalog, names: Mapping[str, str]) -> None:
    folder = folder_of(name)
    try:
        if folder in catalog.problems:
            raise catalog.problems[folder]
        read_unit(catalog, names[folder])
    except OrchestratorError as error:
        report.refused[name] = reasons_of(error)
        report.sentences[name] = str(error)
    else:
        report.units.append(name)
