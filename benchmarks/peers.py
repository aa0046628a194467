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


def files(units: int) -> Iterator[tuple[str, str]]:
    """What makes a repository of units one of npm packages, too."""
    package = {"name": "shop", "version": "1.0.0", "private": True, "workspaces": ["projects/*", "shared/*"]}
    yield "package.json", json.dumps({**package, "packageManager": "npm@10.8.2"})
    yield (
        "package-lock.json",
        json.dumps({"name": "shop", "version": "1.0.0", "lockfileVersion": 3, "packages": _locked(units)}),
    )
    yield "pnpm-workspace.yaml", 'packages:\n  - "projects/*"\n  - "shared/*"\n'
    yield "turbo.json", json.dumps({"tasks": {"build": {}}})
    yield "nx.json", json.dumps({"plugins": []})
    yield "lerna.json", json.dumps({"version": "1.0.0", "npmClient": "npm"})
    yield ".moon/workspace.yml", 'projects:\n  - "projects/*"\n  - "shared/*"\nvcs:\n  defaultBranch: main\n'
    yield ".gitignore", "node_modules\n.nx\n.turbo\n.moon/cache\n"
    yield "shared/money/package.json", json.dumps({"name": "money", "version": "1.0.0"})
    for number in range(units):
        own = {"name": f"unit{number}", "version": "1.0.0", "scripts": {"build": "true"}}
        yield f"projects/unit{number}/package.json", json.dumps({**own, "dependencies": {"money": "1.0.0"}})


def _locked(units: int) -> dict[str, object]:
    names = [f"unit{number}" for number in range(units)]
    return {
        "": {"name": "shop", "version": "1.0.0", "workspaces": ["projects/*", "shared/*"]},
        "shared/money": {"version": "1.0.0"},
        "node_modules/money": {"resolved": "shared/money", "link": True},
        **{f"projects/{name}": {"version": "1.0.0", "dependencies": {"money": "1.0.0"}} for name in names},
        **{f"node_modules/{name}": {"resolved": f"projects/{name}", "link": True} for name in names},
    }


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
