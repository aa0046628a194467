"""Functions that esbuild bundles, really built by the esbuild of the unit's lock, from the package index of npm."""

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.build.cache import Cache
from orchestrator.errors import BuildError, ConfigurationError
from tests.npm_registry import NpmRegistry
from tests.shared_folder import alone
from tests.unit.build.functions.workbench import Workbench, files_of

TYPESCRIPT: dict[str, Any] = {
    "runtime": "nodejs22.x",
    "handler": "app.handler",
    "architecture": "arm64",
    "metadata": {"BuildMethod": "esbuild", "BuildProperties": {"EntryPoints": ["src/app.ts"], "Minify": False}},
}


def test_two_builds_in_different_folders_give_the_same_bytes(shared: Path, tmp_path: Path) -> None:
    """The bundle has what it imports, and nothing else."""
    with alone(shared, "esbuild"):
        packages = [_bundled(tmp_path / f"{'deeper/' * number}machine").build(**TYPESCRIPT) for number in range(2)]
    assert packages[0].path.read_bytes() == packages[1].path.read_bytes()
    assert not packages[0].reproducible.reason
    bundle = files_of(packages[0])
    assert list(bundle) == ["app.js"]
    assert '"from beside"' in bundle["app.js"]


def test_a_unit_whose_lock_has_no_esbuild_is_told_what_to_do(bench: Workbench) -> None:
    """The library looks for it on the machine then."""
    bench.write("code/package.json", "{}")
    bench.write("code/app.ts", "export const handler = 1;")
    with pytest.raises(BuildError, match=r"Cannot find esbuild"):
        bench.build(runtime="nodejs22.x", handler="app.handler", metadata={"BuildMethod": "esbuild"})


def test_an_esbuild_that_would_fetch_its_program_by_itself_is_refused(bench: Workbench, registry: NpmRegistry) -> None:
    """As versions before 0.13 did, when they were installed."""
    registry.publish("esbuild", "0.11.0", {"install.js": ""}, scripts={"install": "node install.js"})
    bench.write("code/package.json", json.dumps({"devDependencies": {"esbuild": "0.11.0"}}))
    with pytest.raises(ConfigurationError, match=r"code/package\.json: the version of esbuild in the lock fetches its"):
        bench.build(runtime="nodejs22.x", handler="app.handler", metadata={"BuildMethod": "esbuild"})


def _bundled(folder: Path) -> Workbench:
    folder.mkdir(parents=True)
    bench = Workbench(folder, {}, Cache(folder / "cache"))
    bench.write("code/package.json", json.dumps({"devDependencies": {"esbuild": "0.25.0"}}))
    bench.write("code/src/app.ts", "import { text } from './text'; export const handler = (): string => text;")
    bench.write("code/src/text.ts", "export const text: string = 'from beside';")
    return bench
