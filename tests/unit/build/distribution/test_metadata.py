"""What a wheel's own metadata says."""

import zipfile
from pathlib import Path

import pytest

from orchestrator.build.declared import Declared, Lock
from orchestrator.build.distribution.metadata import read_metadata
from orchestrator.build.distribution.requirements import check_requirements, wheel_dependencies
from orchestrator.config.platform import Platform
from orchestrator.errors import ArtifactError, ConfigurationError
from tests.unit.build.fakes import PLATFORM

_FILE = "projects/orders/pyproject.toml"
_HEAD = "Metadata-Version: 2.1\nName: orders\nVersion: 1.0\n"


def wheel(folder: Path, *lines: str, head: str = _HEAD, name: str = "orders-1.0.dist-info/METADATA") -> Path:
    """A wheel whose metadata has some more lines."""
    path = folder / "orders-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, head + "".join(f"{line}\n" for line in lines) + "\nRequires-Dist: of the description\n")
        archive.writestr("orders/_vendor/six-1.0.dist-info/METADATA", "")
    return path


def checked(folder: Path, requires: str, *, locked: str = "a==1.0 b==2.0rc1", declared: tuple[str, ...] = ()) -> str:
    """What is said of a wheel that requires something, beside a layer."""
    lock = Lock("".join(f"{one} --hash=sha256:{'0' * 64}\n" for one in locked.split()), PLATFORM)
    unit = Declared("projects/orders", "1.0", declared, "project.dependencies of pyproject.toml")
    try:
        check_requirements(wheel(folder, f"Requires-Dist: {requires}"), unit, [lock], [PLATFORM], _FILE)
    except ConfigurationError as problem:
        return str(problem)
    return ""


def test_dependencies_are_those_without_extras(tmp_path: Path) -> None:
    """Old and new ways to write them; of the description, nothing is taken."""
    lines = ("a (>=1,<2)", "b[x]; sys_platform == 'win32'", "c; extra == 'test'", "a (>=1,<2)")
    found = wheel_dependencies(wheel(tmp_path, *(f"Requires-Dist: {one}" for one in lines)), _FILE)
    assert found == ("a<2,>=1", 'b[x]; sys_platform == "win32"')


@pytest.mark.parametrize(
    ("requires", "said"),
    [
        ("a", ""),
        ("A>=1,<2", ""),
        ("b>=2.0rc1", ""),
        ("c; sys_platform == 'win32'", ""),
        ("c; extra == 'test'", ""),
        ("a>=1.1", "the wheel requires 'a>=1.1' (Requires-Dist), and a was locked to 1.0. Locked was what project.dep"),
        ("c>=3", "the wheel requires 'c>=3' (Requires-Dist), and c was not locked. Locked was what project.dep"),
        ("a[x]", "the wheel requires 'a[x]' (Requires-Dist), and what was locked has no extra x."),
    ],
)
def test_a_layer_must_have_what_the_wheel_asks_for(requires: str, said: str, tmp_path: Path) -> None:
    """On the platform, and whoever declared it."""
    text = checked(tmp_path, requires)
    assert text == "" if not said else text.startswith(f"{_FILE}: {said}")


def test_an_extra_that_was_declared_was_locked(tmp_path: Path) -> None:
    """Spelled in any way."""
    assert checked(tmp_path, "a[Some_Extra]", declared=("a[some-extra]",)) == ""
    assert "no extra other" in checked(tmp_path, "a[other]", declared=("a[some-extra]",))


def test_a_wheel_that_another_python_is_for_is_refused(tmp_path: Path) -> None:
    """Each runtime is named once."""
    old, unit = Platform("3.11", "arm64"), Declared("", "1", (), "x")
    with pytest.raises(ConfigurationError) as caught:
        check_requirements(wheel(tmp_path, "Requires-Python: >=3.12"), unit, [], [old, PLATFORM, old], _FILE)
    assert str(caught.value) == (
        f"{_FILE}: the wheel requires Python >=3.12 (Requires-Python), which excludes python3.11, the runtime of a "
        "function: change one of the two."
    )


def test_what_is_no_package_of_an_index_is_refused(tmp_path: Path) -> None:
    """A build backend may have read it anywhere."""
    with pytest.raises(ConfigurationError, match=r"the wheel requires 'a @ git\+https://nowhere\.invalid/a' is a fol"):
        wheel_dependencies(wheel(tmp_path, "Requires-Dist: a @ git+https://nowhere.invalid/a"), _FILE)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (_HEAD, "orders/METADATA"),
        ("Name: orders\n", "orders-1.0.dist-info/METADATA"),
        (_HEAD.replace("1.0", "newest"), "orders-1.0.dist-info/METADATA"),
        (f"{_HEAD}Requires-Dist: a b\n", "orders-1.0.dist-info/METADATA"),
        (f"{_HEAD}Requires-Python: newest\n", "orders-1.0.dist-info/METADATA"),
    ],
)
def test_a_wheel_without_valid_metadata_is_refused(head: str, name: str, tmp_path: Path) -> None:
    """Whatever wrote it."""
    with pytest.raises(ArtifactError, match=r"orders-1\.0-py3-none-any\.whl"):
        read_metadata(wheel(tmp_path, head=head, name=name))
