"""What templates name and the repository does not hold: a build would refuse it, so it is looked for before."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.build.platforms.functions import functions_of
from orchestrator.releases.path_properties import FUNCTIONS
from orchestrator.source.discovery import Finder
from orchestrator.source.reading import within
from orchestrator.source.repository import Entry, Mode
from orchestrator.source.unit_globs import FOLDER

_ELSEWHERE = (Mode.LINK, Mode.SUBMODULE)


@dataclass(frozen=True)
class References:
    """What the template of a folder names.

    Attributes:
        everything: all paths that are usually looked at.
        finder: looks at the others.
        folder: the template's.
    """

    everything: Mapping[str, Entry]
    finder: Finder
    folder: str

    def missing(self, paths: Iterable[str]) -> Iterator[str]:
        """What is said of local paths that lead nowhere."""
        for path in paths:
            if not self._exists(self._place(path)):
                yield (
                    f"names {path!r}, which is not in the repository: commit it, or let the unit's own command make it "
                    "(tool.orchestrator.build)."
                )

    def without_handler(self, document: Mapping[str, Any]) -> Iterator[str]:
        """What is said of functions in Python whose folder has no module of the handler's name.

        A layer may have it, and so may what a build method makes.
        """
        for one in functions_of(document):
            code, handler = one.properties.get(FUNCTIONS[one.type].name), one.properties.get("Handler")
            runtime = one.properties.get("Runtime")
            resource = document["Resources"].get(one.name)
            is_built = not isinstance(resource, dict) or "Metadata" in resource
            if (
                is_built
                or one.properties.get("Layers")
                or not all(isinstance(text, str) for text in (code, handler, runtime))
            ):
                continue
            stem = str(handler).rpartition(".")[0].replace(".", "/")
            if str(runtime).startswith("python") and stem and not self._has_module(str(code), stem):
                yield f"Resources.{one.name}.Properties.Handler = {handler!r}: {code} has no {stem}.py."

    def _has_module(self, code: str, stem: str) -> bool:
        folder = self._place(code)
        entry = self.everything.get(folder) if folder else FOLDER
        if entry is None or not entry.is_folder:
            # Remote, an archive, hidden, or behind a link.
            return True
        return any(self._exists(within(folder, f"{stem}{end}")) for end in (".py", "/__init__.py"))

    def _place(self, path: str) -> str:
        place = posixpath.normpath(posixpath.join(self.folder, path))
        return "" if place == "." else place

    def _exists(self, path: str) -> bool:
        """Whether something is at a path; what is behind a link or in a submodule is taken for being there."""
        if path in self.everything:
            return True
        known = ""
        for name in path.split("/") if path else ():
            known = within(known, name)
            entry = self.finder.entry(known)
            if entry is None:
                return False
            if entry.mode in _ELSEWHERE:
                return True
        return True
