"""Bills of materials, judged by CycloneDX's own schema."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from orchestrator.build.sbom import Bom, Subject, bom_json, layer_bom, release_bom
from orchestrator.releases.artifact import Artifact
from tests.unit.build.fakes import PLATFORM

LOCK = f"""\
Flask_Thing==3.0 \\
    --hash=sha256:{"a" * 64} \\
    --hash=sha256:{"b" * 64}
colors==0.4 \\
    --hash=sha256:{"c" * 64}
plain==1
werk==2.0.0
"""
METADATA = {
    "flask_thing-3.0": """Name: flask-thing
License-Expression: MIT OR Apache-2.0
Requires-Dist: werk>=2
Requires-Dist: colors; sys_platform == "win32"
Requires-Dist: plain; extra == "more"
Requires-Dist: not-there
""",
    "colors-0.4": "Name: colors\nLicense: BSD\n",
    "werk-2.0.0": """Name: Werk
Classifier: License :: OSI Approved :: BSD License
License: a long text
 over two lines
Requires-Dist: colors; python_version >= "3.12" and platform_machine == "x86_64"
""",
}
RELEASE = Subject("orders", "0.1.0", "d" * 64, {"digest": "e", "python": "3.13"})


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Bom:
    """A layer's bill of materials."""
    path = tmp_path_factory.mktemp("layer") / "layer.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for folder, text in METADATA.items():
            archive.writestr(f"python/{folder}.dist-info/METADATA", text)
    return layer_bom(path, LOCK, Subject("orders-layer", "1", "", {}), PLATFORM)


@pytest.fixture
def bundled(tmp_path: Path) -> Path:
    """An asset that a CDK app has made of a function with its packages."""
    path = tmp_path / "asset.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("handler.py", "")
        archive.writestr("colors-0.4.dist-info/METADATA", "Name: Colors\nVersion: 0.4\nLicense: BSD\n")
    return path


def by_name(bom: Bom) -> dict[str, Any]:
    """The components by name."""
    return {one["name"]: one for one in bom["components"]}


def test_it_satisfies_the_schema_with_and_without_a_layer(layer: Bom, bundled: Path) -> None:
    """Strictly: no key that the standard does not know."""
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    asset = Artifact(key="projects/orders/assets/a.zip", sha256="f" * 64, size=1)
    for bom in (layer, release_bom(RELEASE, [layer], {"uv": "1"}, [(asset, bundled)]), release_bom(RELEASE, [], {})):
        assert validator.validate_str(bom_json(bom).decode()) is None


def test_components_have_versions_hashes_and_licences(layer: Bom) -> None:
    """As an expression where there is one, else by name; a whole text is left out."""
    found = by_name(layer)
    assert {name: (one["purl"], one["licenses"]) for name, one in found.items()} == {
        "flask-thing": ("pkg:pypi/flask-thing@3.0", [{"expression": "MIT OR Apache-2.0"}]),
        "colors": ("pkg:pypi/colors@0.4", [{"license": {"name": "BSD"}}]),
        "plain": ("pkg:pypi/plain@1", []),
        "werk": ("pkg:pypi/werk@2.0.0", [{"license": {"name": "BSD License"}}]),
    }
    assert [one["content"] for one in found["flask-thing"]["hashes"]] == ["a" * 64, "b" * 64]


def test_it_says_what_needs_what_on_the_platform(layer: Bom) -> None:
    """Markers count, extras nobody asked for do not; the unit needs what nothing else does."""
    needs = {one["ref"]: one["dependsOn"] for one in release_bom(RELEASE, [layer], {})["dependencies"]}
    assert needs == {
        "orders@0.1.0": ["pkg:pypi/flask-thing@3.0", "pkg:pypi/plain@1"],
        "pkg:pypi/colors@0.4": [],
        "pkg:pypi/flask-thing@3.0": ["pkg:pypi/werk@2.0.0"],
        "pkg:pypi/werk@2.0.0": ["pkg:pypi/colors@0.4"],
    }


def test_equal_releases_have_equal_bytes_and_others_another_number(layer: Bom) -> None:
    """The serial number follows from the content."""
    first, again = (release_bom(RELEASE, [json.loads(bom_json(layer))], {"uv": "1"}) for _ in range(2))
    other = release_bom(RELEASE, [layer], {"uv": "2"})
    assert bom_json(first) == bom_json(again)
    assert first["serialNumber"] != other["serialNumber"]
    assert "timestamp" not in first["metadata"]


def test_what_is_installed_in_an_asset_is_listed_with_it(bundled: Path, tmp_path: Path) -> None:
    """Beside what the layer holds: it may be another version of the same. Of other files there is nothing to list."""
    plain, broken = tmp_path / "data.txt", tmp_path / "broken.zip"
    plain.write_text("x", encoding="utf-8")
    broken.write_bytes(bundled.read_bytes().replace(b"Name: Colors", b"Name: Colour"))
    assets = [(Artifact(key=path.name, sha256="f" * 64, size=1), path) for path in (bundled, plain, broken)]
    found = by_name(release_bom(RELEASE, [], {}, assets))
    (package,) = found["asset.zip"]["components"]
    assert (package["name"], package["version"]) == ("colors", "0.4")
    assert (package["purl"], package["licenses"]) == ("pkg:pypi/colors@0.4", [{"license": {"name": "BSD"}}])
    assert "components" not in found["data.txt"]
    assert "components" not in found["broken.zip"]
