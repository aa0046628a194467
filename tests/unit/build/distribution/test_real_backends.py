"""Units of every usual build backend, built by it: what the wheel requires is what the layer has."""

import io
import zipfile
from pathlib import Path

import pytest
from mypy_boto3_s3 import S3Client

from orchestrator.build.build import Builder, Tools
from orchestrator.errors import ConfigurationError
from orchestrator.releases.manifest import Manifest
from orchestrator.releases.store import ArtifactStore
from orchestrator.source.catalog import read_catalog
from tests.unit.build.fakes import ORGANIZATION, FolderRepository, MemoryLedger
from tests.unit.build.requirements import lock_texts as texts

_FOLDER = "projects/orders"
_TEMPLATE = """
Parameters:
  ArtifactsBucket: {Type: String}
  SourceKey: {Type: String}
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: orders.handle
      CodeUri: {Bucket: !Ref ArtifactsBucket, Key: !Ref SourceKey}
Transform: AWS::Serverless-2016-10-31
"""
# A module that nothing imports before it is called: only what was declared tells that it is missing.
_MODULE = '''"""Orders."""

__version__ = "4.5.6"


def handle(event, context):
    import six

    return six.PY3
'''
_SYSTEM = '[build-system]\nrequires = [{requires}]\nbuild-backend = "{backend}"\n'
_SETUPTOOLS = _SYSTEM.format(requires='"setuptools>=64"', backend="setuptools.build_meta")
_POETRY = _SYSTEM.format(requires='"poetry-core>=1"', backend="poetry.core.masonry.api")
_TABLE = '[tool.poetry]\nname = "orders"\nversion = "0.3.0"\ndescription = ""\nauthors = []\n'
_CARET = '[tool.poetry.dependencies]\npython = "^3.11"\nsix = "~1.16"\n'
_SCM = _SYSTEM.format(requires='"hatchling", "hatch-vcs"', backend="hatchling.build")
_PROJECT = '[project]\nname = "orders"\n'


def build(files: dict[str, str], tools: Tools, s3: S3Client, folder: Path) -> tuple[Manifest, zipfile.ZipFile]:
    """Build the unit `orders` out of some files; returns its manifest and its wheel."""
    repository = FolderRepository(folder / "repository")
    repository.write("orchestrator.toml", ORGANIZATION)
    for name, text in {"template.yaml": _TEMPLATE, "orders/__init__.py": _MODULE, **files}.items():
        repository.write(f"{_FOLDER}/{name}", text)
    s3.create_bucket(Bucket="built")
    store = ArtifactStore(s3, "built")
    builder = Builder(repository, store, MemoryLedger(), tools)
    built = builder.build(read_catalog(repository, "main"), "orders", folder / "log").manifest
    return built, zipfile.ZipFile(io.BytesIO(store.get(built.wheel.key)))


