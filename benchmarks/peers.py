"""Other tools that tell which packages of a repository a commit affects, each in its own words for the same question.

They come from the npm registry into a scratch folder. What cannot be installed is left out, and said so.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.realistic.repository import RealisticRepository
from benchmarks.realistic.units import LIBRARIES
from benchmarks.timing import Taken, taken

_TIMEOUT_SECONDS = 600
# What takes longer than this is run once.
_LONG_MS = 15_000
_RUNS = 3


@dataclass(frozen=True)
class Peer:
    """A tool.

    Attributes:
        package: its name in the npm registry.
        command: asks which packages the last commit affects.
        environment: what it needs besides.
    """

    package: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


PEERS = (
    Peer("turbo", ("turbo", "ls", "--affected", "--output=json"), {"TURBO_SCM_BASE": "HEAD~1"}),
    Peer("@moonrepo/cli", ("moon", "query", "projects", "--affected")),
    Peer(
        "pnpm",
        ("pnpm", "--filter", "...[HEAD~1]", "ls", "--depth", "-1", "--json"),
        {"pnpm_config_pm_on_fail": "ignore"},
    ),
    Peer("nx", ("nx", "show", "projects", "--affected", "--base=HEAD~1", "--head=HEAD"), {"NX_DAEMON": "false"}),
    Peer("lerna", ("lerna", "ls", "--since", "HEAD~1")),
)
_QUIET = {"CI": "1", "DO_NOT_TRACK": "1", "NX_NO_CLOUD": "true", "TURBO_TELEMETRY_DISABLED": "1"}


def files(repository: RealisticRepository) -> Iterator[tuple[str, str]]:
    """What makes a repository of units one of npm packages, too: each unit has a `package.json` already."""
    units = [repository.unit(number) for number in range(repository.units + 1)]
    folders = {unit.name: unit.folder for unit in units} | {_package(one): one for one in LIBRARIES}
    globs = sorted({f"{folder.rpartition('/')[0]}/*" if "/" in folder else folder for folder in folders.values()})
    package = {"name": "shop", "version": "1.0.0", "private": True, "workspaces": globs}
    yield "package.json", json.dumps({**package, "packageManager": "npm@10.8.2"})
    needs = {unit.name: [_package(one) for one in unit.libraries] for unit in units}
    locked = {"name": "shop", "version": "1.0.0", "lockfileVersion": 3, "packages": _locked(globs, folders, needs)}
    yield "package-lock.json", json.dumps(locked)
    yield "pnpm-workspace.yaml", json.dumps({"packages": globs})
    yield "turbo.json", json.dumps({"tasks": {"build": {}}})
    yield "nx.json", json.dumps({"plugins": []})
    yield "lerna.json", json.dumps({"version": "1.0.0", "npmClient": "npm"})
    yield ".moon/workspace.yml", json.dumps({"projects": globs, "vcs": {"defaultBranch": "main"}})
    yield ".gitignore", "node_modules\n.nx\n.turbo\n.moon/cache\n"
    for one in LIBRARIES:
        yield f"{one}/package.json", json.dumps({"name": _package(one), "version": "1.0.0"})


def _package(library: str) -> str:
    """What the npm package of shared code is called."""
    return f"acme-{library.rpartition('/')[2]}"


def _locked(globs: list[str], folders: dict[str, str], needs: dict[str, list[str]]) -> dict[str, object]:
    packages = {
        folder: {"name": name, "version": "1.0.0", "dependencies": dict.fromkeys(needs.get(name, ()), "1.0.0")}
        for name, folder in folders.items()
    }
    links = {f"node_modules/{name}": {"resolved": folder, "link": True} for name, folder in folders.items()}
    return {"": {"name": "shop", "version": "1.0.0", "workspaces": globs}, **packages, **links}


def measure(clone: Path, scratch: Path, affected: str) -> Iterator[str]:
    """Ask each of them, and say how long the whole process takes.

    Args:
        clone: a clone with all files, of which the last commit changed one package.
        scratch: where they are installed; the clone lies in it, as one of them looks for itself around it.
        affected: the package that they have to find.
    """
    for peer in PEERS:
        version = _install(peer, scratch)
        if version is None:
            yield f"{peer.package}: could not be installed here, and is left out"
            continue
        yield f"{peer.package} {version}: {_taken(peer, clone, scratch, affected)}"


def _install(peer: Peer, scratch: Path) -> str | None:
    npm = shutil.which("npm")
    if npm is None:
        return None
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(scratch), peer.package]
    done = subprocess.run(command, capture_output=True, check=False, timeout=_TIMEOUT_SECONDS)
    manifest = scratch / "node_modules" / peer.package / "package.json"
    return str(json.loads(manifest.read_bytes())["version"]) if done.returncode == 0 and manifest.exists() else None


def _taken(peer: Peer, clone: Path, scratch: Path, affected: str) -> Taken | str:
    path = f"{scratch / 'node_modules/.bin'}:{os.environ['PATH']}"
    environment = {**os.environ, **_QUIET, **peer.environment, "PATH": path}
    program = str(scratch / "node_modules/.bin" / peer.command[0])
    wrong: list[str] = []

    def run() -> None:
        done = subprocess.run(
            [program, *peer.command[1:]],
            cwd=clone,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_SECONDS,
        )
        if done.returncode or affected not in done.stdout:
            wrong.append(f"exit {done.returncode}: {(done.stderr or done.stdout)[-200:]!r}")

    first = taken(run, 1)
    if wrong:
        return f"did not answer: {wrong[0]}"
    # The first run fills its caches.
    return first if first.wall > _LONG_MS else taken(run, _RUNS)
