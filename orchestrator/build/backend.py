"""Build backends, in an interpreter that is started before the sources are there.

What they require is installed before, by uv, while no code of the unit runs; they themselves have no network.
"""

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from orchestrator.build import run_backend
from orchestrator.build.backend_wheels import BackendWheels
from orchestrator.build.build_system import BuildSystem, checked_requirements
from orchestrator.build.cache import Cache
from orchestrator.build.files import watched
from orchestrator.build.gate import Gate
from orchestrator.build.run import Commands, Outcome
from orchestrator.build.run_backend import MORE_REQUIREMENTS
from orchestrator.build.unpacked import discard_damaged
from orchestrator.build.untrusted import UntrustedFolder
from orchestrator.build.uv import Uv
from orchestrator.confine.launch import HERE
from orchestrator.errors import BuildError
from orchestrator.frozen import dataclass

# Where programs that a backend starts find what it requires.
_PATH = "PYTHONPATH"
_ASKS = "requires.json"
# A hook may ask for what only then tells that it needs more.
_MOST_QUESTIONS = 3


@dataclass(frozen=True)
class Work:
    """What a build backend has to do: an sdist and a wheel.

    Attributes:
        step: what is being done, for the log.
        file: the unit's `pyproject.toml`, for errors.
        system: the unit's.
        out: where the files go, in a folder of its own.
        variables: added to the environment.
        gate: opens to the unit's folder; nothing is built when it shuts.
    """

    step: str
    file: str
    system: BuildSystem
    out: Path
    variables: Mapping[str, str]
    gate: Gate

    @property
    def asks(self) -> Path:
        """The file that a backend's questions for more are written to."""
        return self.out.with_name(_ASKS)


@dataclass(frozen=True)
class Backend:
    """Runs build backends.

    Attributes:
        uv: finds what they require.
        cache: keeps it.
        fetched: the folder that the commands of `uv` may write to.
        commands: runs the backends.
        scratch: the folder that these may write to.
        own: a folder that nobody else may write to.
        found: is told of the folders that a backend is imported from.
    """

    uv: Uv
    cache: Cache
    fetched: Path
    commands: Commands
    scratch: Path
    own: Path
    found: Callable[[Sequence[Path]], object]

    def started(self, work: Work) -> Callable[[], Outcome | None] | None:
        """Start to build where all that is needed is on this machine; None where it is not.

        Returns:
            What waits for the end of it and answers as `build` does, or None when the backend has to be run once more
            with other folders; it must be called.
        """
        folders = self._wheels.known(work.system)
        return self._started(work, folders) if folders else None

    def build(self, work: Work) -> Outcome:
        """Build an sdist and a wheel; returns how it ended.

        Raises:
            ConfigurationError: the backend requires what is no requirement of a package index.
            BuildError: what it requires cannot be had.
        """
        folders = self._wheels.folders(work.step, work.system, work.file)
        outcome = self._started(work, folders)() if folders else None
        return outcome or self.installed(work)

    def installed(self, work: Work) -> Outcome:
        """The same, with a folder for this build alone that uv installs into what the backend requires."""
        required, known = work.system.requirements(work.file), self._asked(work)
        for _ in range(_MOST_QUESTIONS):
            folders = (self._install(work, (*required, *known)),)
            # In another program than the launcher, which can then tell what is left behind.
            command: list[str | Path] = [Path(self.uv.python), "-I", "-S"]
            outcome = self._run(work, command, folders, known)()
            if outcome.code != MORE_REQUIREMENTS:
                return outcome
            known = (*known, *self._asked(work))
        raise BuildError(
            self.commands.unit,
            work.step,
            f"the build backend {work.system.backend!r} asked for other requirements each time that it got what it had "
            f"asked for. Name them in build-system.requires of {work.file}.",
        )

    def _started(self, work: Work, folders: tuple[Path, ...]) -> Callable[[], Outcome | None]:
        self.found(folders)
        with ExitStack() as stack:
            are_there = stack.enter_context(watched(folders))
            ended = self._run(work, [HERE], folders)
            until_ended = stack.pop_all()

        def outcome() -> Outcome | None:
            with until_ended:
                found = ended()
                # Even when it succeeded: it may have lost a plug-in, and made another package than it should have.
                deleted = not are_there() or discard_damaged(folders)
            return None if found.code == MORE_REQUIREMENTS or deleted else found

        return outcome

    def _run(
        self, work: Work, interpreter: Sequence[str | Path], folders: tuple[Path, ...], known: tuple[str, ...] = ()
    ) -> Callable[[], Outcome]:
        # What ran before may have put anything in its place.
        with suppress(FileExistsError):
            work.out.mkdir()
            self.commands.give(work.out)
        system = work.system
        wanted = {"out": work.out, "backend": system.backend, "path": system.path, "known": known, "asks": work.asks}
        script: list[str | Path] = [*interpreter, Path(run_backend.__file__).absolute()]
        seen = {**work.variables, _PATH: os.pathsep.join(map(str, folders))}
        if programs := [str(folder / "bin") for folder in folders if (folder / "bin").is_dir()]:
            seen["PATH"] = os.pathsep.join([*programs, self.commands.search_path])
        with work.gate.entrance() as entrance:
            command = [*script, json.dumps(wanted, default=str), *folders]
            return self.commands.start(
                work.step, command, self.scratch, seen, stdin=entrance, reaps=interpreter[0] != HERE
            )

    def _install(self, work: Work, requirements: Sequence[str]) -> Path:
        """Install wheels into a new folder; what is no wheel would be built, which runs code of others."""
        folder = Path(tempfile.mkdtemp(prefix="backend-", dir=self.fetched))
        listed, target = folder / "requirements.in", folder / "installed"
        target.mkdir()
        # The backend, which reads what is installed here, may be another user.
        for one in (folder, target):
            one.chmod(0o755)
        if requirements:
            listed.write_text("".join(f"{one}\n" for one in requirements), encoding="utf-8")
            what = ["pip", "install", "--target", str(target), "--requirement", str(listed), "--only-binary", ":all:"]
            outcome = self.uv.attempt(work.step, what, folder)
            self.uv.require(
                work.step,
                outcome,
                f"what the build backend requires (build-system.requires of {work.file}, and what it asks for itself) "
                "cannot be had as wheels of the package index; uv says why below.",
            )
        return target

    def _asked(self, work: Work) -> tuple[str, ...]:
        """What the backend has asked for; it has written that itself."""
        parent = work.out.parent.relative_to(self.scratch).parts
        writer = f"the build backend of {self.commands.unit}"
        written = UntrustedFolder(self.scratch, parent, writer, work.file, "Let it name PEP 508 requirements.")
        if _ASKS not in written.names():
            return ()
        try:
            asked = json.loads(written.read(_ASKS))
        except (ValueError, RecursionError):
            asked = None
        texts = [one for one in asked if isinstance(one, str)] if isinstance(asked, list) else []
        return checked_requirements(texts, "what the build backend asks for", work.file)

    @property
    def _wheels(self) -> BackendWheels:
        return BackendWheels(self.uv, self.cache, self.fetched)
