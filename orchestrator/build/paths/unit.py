"""Local paths of one unit: its templates are read before its package is made, and finished when that is there."""

import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from orchestrator.build.handlers import Function, misfits, python_functions
from orchestrator.build.paths.assets import Assets
from orchestrator.build.paths.code import CodeBuilder, CodeSource, Coding, NoBuilder, Wheel, code_sources
from orchestrator.build.paths.draft import Draft, Drafter
from orchestrator.build.paths.finish import Finishing
from orchestrator.build.paths.sources import Sources
from orchestrator.build.template import parse, read_template, template_json
from orchestrator.config.organization import Lambda
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.sha256 import sha256_of
from orchestrator.releases.template_code import property_of


@dataclass(frozen=True)
class UnitPaths:
    """The local paths of one unit.

    Attributes:
        unit: its name.
        tree: the exported sources.
        own: a folder that no program of the unit writes to.
        platform: what functions run on.
        given: by parameter, the values that environments give to it.
        builder: builds what is not Python.
    """

    unit: str
    tree: Path
    own: Path
    platform: Lambda
    given: Mapping[str, Iterable[str]]
    builder: CodeBuilder = field(default_factory=NoBuilder)

    def draft(self, text: bytes, path: Path, file: str) -> Draft:
        """Read a template.

        Args:
            text: of the template.
            path: where it is; local paths begin at its folder.
            file: its path from the repository's root, for messages.

        Raises:
            ConfigurationError: something in it cannot become a part of a release; every thing is named.
        """
        drafter = Drafter(read_template, parse, template_json, self.given)
        draft = drafter(read_template(text, file), Sources(self.tree, path.parent, file))
        for one in draft.all():
            problems = list(self._misfits(one))
            if problems:
                raise ConfigurationError(one.sources.file, *problems)
        return draft

    def python(self, draft: Draft) -> list[CodeSource]:
        """The functions in Python that name a folder, in nested templates too."""
        found = [source for one in draft.all() for source in code_sources(one, self.platform.runtime)]
        return [source for source in found if source.path.is_dir() and source.is_python and not source.is_built]

    def finish(
        self, draft: Draft, wheel: Path, assets: Mapping[str, Path], *, is_plain: bool, has_layer: bool
    ) -> "FinishedTemplate":
        """Finish a template.

        Args:
            draft: the template.
            wheel: the unit's.
            assets: by key, objects that the template refers to already.
            is_plain: whether the wheel was made of the folders that functions name, and of nothing else.
            has_layer: whether the unit has dependencies.

        Raises:
            ConfigurationError: something in it cannot become a part of the release.
        """
        taken = Assets(self.unit, self.own, dict(assets))
        notes: list[str] = []
        coding = Coding(taken, Wheel(_contents(wheel), is_plain), self.builder, notes)
        finishing = Finishing(self.unit, taken, coding, self.platform, has_layer, template_json)
        document = finishing(draft)
        functions = [
            function for one in draft.all() for function in python_functions(one.document, coding.python, taken.files)
        ]
        return FinishedTemplate(document, tuple(functions), taken.files, tuple(notes))

    def _misfits(self, draft: Draft) -> Iterator[str]:
        for source in code_sources(draft, self.platform.runtime):
            if source.is_python and source.path.is_dir():
                resource = source.resource
                runtime, machines = (
                    property_of(draft.document, resource.body, one) for one in ("Runtime", "Architectures")
                )
                yield from misfits(resource.name, runtime, machines, self.platform)


@dataclass(frozen=True)
class FinishedTemplate:
    """A template as it is deployed.

    Attributes:
        document: the template.
        functions: those in Python whose code the release holds, in nested templates too.
        files: the objects that templates refer to, by key.
        notes: what people should know of how local paths were packaged.
    """

    document: dict[str, Any]
    functions: tuple[Function, ...]
    files: Mapping[str, Path]
    notes: tuple[str, ...]


def _contents(wheel: Path) -> dict[str, str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: sha256_of(archive.read(name)) for name in archive.namelist()}
