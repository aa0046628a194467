"""The example units: each passes its own tests, can be deployed as it is, and builds what it says."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import uv
from cfnlint.api import lint_file  # type: ignore[import-untyped]  # It ships no type information.

from orchestrator.build.template import check_parameters, read_template
from orchestrator.config.load import load_organization, load_unit
from orchestrator.config.organization import Organization
from orchestrator.config.unit import InvokeTest, Unit

PROJECTS = Path(__file__).parents[3] / "projects"
FOLDERS = sorted(path.parent.name for path in PROJECTS.glob("*/pyproject.toml"))
DEPLOYED = sorted(path.parent.name for path in PROJECTS.glob("*/template.yaml"))


@pytest.fixture(scope="module")
def organization() -> Organization:
    """Four environments with the usual names."""
    accounts = {"dev": "2", "test": "3", "staging": "4", "prod": "5"}
    environments = "".join(
        f'[[environments]]\nname = "{name}"\naccount = "{digit * 12}"\nregion = "eu-west-1"\n'
        for name, digit in accounts.items()
    )
    return load_organization(f'[tooling]\naccount = "111111111111"\nregion = "eu-west-1"\n{environments}')


def pyproject(folder: str) -> dict[str, Any]:
    """A unit's pyproject.toml."""
    return tomllib.loads((PROJECTS / folder / "pyproject.toml").read_text())


def unit_of(folder: str, organization: Organization) -> Unit:
    """A unit as the orchestrator reads it."""
    return load_unit((PROJECTS / folder / "pyproject.toml").read_text(), f"projects/{folder}", organization)


def template_of(folder: str) -> dict[str, Any]:
    """A unit's template as the orchestrator reads it."""
    return read_template((PROJECTS / folder / "template.yaml").read_bytes(), f"projects/{folder}/template.yaml")


def run(*command: str | Path, cwd: Path) -> None:
    """Run a command that must succeed, and show what it said if not."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        command, cwd=cwd, env=environment, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert ended.returncode == 0, ended.stdout


def test_there_are_three_units_and_a_library() -> None:
    """So that no test below passes for want of a unit."""
    assert FOLDERS == ["invoices", "nightly_report", "orders", "shared"]
    assert DEPLOYED == ["invoices", "nightly_report", "orders"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_unit_passes_its_own_tests_with_nothing_but_what_it_declares(folder: str) -> None:
    """They run in an environment of their own: ours has packages that a unit may have forgotten to name."""
    document = pyproject(folder)
    needed = [*document["project"].get("dependencies", ()), *document["dependency-groups"]["dev"]]
    python = ["--python", sys.executable, "--no-python-downloads"]
    isolated = ["--isolated", "--no-project", *python, *(f"--with={one}" for one in needed)]
    run(uv.find_uv_bin(), "run", *isolated, "pytest", "-p", "no:cacheprovider", cwd=PROJECTS / folder)


@pytest.mark.parametrize("folder", DEPLOYED)
def test_a_template_satisfies_cfn_lint(folder: str) -> None:
    """Warnings count as well."""
    assert lint_file(PROJECTS / folder / "template.yaml") == []


@pytest.mark.parametrize("folder", DEPLOYED)
def test_every_parameter_of_a_template_has_a_value(folder: str, organization: Organization) -> None:
    """In every environment, and `LayerKey` only where there is a layer."""
    has_layer = bool(pyproject(folder)["project"].get("dependencies"))
    document = template_of(folder)
    check_parameters(
        document,
        unit_of(folder, organization),
        organization,
        layers={"LayerKey": has_layer},
        file=f"{folder}/template.yaml",
    )
    assert ("LayerKey" in document["Parameters"]) == has_layer


@pytest.mark.parametrize("folder", DEPLOYED)
def test_smoke_tests_invoke_outputs_and_compare_versions(folder: str, organization: Organization) -> None:
    """One of them tells an old wheel from the one that the stack was told to deploy."""
    tests = [one for one in unit_of(folder, organization).settings.smoke_tests if isinstance(one, InvokeTest)]
    assert {one.invoke for one in tests} <= template_of(folder)["Outputs"].keys()
    assert any("version == stack_version" in (one.match or "") for one in tests)


@pytest.mark.parametrize("folder", DEPLOYED)
def test_functions_take_their_code_from_the_accounts_own_bucket(folder: str) -> None:
    """The wheel is the code."""
    functions = [one for one in template_of(folder)["Resources"].values() if one["Type"] == "AWS::Lambda::Function"]
    assert functions
    for one in functions:
        assert one["Properties"]["Code"] == {"S3Bucket": {"Ref": "ArtifactsBucket"}, "S3Key": {"Ref": "SourceKey"}}


def test_a_wheel_without_the_shared_code_is_never_built(tmp_path: Path) -> None:
    """As when `depends_on` is forgotten: the build has only the unit's own folder then."""
    shutil.copytree(PROJECTS / "invoices", tmp_path / "invoices", ignore=shutil.ignore_patterns("__pycache__", "dist"))
    command = [uv.find_uv_bin(), "build", "--wheel", "--python", sys.executable, "--no-python-downloads"]
    ended = subprocess.run(command, cwd=tmp_path / "invoices", check=False, capture_output=True, text=True)
    assert ended.returncode != 0
    assert "name its folder in depends_on" in ended.stderr


def test_shared_code_is_in_the_wheel_of_a_unit_also_when_it_is_built_from_the_sdist(tmp_path: Path) -> None:
    """An sdist that needed the folder beside it would be of no use to anybody else."""
    # Without --wheel, uv builds the wheel from the unpacked sdist.
    python = ["--python", sys.executable, "--no-python-downloads"]
    run(uv.find_uv_bin(), "build", "--out-dir", tmp_path, *python, cwd=PROJECTS / "invoices")
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert {"invoices/handler.py", "billing_rules/money.py", "billing_rules/vat.py"} <= set(archive.namelist())
