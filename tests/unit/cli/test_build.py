"""`orchestrator build`, as a process, into a folder."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from orchestrator.confine.processes import descendants
from orchestrator.releases.sha256 import sha256_of
from tests.hanging_project import hanging_project
from tests.unit.build.fakes import ORGANIZATION, PYPROJECT, TEMPLATE
from tests.waiting import until

_CODE = """
import sys
from orchestrator.cli.main import main
try:
    main()
finally:
    unwanted = ("boto3", "botocore", "pydantic", "rich", "orchestrator.build.flow")
    print("imported:", [name for name in unwanted if name in sys.modules], file=sys.stderr)
"""


class Shell:
    """A repository with units, and the command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("orchestrator.toml", ORGANIZATION)
        plain = PYPROJECT.replace('"six==1.16.0"', "").replace("some-backend", "flit-core")
        for unit in ("orders", "invoices"):
            pyproject = plain.replace("some_backend", "flit_core.buildapi").replace('"orders"', f'"{unit}"')
            pyproject = pyproject.replace("[project]", '[project]\ndescription = "A unit."')
            self.write(f"projects/{unit}/pyproject.toml", f'{pyproject}[tool.flit.module]\nname = "{unit}"\n')
            self.write(f"projects/{unit}/template.yaml", TEMPLATE)
            self.write(f"projects/{unit}/src/{unit}/__init__.py", f'"""{unit}."""\n')
        self.git("init", "--quiet")
        self.commit()

    def write(self, path: str, text: str) -> None:
        """Change a file."""
        file = self.folder / "clone" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def commit(self) -> None:
        """Commit everything."""
        self.git("add", ".")
        self.git("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "-m", "Change")

    def git(self, *arguments: str) -> None:
        """Run git in the clone."""
        subprocess.run(["git", *arguments], cwd=self.folder / "clone", check=True)  # noqa: S607

    def build(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command, without any AWS account."""
        return subprocess.run(
            self._command(arguments), env=self._environment, capture_output=True, text=True, check=False
        )

    def start(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        """Start the command."""
        seen = {**self._environment, **variables}
        pipe = subprocess.PIPE
        return subprocess.Popen(self._command(arguments), env=seen, stdout=pipe, stderr=pipe, text=True)

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return [sys.executable, "-c", _CODE, "--repository", str(self.folder / "clone"), "build", *arguments]

    @property
    def _environment(self) -> dict[str, str]:
        own = {"ORCHESTRATOR_CACHE_DIR": str(self.folder / "cache"), "AWS_CONFIG_FILE": os.devnull}
        return {**os.environ, **own}


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """With two units, in an empty folder."""
    return Shell(tmp_path)


def test_all_units_are_built_into_a_folder_and_answered_from_there(shell: Shell, tmp_path: Path) -> None:
    """The second time nothing that builds is even imported."""
    first = shell.build("--all", "--to", str(tmp_path / "out"))
    assert first.returncode == 0, first.stderr
    assert "orders@0.1.0 is built" in first.stdout
    assert (tmp_path / "out/projects/invoices/release/0.1.0/manifest.json").is_file()
    assert (tmp_path / "out/projects/orders/lambda/source/0.1.0/orders-0.1.0-py3-none-any.whl").is_file()
    name = "projects/orders/release/0.1.0/manifest.json"
    text = (tmp_path / "out" / name).read_bytes()
    assert f"{tmp_path}/out/{name}  {len(text)} bytes  sha256 {sha256_of(text)}" in first.stdout
    assert f"digest of its inputs: {json.loads(text)['digest']}" in first.stdout
    again = shell.build("--all", "--to", str(tmp_path / "out"))
    assert again.stdout == first.stdout.replace("is built", "was built before")
    assert "imported: []" in again.stderr


def test_hosts_are_opened_on_this_machine_by_the_one_who_builds(shell: Shell, tmp_path: Path) -> None:
    """A checkout alone opens none; what the message says to add is what builds."""
    network = '[build]\nnetwork = ["models.example.com", "*.example.org:8443"]\nnetwork_units = ["orders"]\n'
    shell.write("orchestrator.toml", f"{ORGANIZATION}\n{network}")
    shell.commit()
    done = shell.build("--all", "--to", str(tmp_path / "out"))
    assert done.returncode == 1
    assert "invoices@0.1.0 is built" in done.stdout
    advice = re.findall(r"--network \S+[^\s.]", done.stderr)
    assert advice == ["--network *.example.org:8443", "--network models.example.com"]
    options = [word for one in advice for word in one.split()]
    done = shell.build("orders", "--to", str(tmp_path / "out"), *options)
    assert "orders@0.1.0 is built" in done.stdout, done.stderr
    manifest = json.loads((tmp_path / "out/projects/orders/release/0.1.0/manifest.json").read_text())
    assert manifest["network"] == ["*.example.org:8443", "models.example.com"]
    refused = shell.build("orders", *options)
    assert refused.returncode == 2
    assert "--network goes with --to" in refused.stderr


def test_a_unit_that_fails_keeps_no_other_back(shell: Shell, tmp_path: Path) -> None:
    """The exit code and the message tell."""
    shell.write("projects/orders/template.yaml", "Resources: {}\n")
    shell.commit()
    done = shell.build("--all", "--to", str(tmp_path / "out"))
    assert done.returncode == 1
    assert (
        "error: orders cannot be built: projects/orders/template.yaml: is not a CloudFormation template" in done.stderr
    )
    assert "invoices@0.1.0 is built" in done.stdout


def test_a_unit_that_is_not_valid_is_one_of_all(shell: Shell, tmp_path: Path) -> None:
    """It was left out without a word, and the command succeeded."""
    shell.write("projects/orders/pyproject.toml", '[project]\nname = "orders"\n')
    shell.commit()
    done = shell.build("--all", "--to", str(tmp_path / "out"))
    assert done.returncode == 1
    assert "error: projects/orders/pyproject.toml: project.version is missing" in done.stderr
    assert "invoices@0.1.0 is built" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Say what to build"),
        (["orders", "--all"], "Name units or --all, not both: --all builds every unit, orders among them."),
        (["orders", "ordes"], "There is no unit 'ordes'. Known: invoices, orders."),
    ],
)
def test_a_wrong_request_builds_nothing(arguments: list[str], said: str, shell: Shell, tmp_path: Path) -> None:
    """Not even the units that are right."""
    done = shell.build(*arguments, "--to", str(tmp_path / "out"))
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("to", "said"), [("file", "File exists"), ("file/below", "Not a directory"), ("/proc/nope", "")]
)
def test_a_place_that_nothing_can_be_published_to_is_refused_at_once(to: str, said: str, shell: Shell) -> None:
    """Before anything is built."""
    (shell.folder / "file").touch()
    folder = shell.folder / to
    done = shell.build("orders", "--to", str(folder))
    assert done.returncode == 2
    assert f"--to {folder}: {said}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (shell.folder / "cache").exists()


def test_what_is_not_committed_is_told_and_not_built(shell: Shell, tmp_path: Path) -> None:
    """Of the units that are built, and only where it could be expected in the build."""
    shell.write("projects/orders/src/orders/__init__.py", '"""Changed."""\n')
    shell.write("projects/orders/new.txt", "new")
    shell.write("projects/invoices/new.txt", "new")
    done = shell.build("orders", "--to", str(tmp_path / "out"))
    first = done.stderr.splitlines()[0]
    assert first.startswith("note: not committed, so not in the build: projects/orders/")
    assert "projects/orders/new.txt" in first
    assert "projects/orders/src/orders/__init__.py" in first
    assert "invoices" not in first
    assert "not committed" not in shell.build("orders", "--commit", "main", "--to", str(tmp_path / "out")).stderr


def test_the_cache_may_be_deleted_again_and_again_while_builds_run(shell: Shell, tmp_path: Path) -> None:
    """What is missing is made again, and what programs could not find is done once more without it."""
    building = shell.start("--all", "--to", str(tmp_path / "out"))
    deleted = 0
    while building.poll() is None:
        deleted += (tmp_path / "cache").is_dir()
        shutil.rmtree(tmp_path / "cache", ignore_errors=True)
    said, complaints = building.communicate()
    assert building.returncode == 0, complaints
    assert said.count(" is built from ") == 2
    assert deleted > 5


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_build_that_is_asked_to_end_leaves_nothing(number: signal.Signals, shell: Shell, tmp_path: Path) -> None:
    """Neither a process nor a folder; and it says what was not built."""
    shell.write("projects/orders/pyproject.toml", hanging_project("orders", "0.1.0"))
    shell.write("projects/orders/backend.py", "open('hangs', 'w').close()\nimport time\ntime.sleep(600)\n")
    shell.commit()
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    with shell.start("orders", "--to", str(tmp_path / "out"), TMPDIR=str(temporary)) as building:
        until(lambda: next(temporary.glob("*/package/*/projects/orders/hangs"), None))
        below = descendants(building.pid)
        building.send_signal(number)
        _, complaints = building.communicate()
    assert building.returncode == 128 + number, complaints
    assert "Build of orders failed at 'build wheel and sdist': it was stopped, as was asked for." in complaints
    assert list(temporary.iterdir()) == []
    assert not [one for one in below if Path(f"/proc/{one.id}").exists()]
