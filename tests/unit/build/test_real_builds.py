"""Builds with the real uv, the real package index and a real build backend; few, because each takes seconds."""

import io
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from mypy_boto3_s3 import S3Client

from orchestrator.build.build import Build, Builder, Tools
from orchestrator.build.cache import Cache
from orchestrator.build.declared import Declared
from orchestrator.build.dependencies import Dependencies
from orchestrator.build.run import Commands
from orchestrator.build.uv import Uv
from orchestrator.errors import BuildError
from orchestrator.releases import layout
from orchestrator.releases.store import ArtifactStore
from orchestrator.source.catalog import read_catalog
from tests.unit.build.fakes import COMMITTED_AT, PLATFORM, PYPROJECT, FolderRepository, MemoryLedger, confined

# charset-normalizer has compiled wheels for each platform, and a program that names the interpreter.
_WITH_SHARED_CODE = (
    PYPROJECT.replace("six==1.16.0", "charset-normalizer>=3")
    .replace("some-backend", "hatchling")
    .replace("some_backend", "hatchling.build")
    + """
force-include = { "../../shared/money" = "money" }

[tool.orchestrator]
depends_on = ["shared/money"]
"""
)


def build(
    tools: Tools, repository: FolderRepository, s3: S3Client, bucket: str, log: Path
) -> tuple[Build, ArtifactStore]:
    """Build the unit into a bucket of its own, with a ledger of its own."""
    s3.create_bucket(Bucket=bucket)
    store = ArtifactStore(s3, bucket)
    return Builder(repository, store, MemoryLedger(), tools).build(
        read_catalog(repository, "main"), "orders", log
    ), store


_TWO_PLATFORMS = """
Parameters:
  ArtifactsBucket: {Type: String}
  SourceKey: {Type: String}
  LayerKey: {Type: String}
  LayerKeyPython313Arm64: {Type: String}
Resources:
  Deps: {Type: AWS::Lambda::LayerVersion, Properties: {Content: {S3Bucket: !Ref ArtifactsBucket, S3Key: !Ref LayerKey}}}
  Arm:
    Type: AWS::Lambda::LayerVersion
    Properties: {Content: {S3Bucket: !Ref ArtifactsBucket, S3Key: !Ref LayerKeyPython313Arm64}}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: orders.handle
      Layers: [!Ref Deps]
      Role: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/app-orders
      Code: {S3Bucket: !Ref ArtifactsBucket, S3Key: !Ref SourceKey}
  OnArm:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Architectures: [arm64]
      Handler: orders.handle
      Layers: [!Ref Arm]
      Role: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/app-orders
      Code: {S3Bucket: !Ref ArtifactsBucket, S3Key: !Ref SourceKey}
"""


def test_the_same_commit_gives_the_same_bytes_with_shared_code_and_a_layer_for_each_platform(
    real_tools: Tools, repository: FolderRepository, s3: S3Client, tmp_path: Path
) -> None:
    """Two builds on fresh accounts agree in every object, whatever the files' times are."""
    repository.write("projects/orders/pyproject.toml", _WITH_SHARED_CODE)
    repository.write("projects/orders/src/orders/__init__.py", "def handle(event, context): ...\n")
    repository.write("projects/orders/template.yaml", _TWO_PLATFORMS)
    repository.write("shared/money/__init__.py", "CURRENCY = 'EUR'\n")
    first, store = build(real_tools, repository, s3, "first", tmp_path / "first.log")
    second, _ = build(real_tools, repository, s3, "second", tmp_path / "second.log")
    assert first.manifest == second.manifest
    assert first.manifest.inputs == ("projects/orders", "shared/money")

    with zipfile.ZipFile(io.BytesIO(store.get(first.manifest.wheel.key))) as wheel:
        assert {"orders/__init__.py", "money/__init__.py"} <= set(wheel.namelist())
    assert [str(one) for one in first.manifest.platforms] == ["python3.12 on x86_64", "python3.13 on arm64"]
    for number, tag in enumerate(("cpython-312-x86_64-linux-gnu", "cpython-313-aarch64-linux-gnu"), 1):
        key = layout.layer_key("orders", number)
        assert first.manifest.layers[number - 1].archive.key == key
        with zipfile.ZipFile(io.BytesIO(store.get(key))) as layer:
            names = layer.namelist()
        compiled = [name for name in names if name.endswith(".so")]
        assert compiled
        assert all(tag in name for name in compiled)
        assert not any("/bin/" in name or "__pycache__" in name for name in names)
    # Resolved as of the commit, not as of today.
    assert first.manifest.requirements == ("charset-normalizer==3.4.7",)


def test_a_dependency_without_a_wheel_is_named_with_what_to_do(real_tools: Tools, tmp_path: Path) -> None:
    """Layers are never compiled on the build machine."""
    uv = Uv(
        Commands("orders", tmp_path / "log", real_tools.environment, 60, confined(tmp_path)),
        real_tools.uv,
        sys.executable,
        COMMITTED_AT,
    )
    declared = Declared("projects/orders", "0.1.0", ("pyspark==3.5.1",), "pyproject.toml")
    with pytest.raises(
        BuildError, match=r"pyspark cannot be used, because there is no wheel for Python 3.13 on x86_64"
    ):
        Dependencies(uv, real_tools.cache, PLATFORM).lock(declared, tmp_path)


def test_an_index_that_knows_no_dates_is_asked_as_of_now(real_tools: Tools, tmp_path: Path) -> None:
    """Mirrors of companies are such; uv tells of it in a warning alone."""
    folder = tmp_path / "index" / "helper"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "helper-1.0-py3-none-any.whl", "w") as wheel:
        about = {"METADATA": "Metadata-Version: 2.1\nName: helper\nVersion: 1.0\n", "WHEEL": "Wheel-Version: 1.0\n"}
        for name, text in {**about, "RECORD": ""}.items():
            wheel.writestr(f"helper-1.0.dist-info/{name}", text)
    with served(folder.parent) as url:
        environment = {**real_tools.environment, "UV_INDEX_URL": url, "NO_PROXY": "127.0.0.1"}
        commands = Commands("orders", tmp_path / "log", environment, 60, confined(tmp_path))
        uv = Uv(commands, real_tools.uv, sys.executable, COMMITTED_AT)
        declared = Declared("projects/orders", "0.1.0", ("helper",), "pyproject.toml")
        locked = Dependencies(uv, Cache(tmp_path / "own"), PLATFORM).lock(declared, tmp_path)
    assert locked.requirements == ("helper==1.0",)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Say nothing of requests."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The URL that a folder is served at."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
