"""The code of the Lambdas and of builds: complete, and for the Lambdas small and the same bytes for the same code."""

import json
import marshal
import subprocess
import sys
import tomllib
import zipfile
from importlib.util import find_spec
from pathlib import Path
from venv import EnvBuilder

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from packaging.requirements import Requirement

from orchestrator.bootstrap.bundle import SIGNING, make_bundle
from orchestrator.bootstrap.bytecode import BytecodeError, compile_folder
from orchestrator.config.organization import Lambda
from tests.bundles import THIS_MACHINE, bundle_of_builds, bundle_of_lambdas

# What the Lambda runtime brings: boto3, and what it needs itself.
_RUNTIME = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six")
# What other commands need, for the infrastructure and the embedded cloud; and what signs, where it is GitHub's App.
_NOT_FOR_BUILDS = {"aws_cdk", "cryptography", "infra", "ministack"}
_IMPORT_ALL = """
import importlib, importlib.metadata, json, pkgutil, sys, orchestrator, uv
missing = []
for module in pkgutil.walk_packages(orchestrator.__path__, "orchestrator."):
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        missing.append(error.name)
versions = [importlib.metadata.version(name) for name in sys.argv[1:]]
print(json.dumps({"missing": missing, "uv": uv.find_uv_bin(), "versions": versions}))
"""
_STEPS = sorted(file.stem for file in Path("lambdas").glob("*.py") if file.stem not in ("__init__", "edge"))


@pytest.fixture(scope="module")
def bundle(shared: Path) -> Path:
    """A bundle for this machine's own Python."""
    return bundle_of_lambdas(shared)


def test_the_same_code_gives_the_same_bytes(bundle: Path, tmp_path: Path) -> None:
    """So that a second bootstrap finds the first one's code in the bucket."""
    make_bundle(THIS_MACHINE, tmp_path / "bundle.zip")
    assert (tmp_path / "bundle.zip").read_bytes() == bundle.read_bytes()


def test_it_holds_what_lambdas_import_and_nothing_of_the_command_line(bundle: Path) -> None:
    """Neither what runs elsewhere nor what the runtime has already."""
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {"lambdas", "state_machines", "orchestrator", "pydantic", "pydantic_core", "tenacity"} <= tops
    assert not tops & {
        "infra",
        "tests",
        "boto3",
        "botocore",
        "click",
        "rich",
        "uv",
        "ministack",
        "aws_cdk",
        "aws_lambda_builders",
    }
    for part in ("cli", "local", "bootstrap", "build", "demo"):
        assert not [name for name in names if name.startswith(f"orchestrator/{part}/")]
    assert bundle.stat().st_size < 6_700_000


def test_its_bytecode_is_used_without_a_look_at_the_source_and_names_no_folder_of_the_machine(bundle: Path) -> None:
    """So a cold start compiles nothing, and two machines with the same Python make the same bytes."""
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
        made = [name for name in names if name.startswith("orchestrator/") and name.endswith(".pyc")]
        contents = {name: archive.read(name) for name in made}
    assert len(made) == len([name for name in names if name.startswith("orchestrator/") and name.endswith(".py")])
    for name, content in contents.items():
        # PEP 552: the lowest bit says that it is of the kind with a hash, the next one that this is to be checked.
        assert content[4:8] == b"\1\0\0\0", name
        code = marshal.loads(content[16:])  # noqa: S302  # Of the bundle that was just made.
        assert not code.co_filename.startswith("/"), name


def test_a_bundle_for_a_python_that_is_not_here_holds_no_bytecode(tmp_path: Path) -> None:
    """Lambda compiles then, as it did before."""
    (tmp_path / "module.py").write_text("value = 1\n")
    assert not compile_folder(tmp_path, "3.99")
    assert [path.name for path in tmp_path.rglob("*")] == ["module.py"]


def test_code_that_is_not_valid_is_refused(tmp_path: Path) -> None:
    """With the place, before anything is installed."""
    (tmp_path / "module.py").write_text("def\n")
    with pytest.raises(BytecodeError, match=r"module\.py"):
        compile_folder(tmp_path, f"3.{sys.version_info.minor}")


def test_every_handler_can_be_imported_with_nothing_but_the_bundle_and_the_runtime(
    bundle: Path, tmp_path: Path
) -> None:
    """Otherwise the first event would be the first to find out."""
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(tmp_path / "bundle")
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    for name in _RUNTIME:
        found = find_spec(name)
        assert found is not None
        assert found.origin is not None
        origin = Path(found.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (runtime / source.name).symlink_to(source)
    # -S leaves site-packages out: what is neither in the bundle nor in the runtime is not found.
    done = subprocess.run(
        [sys.executable, "-S", "-c", "; ".join(f"import lambdas.{step}" for step in _STEPS)],
        env={"PYTHONPATH": f"{tmp_path / 'bundle'}:{runtime}", "AWS_DEFAULT_REGION": "eu-west-1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_bundle_for_github_signs_with_nothing_but_itself(tmp_path: Path) -> None:
    """As a GitHub App does; the library for it is there only then."""
    make_bundle(THIS_MACHINE, tmp_path / "bundle.zip", SIGNING)
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        archive.extractall(tmp_path / "bundle")
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    pem = private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    secret = json.dumps({"app_id": 1, "installation_id": 2, "private_key": pem.decode()})
    code = "import sys; from orchestrator.source.github.credentials import parse_secret, proof"
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"{code}; print(proof(parse_secret(sys.stdin.read()), 0))"],
        input=secret,
        env={"PYTHONPATH": str(tmp_path / "bundle")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("eyJ")


def test_a_bundle_for_another_platform_holds_its_machine_code(tmp_path: Path) -> None:
    """Whatever machine runs the bootstrap."""
    make_bundle(Lambda(python="3.13", architecture="arm64"), tmp_path / "bundle.zip")
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        compiled = [name for name in archive.namelist() if name.endswith(".so")]
    assert compiled
    assert all("313" in name and "aarch64" in name for name in compiled)


def test_everything_that_runs_where_builds_do_runs_with_nothing_but_the_builders_code(
    shared: Path, tmp_path: Path
) -> None:
    """On CodeBuild there is Python and git, and what CodeBuild unpacked; that it builds, the buildspec's test tells."""
    # zipfile, as others, forgets which files are programs.
    with zipfile.ZipFile(bundle_of_builds(shared)) as archive:
        archive.extractall(tmp_path)
    EnvBuilder(symlinks=True).create(tmp_path)
    done = subprocess.run(
        [tmp_path / "bin" / "python", "-c", _IMPORT_ALL, *_requirements()],
        env={"PATH": "/usr/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told["missing"]) <= _NOT_FOR_BUILDS
    assert told["uv"] == str(tmp_path / "bin" / "uv")
    assert all(told["versions"])


def _requirements() -> list[str]:
    """The names of what the project depends on."""
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    return [Requirement(line).name for line in project["dependencies"]]
