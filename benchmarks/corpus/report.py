"""What became of all templates of one source."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from benchmarks.corpus.reading import read_unit
from benchmarks.corpus.reasons import Reason, reasons_of
from benchmarks.corpus.repository import commit_units, folder_of, given, template_of
from benchmarks.corpus.transform import accepts
from orchestrator.build.template import WELL_KNOWN_PARAMETERS
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
        not_accepted: templates that SAM's transform refuses, as they are and as they would be deployed.
        broken: templates that it takes as they are, and refuses as they would be deployed.
        sentences: by name, what people are told.
    """

    units: list[str] = field(default_factory=list)
    refused: dict[str, frozenset[Reason]] = field(default_factory=dict)
    not_templates: list[str] = field(default_factory=list)
    not_accepted: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
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
    documents = {name: document for name, text in templates.items() if (document := template_of(text, name))}
    report = Report(not_templates=sorted(templates.keys() - documents.keys()))
    catalog = commit_units({name: templates[name] for name in documents}, folder, search_path)
    units = {facts.folder: unit for unit, facts in catalog.facts.items()}
    for name, document in documents.items():
        _read(report, name, document, catalog, units)
    return report


def _read(report: Report, name: str, document: Mapping[str, Any], catalog: Catalog, units: Mapping[str, str]) -> None:
    folder = folder_of(name)
    try:
        if folder in catalog.problems:
            raise catalog.problems[folder]
        finished = read_unit(catalog, units[folder]).document
    except OrchestratorError as error:
        report.refused[name] = reasons_of(error)
        report.sentences[name] = str(error)
        return
    # As they are, templates with local paths are refused: the transform expects that they are packaged.
    if accepts(finished, given(finished) | dict.fromkeys(WELL_KNOWN_PARAMETERS, "given")):
        report.units.append(name)
    elif accepts(document, given(document)):
        report.broken.append(name)
    else:
        report.not_accepted.append(name)
