"""What a unit declares whose code is packaged as it is: the lists that `sam build` reads, else a lock.

A file that declares dependencies and is neither is refused by name, unless there is a list: `sam build` reads no other.
"""

from collections.abc import Iterator, Sequence

from orchestrator.build.declared import Declared
from orchestrator.build.exported import Exported
from orchestrator.build.requirements.elsewhere import declaring_elsewhere
from orchestrator.build.requirements.lists import REQUIREMENTS_IN, RequirementsList, read_list
from orchestrator.build.requirements.locks import LockFiles, not_used
from orchestrator.build.requirements.pins import REQUIREMENTS_FILE, PinnedLock
from orchestrator.build.requirements.project import Project, ProjectFiles
from orchestrator.config.unit import Unit
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.source.reading import within


@dataclass(frozen=True)
class CodeFiles:
    """The dependency files of a unit whose code is packaged as it is.

    Attributes:
        unit: the unit.
        exported: its sources.
        folders: its own and those of its code, from the repository's root.
    """

    unit: Unit
    exported: Exported
    folders: Sequence[str]

    def declared(self, project: Project | None) -> Declared:
        """What it declares.

        Args:
            project: the unit's, if it has one that is not packaged.

        Raises:
            ConfigurationError: a list or a lock is not valid, there are several locks, or something else declares
                dependencies.
        """
        if lists := self._lists():
            return self._listed(lists)
        return ProjectFiles(self.unit, self.exported, project).unpackaged() if project else self._locked()

    def _lists(self) -> list[RequirementsList]:
        """All lists; what they are compiled from counts where that is not there."""
        for name in (REQUIREMENTS_FILE, REQUIREMENTS_IN):
            read = [read_list(within(folder, name), self.exported) for folder in self.folders]
            if lists := [one for one in read if one is not None]:
                return lists
        return []

    def _listed(self, lists: list[RequirementsList]) -> Declared:
        locks = [lock for one in lists if (lock := one.lock()) is not None]
        if locks and len(lists) > 1:
            others = ", ".join(one.file for one in lists if one.file != locks[0].file)
            raise ConfigurationError(
                locks[0].file, f"has hashes, so it must be all that is required: move {others} into it."
            )
        requirements = () if locks else tuple(sorted({one for each in lists for one in each.requirements}))
        constraints = tuple(dict.fromkeys(one for each in lists for one in each.constraints))
        return self._of(requirements, ", ".join(one.file for one in lists), constraints, locks[0] if locks else None)

    def _locked(self) -> Declared:
        """The one lock of all folders; without one, no file may declare anything."""
        locks = [found for folder in self.folders if (found := LockFiles(self.exported, folder, {}).find().pinned)]
        if len(locks) > 1:
            others = ", ".join(one.file for one in locks[1:])
            raise ConfigurationError(locks[0].file, f"lies beside {others}, and a release is made of one lock.")
        if not locks:
            self._refuse_others()
        return self._of((), locks[0].file if locks else REQUIREMENTS_FILE, lock=locks[0] if locks else None)

    def _refuse_others(self) -> None:
        for folder in self.folders:
            for name, why in declaring_elsewhere(self.exported, folder).items():
                raise ConfigurationError(within(folder, name), why)

    def _of(
        self,
        requirements: tuple[str, ...],
        source: str,
        constraints: tuple[str, ...] = (),
        lock: PinnedLock | None = None,
    ) -> Declared:
        unused = tuple(text for folder in self.folders for text in self._unused(folder, source))
        return Declared(
            self.unit.folder, self.unit.version, requirements, source, constraints, lock=lock, warnings=unused
        )

    def _unused(self, folder: str, source: str) -> Iterator[str]:
        used = source.split(", ")
        there = [*LockFiles(self.exported, folder, {}).names, *declaring_elsewhere(self.exported, folder)]
        return not_used(folder, [name for name in there if within(folder, name) not in used], source)
