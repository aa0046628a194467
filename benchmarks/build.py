"""Builds against `sam build`, side by side: whole processes in turn, medians of five; `python -m benchmarks.build`.

What is warm, in both: the downloaded packages (pip's and uv's caches, our wheels), bytecode of the tools themselves,
the operating system's file cache. Cold is all else that a tool keeps: resolutions, layers, build environments and
`.aws-sam`. What we have unpacked of downloaded wheels, with its bytecode, belongs to the download, as it does for uv:
the build is then the first one of its unit, on a machine that knows the packages. In rows that say "nothing unpacked",
that is deleted as well. Both ask the package index on a cold build. SAM installs the newest versions, as we do; unlike
it, we also make a wheel, an sdist and a layer with hashes, check the template and sizes, and import the handler.
"""

import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from uv import find_uv_bin

import orchestrator
from benchmarks.workloads import PYTHON, Workload
from orchestrator.build.cache import Cache
from orchestrator.build.cache_folder import VARIABLE
from orchestrator.build.confined.confinement import Confinement
from orchestrator.build.declared import Declared
from orchestrator.build.dependencies import Dependencies
from orchestrator.build.environment import clean_environment
from orchestrator.build.run import Commands
from orchestrator.build.uv import Uv
from orchestrator.config.load import load_organization

_ROUNDS = 5
_LIGHT = ("requests", "pydantic", "aws-lambda-powertools")
# The newest that load on the older C library of python3.11's runtime. We find them ourselves; SAM must be told.
_HEAVY = ("pandas==2.3.2", "numpy==2.2.6")
_DOWNLOADS = ("wheels",)
_UNPACKED = (*_DOWNLOADS, "unpacked-wheels")


@dataclass(frozen=True)
class Run:
    """How long a process took by the clock and by the processors, in seconds, and what it held at most, in bytes.

    All of it with its children. On a machine that does other things too, the processors' time says more.
    """

    seconds: float
    cpu: float
    memory: int


@dataclass(frozen=True)
class Bench:
    """A scratch folder with SAM in it.

    Attributes:
        folder: everything is in here.
        sam: the program.
        cache: ours.
        kept: what of it stays there in a cold build.
    """

    folder: Path
    sam: Path
    cache: Path
    kept: tuple[str, ...] = _UNPACKED

    @classmethod
    def set_up(cls, folder: Path) -> "Bench":
        """Install SAM, and compile the bytecode of both tools."""
        uv, venv = find_uv_bin(), folder / "sam-cli"
        subprocess.run([uv, "venv", "--quiet", "--seed", "--python", sys.executable, str(venv)], check=True)
        install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(venv / "bin" / "python")]
        subprocess.run([*install, "aws-sam-cli", "pip"], check=True)
        ours = [sys.prefix, str(Path(orchestrator.__file__).parent)]
        subprocess.run([sys.executable, "-m", "compileall", "-q", *ours], check=False, stdout=subprocess.DEVNULL)
        return cls(folder, venv / "bin" / "sam", folder / "cache")

    def ours(self, workload: Workload) -> Run:
        """Build all units of a workload."""
        program = Path(sys.prefix, "bin", "orchestrator")
        command = [str(program), "build", "--all", "--to", str(workload.folder / "out")]
        return self._run(command, workload.repository, {VARIABLE: str(self.cache)})

    def theirs(self, workload: Workload, *options: str) -> Run:
        """The same by SAM."""
        path = f"{self.sam.parent}{os.pathsep}{os.environ['PATH']}"
        return self._run([str(self.sam), "build", *options], workload.sam, {"PATH": path, "SAM_CLI_TELEMETRY": "0"})

    def forget(self, workload: Workload) -> None:
        """Delete all that both tools keep, but for some of what they have downloaded."""
        shutil.rmtree(workload.folder / "out", ignore_errors=True)
        shutil.rmtree(workload.sam / ".aws-sam", ignore_errors=True)
        for kind in self.cache.iterdir():
            if kind.is_dir() and kind.name not in self.kept:
                shutil.rmtree(kind)

    @staticmethod
    def _run(command: Sequence[str], cwd: Path, variables: dict[str, str]) -> Run:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=cwd, env={**os.environ, **variables}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert process.stderr is not None  # noqa: S101  # For mypy: it is a pipe.
        said = process.stderr.read().decode()
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command} failed:\n{said}")
        return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


@dataclass
class Case:
    """One thing that is measured.

    Attributes:
        name: what.
        goal: what we aim at, as a part of SAM's time.
        ours: our runs.
        theirs: SAM's.
    """

    name: str
    goal: float
    ours: list[Run] = field(default_factory=list)
    theirs: list[Run] = field(default_factory=list)

    def __str__(self) -> str:
        ours, theirs = (statistics.median(run.seconds for run in runs) for runs in (self.ours, self.theirs))
        met = "met" if ours <= theirs * self.goal else "MISSED"
        figures = [
            f"{ours:5.2f} s, SAM {theirs:5.2f} s, ratio {ours / theirs:4.2f} (goal {self.goal:.2f}, {met})",
            f"CPU {self._medians('cpu', 1)} s",
            f"memory {self._medians('memory', 1e6)} MB",
        ]
        return f"{self.name:<57}{'; '.join(figures)}"

    def _medians(self, what: str, unit: float) -> str:
        ours, theirs = (
            statistics.median(getattr(run, what) for run in runs) / unit for runs in (self.ours, self.theirs)
        )
        return f"{ours:.3g}, SAM {theirs:.3g}"


