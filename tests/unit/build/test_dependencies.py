"""Locks and layers, with a uv that asks no index."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.build.dependencies import Lock, install_layer, lock, platform_tag
from orchestrator.build.run import Commands
from orchestrator.build.uv import Uv
from orchestrator.config.organization import Lambda
from orchestrator.errors import BuildError
from tests.unit.build.fakes import COMMITTED_AT, confined, fake_uv

HASH = "    --hash=sha256:00\n"
_NAMES = st.from_regex(r"[a-z]{1,5}(-[a-z]{1,3})?", fullmatch=True)


@pytest.fixture
def uv(machine: Path, tmp_path: Path) -> Uv:
    """The fake uv, as of a commit."""
    tools = fake_uv(machine)
    return Uv(
        Commands("orders", tmp_path / "log", tools.environment, 30, confined(tmp_path)),
        tools.uv,
        tools.python,
        COMMITTED_AT,
    )


@pytest.mark.parametrize(
    ("python", "architecture", "tag"),
    [
        ("3.11", "x86_64", "x86_64-manylinux2014"),
        ("3.11", "arm64", "aarch64-manylinux2014"),
        ("3.12", "x86_64", "x86_64-manylinux_2_34"),
        ("3.14", "arm64", "aarch64-manylinux_2_34"),
    ],
)
def test_wheels_are_chosen_for_the_c_library_of_the_runtime(python: str, architecture: str, tag: str) -> None:
    """Amazon Linux 2 up to python3.11, Amazon Linux 2023 after it."""
    assert platform_tag(Lambda.model_validate({"python": python, "architecture": architecture})) == tag


def test_a_lock_is_sorted_and_carries_hashes(uv: Uv, tmp_path: Path) -> None:
    """The requirements are its lines without hashes."""
    locked = lock(uv, ["b==2", "a==1"], Lambda(), tmp_path)
    assert locked.requirements == ("a==1", "b==2")
    assert locked.text.startswith("a==1 \\\n    --hash=sha256:")


def test_an_index_without_upload_dates_is_asked_as_of_now(uv: Uv, machine: Path, tmp_path: Path) -> None:
    """And the log says so."""
    (machine / "no-dates").touch()
    assert lock(uv, ["a==1"], Lambda(), tmp_path).requirements == ("a==1",)
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "--exclude-newer 2026-06-01T12:00:00Z" in log
    assert "does not say when files were uploaded: looking up as of now" in log


@pytest.mark.parametrize(
    "said",
    [
        "Because numpy==9 has no wheels with a matching platform tag (e.g., `manylinux_2_34_x86_64`) and you require",
        "Because numpy==9 has no usable wheels and you require numpy==9, we can conclude",
        "Because numpy>=1 has no wheels with a matching Python ABI tag",
        "Because only numpy==9 is available and numpy==9 has no usable wheels",
    ],
)
def test_a_dependency_without_a_wheel_is_named(said: str, uv: Uv, machine: Path, tmp_path: Path) -> None:
    """With the platform and the ways out."""
    (machine / "fail-compile").write_text(f"error: No solution found\n  cause: {said}\n", encoding="utf-8")
    with pytest.raises(
        BuildError, match=r": numpy cannot be used, because there is no wheel for Python 3\.13"
    ) as raised:
        lock(uv, ["numpy==9"], Lambda(), tmp_path)
    assert "No solution found" in raised.value.log


def test_dependencies_that_contradict_each_other_are_reported_in_uvs_words(
    uv: Uv, machine: Path, tmp_path: Path
) -> None:
    """It explains them better than we could."""
    (machine / "fail-compile").write_text("you require a<1 and a>2", encoding="utf-8")
    with pytest.raises(BuildError, match=r"cannot be had for Python 3\.13.*pyproject\.toml\.\nyou require a<1 and a>2"):
        lock(uv, ["a<1", "a>2"], Lambda(), tmp_path)


@given(st.dictionaries(_NAMES, st.integers(0, 9), min_size=1, max_size=5), st.integers(1, 4))
def test_more_hashes_of_the_same_versions_are_the_same_layer(pins: dict[str, int], hashes: int) -> None:
    """A wheel for another platform, uploaded later, must not make a new layer."""
    text = "".join(f"{name}=={number} \\\n{HASH}" for name, number in pins.items())
    more = "".join(f"{name}=={number} \\\n{HASH * hashes}" for name, number in pins.items())
    assert Lock(text, Lambda()).sha256 == Lock(more, Lambda()).sha256
    assert Lock(text, Lambda()).sha256 != Lock(text.replace("==", "==1"), Lambda()).sha256


def test_another_platform_is_another_layer() -> None:
    """Its wheels differ."""
    text = f"a==1 \\\n{HASH}"
    assert Lock(text, Lambda()).sha256 != Lock(text, Lambda(architecture="arm64")).sha256


def test_the_list_of_a_packages_files_names_only_what_is_in_the_layer(uv: Uv, tmp_path: Path) -> None:
    """A program in `bin` names this machine's interpreter, so that its hash would differ elsewhere."""
    info = tmp_path / "layer" / "python" / "a-1.dist-info"
    info.mkdir(parents=True)
    (info / "uv_cache.json").write_text("{}", encoding="utf-8")
    rows = ["a.py,sha256=x,1", "a-1.dist-info/RECORD,,", "a-1.dist-info/uv_cache.json,sha256=y,2", "bin/a,sha256=z,3"]
    (info / "RECORD").write_text("\n".join(rows), encoding="utf-8")
    install_layer(uv, Lock(f"a==1 \\\n{HASH}", Lambda()), tmp_path)
    assert (info / "RECORD").read_text(encoding="utf-8") == "a-1.dist-info/RECORD,,\na.py,sha256=x,1\n"
    assert not (info / "uv_cache.json").exists()


def test_a_layer_that_lambda_would_refuse_is_refused_first(uv: Uv, tmp_path: Path) -> None:
    """Zeros, so that the archive itself is small."""
    big = tmp_path / "layer" / "python" / "big"
    big.parent.mkdir(parents=True)
    with big.open("wb") as file:
        file.truncate(262_144_001)
    with pytest.raises(BuildError, match=r"the layer takes 262,144,\d+ bytes unzipped, and Lambda allows 262,144,000"):
        install_layer(uv, Lock(f"a==1 \\\n{HASH}", Lambda()), tmp_path)
