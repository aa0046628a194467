"""A unit has code run, or settings read, by the tools that fetch for it, which reach the network."""

import json
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from orchestrator.errors import BuildError, ConfigurationError
from tests.attacks.confined import only_linux
from tests.attacks.hostile_unit import HostileUnit
from tests.unit.build.fakes import PYPROJECT

pytestmark = only_linux
_RUNS = "raise SystemExit('harm was done')"


def sdist(path: Path) -> str:
    """A source distribution whose build runs code; returns its address."""
    with tarfile.open(path, "w:gz") as archive:
        text = f'"harm was done" > "/tmp/x"\n{_RUNS}\n'.encode()
        member = tarfile.TarInfo("harm-1.0/setup.py")
        member.size = len(text)
        archive.addfile(member, BytesIO(text))
    return path.as_uri()


@pytest.mark.parametrize("written", ["harm @ {url}", "./harm", "--find-links={url}", "-e ./harm"])
def test_a_build_backend_s_requirements_run_no_code(written: str, hostile_unit: HostileUnit, tmp_path: Path) -> None:
    """What is no wheel would have to be built, by its own code."""
    required = json.dumps([written.format(url=sdist(tmp_path / "harm-1.0.tar.gz"))])
    hostile_unit.write("pyproject.toml", PYPROJECT.replace('["some-backend"]', required))
    hostile_unit.write("harm/setup.py", _RUNS)
    with pytest.raises(ConfigurationError, match=r"projects/orders/pyproject\.toml: build-system\.requires: '"):
        hostile_unit.build()
    assert "harm was done" not in hostile_unit.said


@pytest.mark.parametrize("written", ["harm @ {url}", "./harm", "--find-links={url}", "-e ./harm", "-r /etc/passwd"])
def test_a_cdk_app_s_libraries_run_no_code(written: str, hostile_unit: HostileUnit, tmp_path: Path) -> None:
    """Uv builds what is editable even where it is told to build nothing."""
    (hostile_unit.repository.folder / "projects/orders/template.yaml").unlink()
    hostile_unit.write("cdk.json", '{"app": "python app.py"}')
    hostile_unit.write("requirements-cdk.txt", written.format(url=sdist(tmp_path / "harm-1.0.tar.gz")))
    hostile_unit.write("harm/setup.py", _RUNS)
    with pytest.raises(ConfigurationError, match=r"projects/orders/requirements-cdk\.txt: (line 1: )?'"):
        hostile_unit.build()
    assert "harm was done" not in hostile_unit.said


def test_a_backend_that_asks_for_more_gets_no_code_run(hostile_unit: HostileUnit, tmp_path: Path) -> None:
    """Its question is the unit's to write."""
    url = sdist(tmp_path / "harm-1.0.tar.gz")
    text = PYPROJECT.replace('["some-backend"]', "[]").replace('"some_backend"', '"own"\nbackend-path = ["."]')
    hostile_unit.write("pyproject.toml", text)
    hostile_unit.write("own.py", f"def get_requires_for_build_wheel(settings=None): return ['harm @ {url}']\n")
    with pytest.raises(ConfigurationError, match=r"the build backend asks for: 'harm @ .*' is a folder, a file or"):
        hostile_unit.build()


def test_an_app_s_settings_of_uv_are_read_by_no_tool_that_fetches_after_it(hostile_unit: HostileUnit) -> None:
    """Uv reads them out of all folders above the one that it works in."""
    (hostile_unit.repository.folder / "projects/orders/template.yaml").unlink()
    hostile_unit.write("cdk.json", json.dumps({"app": f"{sys.executable} app.py"}))
    planted = 'index-url = "http://127.0.0.1:9/planted"\\n'
    hostile_unit.write(
        "app.py",
        f"""
import json, os
from pathlib import Path
for folder in Path(os.environ["CDK_OUTDIR"]).parents:
    for name in (folder, folder / ".." / "fetched", Path.home() / ".config" / "uv"):
        try:
            name.mkdir(parents=True, exist_ok=True)
            (name / "uv.toml").write_text('{planted}')
        except OSError:
            pass
out = Path(os.environ["CDK_OUTDIR"])
out.mkdir()
parameters, resources = {{"LayerKey": {{"Type": "String"}}}}, {{"Topic": {{"Type": "AWS::SNS::Topic"}}}}
(out / "t.json").write_text(json.dumps({{"Parameters": parameters, "Resources": resources}}))
stack = {{"type": "aws:cloudformation:stack", "properties": {{"templateFile": "t.json"}}}}
(out / "manifest.json").write_text(json.dumps({{"artifacts": {{"orders": stack}}}}))
""",
    )
    hostile_unit.write(
        "pyproject.toml",
        PYPROJECT.replace("some-backend", "hatchling").replace("some_backend", "hatchling.build"),
    )
    assert hostile_unit.build().manifest.requirements == ("six==1.16.0",)
    assert "127.0.0.1:9" not in hostile_unit.said


def test_requirements_that_are_no_wheels_are_not_built(hostile_unit: HostileUnit) -> None:
    """Not even those of the package index; uv says which."""
    hostile_unit.write("pyproject.toml", PYPROJECT.replace("some-backend", "pyspark==3.5.1"))
    with pytest.raises(BuildError, match=r"what the build backend requires .* cannot be had as wheels"):
        hostile_unit.build()