def main() -> None:
    """Measure and print."""
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory(prefix="orchestrator-benchmark-") as folder:
        bench = Bench.set_up(Path(folder))
        light = Workload(Path(folder, "light"), ("light",), _LIGHT, ("requests", "pydantic", "aws_lambda_powertools"))
        heavy = Workload(Path(folder, "heavy"), ("heavy",), _HEAVY, ("pandas", "numpy"))
        ten = Workload(Path(folder, "ten"), tuple(f"unit{number}" for number in range(10)), _LIGHT, light.imports)
        unchecked = replace(heavy, folder=Path(folder, "unchecked"), checked=False)
        for workload in (light, heavy, unchecked, ten):
            workload.write()
        for case in chain(_cases(bench, light, ten), _heavy_cases(bench, heavy, unchecked)):
            print(case, flush=True)
        for workload in (light, heavy):
            print(_in_process(bench, workload), flush=True)


def _cases(bench: Bench, light: Workload, ten: Workload) -> Iterator[Case]:
    cold = _cold(bench, light, "light unit, cold", 1 / 4)
    yield cold
    yield _cold(replace(bench, kept=_DOWNLOADS), light, "light unit, cold, nothing unpacked", 1 / 4, cold.theirs)
    yield from _again(bench, light)
    yield _no_change(bench, ten)


def _heavy_cases(bench: Bench, heavy: Workload, unchecked: Workload) -> Iterator[Case]:
    cold = _cold(bench, heavy, "heavy unit, cold", 1 / 2)
    yield cold
    for name, workload in (("", heavy), (", handler not imported", unchecked)):
        bare = replace(bench, kept=_DOWNLOADS)
        yield _cold(bare, workload, f"heavy unit, cold, nothing unpacked{name}", 1 / 2, cold.theirs)


def _again(bench: Bench, light: Workload) -> Iterator[Case]:
    unchanged, changed = (
        Case("light unit, no change (--cached)", 1.0),
        Case("light unit, source change (--cached)", 1 / 3),
    )
    bench.ours(light)
    bench.theirs(light, "--cached")
    for number in range(_ROUNDS):
        unchanged.ours.append(bench.ours(light))
        unchanged.theirs.append(bench.theirs(light, "--cached"))
        light.change(f"answer {number}")
        changed.ours.append(bench.ours(light))
        changed.theirs.append(bench.theirs(light, "--cached"))
    yield from (unchanged, changed)


def _cold(bench: Bench, workload: Workload, name: str, goal: float, theirs: Sequence[Run] = ()) -> Case:
    """A cold build; SAM's runs are taken over where the workload is the same for it."""
    case = Case(name, goal, theirs=list(theirs))
    bench.ours(workload)
    if not theirs:
        bench.theirs(workload)
    for _ in range(_ROUNDS):
        bench.forget(workload)
        case.ours.append(bench.ours(workload))
        if not theirs:
            case.theirs.append(bench.theirs(workload))
    return case


def _no_change(bench: Bench, ten: Workload) -> Case:
    case = Case("ten units, no change (--cached --parallel)", 1 / 10)
    bench.ours(ten)
    bench.theirs(ten, "--cached", "--parallel")
    for _ in range(_ROUNDS):
        case.ours.append(bench.ours(ten))
        case.theirs.append(bench.theirs(ten, "--cached", "--parallel"))
    return case


def _in_process(bench: Bench, workload: Workload) -> str:
    """A layer of a lock, with its wheels on this machine and the layer not, and then with the layer."""
    platform_ = load_organization((workload.repository / "orchestrator.toml").read_bytes()).lambda_.platform
    with tempfile.TemporaryDirectory(dir=bench.folder) as scratch:
        environment = clean_environment(os.environ)
        confinement = Confinement(Path(scratch), Cache(bench.cache).of_uv("benchmark"))
        commands = Commands("benchmark", Path(scratch, "log"), environment, 600, confinement)
        uv = Uv(commands, find_uv_bin(), sys.executable, datetime.now(UTC))
        dependencies = Dependencies(uv, Cache(bench.cache), platform_)
        locked = dependencies.lock(Declared("", "0", workload.requirements, "the workload"), Path(scratch))
        assembled, found = [], []
        for _ in range(_ROUNDS):
            shutil.rmtree(bench.cache / "layers", ignore_errors=True)
            assembled.append(_seconds(lambda: dependencies.layer(locked, Path(scratch), Path(scratch, "layer.zip"))))
            found.append(_seconds(lambda: dependencies.layer(locked, Path(scratch), Path(scratch, "layer.zip"))))
    times = f"assembled {statistics.median(assembled) * 1000:.0f} ms, found {statistics.median(found) * 1000:.0f} ms"
    return f"layer of {', '.join(workload.requirements)} on Python {PYTHON}, locked and downloaded: {times}"


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