@pytest.mark.parametrize(
    ("files", "version"),
    [
        pytest.param({"pyproject.toml": _TABLE + _CARET + _POETRY}, "0.3.0", id="Poetry 1"),
        pytest.param({"pyproject.toml": _TABLE + _CARET}, "0.3.0", id="Poetry 1 without a build system"),
        pytest.param(
            {
                "pyproject.toml": f'{_PROJECT}version = "0.3.0"\n[tool.poetry]\npackages = [{{include = "orders"}}]\n'
                + _CARET
                + _POETRY
            },
            "0.3.0",
            id="dependencies of Poetry beside a project",
        ),
        pytest.param(
            {
                "pyproject.toml": f'{_PROJECT}version = "1.0"\ndynamic = ["dependencies"]\n{_SETUPTOOLS}',
                "setup.py": 'from setuptools import setup\nsetup(install_requires=["six~=1.16.0"])\n',
            },
            "1.0",
            id="dependencies of a setup.py",
        ),
        pytest.param(
            {
                "pyproject.toml": f'{_PROJECT}dynamic = ["version", "dependencies"]\n{_SETUPTOOLS}'
                '[tool.setuptools.dynamic]\nversion = {attr = "orders.__version__"}\n'
                'dependencies = {file = ["requirements.txt"]}\n',
                "requirements.txt": "six~=1.16.0\n",
            },
            "2026.6.1",
            id="a list that setuptools reads",
        ),
        pytest.param(
            {
                "pyproject.toml": f'{_PROJECT}dynamic = ["version", "description"]\ndependencies = ["six~=1.16.0"]\n'
                + _SYSTEM.format(requires='"flit_core>=3.2"', backend="flit_core.buildapi")
            },
            "2026.6.1",
            id="flit",
        ),
        pytest.param(
            {
                "pyproject.toml": f'{_PROJECT}dynamic = ["version"]\ndependencies = ["six~=1.16.0"]\n'
                '[tool.pdm.version]\nsource = "scm"\n' + _SYSTEM.format(requires='"pdm-backend"', backend="pdm.backend")
            },
            "2026.6.1",
            id="PDM with a version of git",
        ),
        pytest.param(
            {
                "pyproject.toml": f'{_PROJECT}dynamic = ["version"]\ndependencies = ["six~=1.16.0"]\n{_SCM}'
                '[tool.hatch.version]\nsource = "vcs"\n[tool.hatch.build.hooks.vcs]\nversion-file = "orders/_v.py"\n'
            },
            "2026.6.1",
            id="hatchling with a version of git",
        ),
    ],
)
def test_a_release_has_what_its_wheel_requires(
    files: dict[str, str], version: str, real_tools: Tools, s3: S3Client, tmp_path: Path
) -> None:
    """Whoever declares it, and whoever says the version; the newest six is another one."""
    manifest, wheel = build(files, real_tools, s3, tmp_path)
    assert manifest.requirements == ("six==1.16.0",)
    assert (manifest.version, manifest.warnings) == (version, ())
    metadata = wheel.read(f"orders-{version}.dist-info/METADATA").decode()
    assert f"\nVersion: {version}\n" in metadata
    assert "orders/__init__.py" in wheel.namelist()


def test_the_advice_for_projects_of_poetry_leads_to_a_release(real_tools: Tools, s3: S3Client, tmp_path: Path) -> None:
    """Each message is followed until there is nothing more to say."""
    text, code = texts.POETRY_1.replace('version = "0.1.0"\n', ""), {"src/orders.py": _MODULE}
    template = {"template.yaml": _TEMPLATE.replace("{Bucket: !Ref ArtifactsBucket, Key: !Ref SourceKey}", "src/")}

    def refused(pyproject: str) -> str:
        with pytest.raises(ConfigurationError) as caught:
            build({"pyproject.toml": pyproject, **template, **code}, real_tools, s3, tmp_path)
        s3.delete_bucket(Bucket="built")
        return str(caught.value)

    said = refused(text)
    assert "this is a project of Poetry 1, without [project], and tool.poetry.version is missing: write" in said
    assert "or package-mode = false where its code is not a package" in said
    text = text.replace("[tool.poetry]", "[tool.poetry]\npackage-mode = false")
    said = refused(text)
    assert "Run 'poetry lock' and commit the file; or write [project] with name, version and dependencies." in said
    files = {"pyproject.toml": text, "poetry.lock": texts.POETRY_1_LOCK, **template, **code}
    manifest, wheel = build(files, real_tools, s3, tmp_path)
    assert (manifest.requirements, manifest.version, manifest.warnings) == (("six==1.16.0",), "2026.6.1", ())
    assert "orders.py" in wheel.namelist()


def test_a_project_without_what_setuptools_passes_over_is_refused_until_the_advice_is_followed(
    real_tools: Tools, s3: S3Client, tmp_path: Path
) -> None:
    """The message leads to a release with the dependency."""
    declared = f'{_PROJECT}version = "1.0"\n'
    setup = {"setup.py": 'from setuptools import setup\nsetup(install_requires=["six~=1.16.0"])\n'}
    with pytest.raises(ConfigurationError, match="and the wheel requires nothing") as caught:
        build({"pyproject.toml": declared + _SETUPTOOLS, **setup}, real_tools, s3, tmp_path)
    advice = 'dynamic = ["dependencies"]'
    assert f"Write {advice} into [project]" in str(caught.value)
    followed = {"pyproject.toml": f"{declared}{advice}\n{_SETUPTOOLS}", **setup}
    s3.delete_bucket(Bucket="built")
    manifest, _ = build(followed, real_tools, s3, tmp_path)
    assert manifest.requirements == ("six==1.16.0",)
