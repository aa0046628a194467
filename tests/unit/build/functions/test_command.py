"""A unit's own build command."""

import io
import json
import zipfile

import pytest
from pydantic import ValidationError

from orchestrator.config.unit import BuildCommand
from orchestrator.errors import BuildError, ConfigurationError
from tests.npm_registry import NpmRegistry
from tests.unit.build.functions.workbench import Workbench, files_of

_SCRIPT = "#!/bin/sh\nset -e\n"


def test_what_the_command_makes_stands_in_for_local_paths(bench: Workbench) -> None:
    """A folder becomes an archive, a file stays as it is, and an archive gets the release's order and times."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        program = zipfile.ZipInfo("bootstrap", (2026, 6, 1, 1, 1, 1))
        program.external_attr = 0o100755 << 16
        archive.writestr(program, "#!/bin/sh\n")
        archive.writestr(zipfile.ZipInfo("a.txt", (2026, 6, 1, 1, 1, 2)), "a")
    (bench.tree / "services/orders").mkdir(parents=True)
    (bench.tree / "services/orders/made.zip").write_bytes(packed.getvalue())
    made = "mkdir -p dist/site\necho page > dist/site/index.html\ncp machine.json dist/\ncp made.zip dist/code.zip\n"
    bench.write("build.sh", _SCRIPT + made, program=True)
    bench.write("machine.json", "{}")
    packages = bench.run("./build.sh", Site="dist/site", Machine="dist/machine.json", Function="dist/code.zip")
    assert (packages["Site"].path / "index.html").read_text(encoding="utf-8") == "page\n"
    assert packages["Machine"].path.name == "machine.json"
    assert packages["Machine"].path.read_text(encoding="utf-8") == "{}"
    assert files_of(packages["Function"]) == {"a.txt": "a", "bootstrap": "#!/bin/sh\n"}
    with zipfile.ZipFile(packages["Function"].path) as archive:
        found = {entry.filename: (entry.external_attr >> 16, entry.date_time[0]) for entry in archive.infolist()}
    assert found == {"a.txt": (0o100644, 1980), "bootstrap": (0o100755, 1980)}
    assert packages["Function"].reproducible.reason


def test_programs_of_the_lock_are_there_for_the_command(bench: Workbench, registry: NpmRegistry) -> None:
    """They were fetched before, and are installed without a network."""
    cli = "#!/usr/bin/env node\nrequire('fs').writeFileSync('dist.js', 'made')"
    registry.publish("bundler", "1.0.0", {"cli.js": cli}, bin={"bundle-it": "cli.js"})
    bench.write("package.json", json.dumps({"devDependencies": {"bundler": "1.0.0"}}))
    packages = bench.run("bundle-it", Site="dist.js")
    assert packages["Site"].path.read_text(encoding="utf-8") == "made"
    assert packages["Site"].lock is not None


def test_programs_of_python_packages_are_there_for_the_command(bench: Workbench) -> None:
    """In an environment that was made before, and that the command cannot write to."""
    bench.write("requirements.txt", "pluggy==1.5.0\nwheel==0.45.1\n")
    bench.write("make.sh", "set -e\nwheel version > made.txt\npython -c 'import pluggy' >> made.txt\n")
    packages = bench.run("sh", "make.sh", Site="made.txt")
    assert packages["Site"].path.read_text(encoding="utf-8") == "wheel 0.45.1\n"


def test_a_command_that_fails_is_told_with_its_output(bench: Workbench) -> None:
    """And with the setting."""
    bench.write("build.sh", "#!/bin/sh\necho it broke\nexit 3\n", program=True)
    with pytest.raises(BuildError, match=r"(?s)tool\.orchestrator\.build failed, its output is below\..*it broke"):
        bench.run("./build.sh")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("true", "is not there"),
        ("ln -s /etc/passwd out", "cannot be opened as it is, or is a symbolic link"),
        ("mkdir out; ln -s /etc/passwd out/link", "is a symbolic link that leads out of the folder"),
        ("mkfifo out", "is no regular file"),
    ],
)
def test_artifacts_that_cannot_be_published_are_refused(made: str, said: str, bench: Workbench) -> None:
    """With the setting that names them."""
    bench.write("build.sh", f"{_SCRIPT}{made}\n", program=True)
    with pytest.raises(ConfigurationError) as refused:
        bench.run("./build.sh", Function="out")
    assert "tool.orchestrator.build.artifacts.Function = 'out': " in str(refused.value)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("command", "artifacts"),
    [
        ((), {}),
        (("",), {}),
        (("/bin/sh",), {}),
        (("../build.sh",), {}),
        (("make",), {"Function": "/etc/passwd"}),
        (("make",), {"Function": "../dist"}),
        (("make",), {"Function": " "}),
    ],
)
def test_paths_stay_in_the_unit_s_folder(command: tuple[str, ...], artifacts: dict[str, str]) -> None:
    """Programs of the machine are named without one."""
    with pytest.raises(ValidationError):
        BuildCommand(command=command, artifacts=artifacts)
