"""Folders that a unit's programs have filled with what does harm, and that are copied out of their reach."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.build.scratch import remove, scratch_folder
from orchestrator.build.untrusted import Budget, UntrustedFolder
from orchestrator.errors import ConfigurationError

_MIB = 1024**2


@pytest.fixture
def folder(tmp_path: Path) -> UntrustedFolder:
    """A folder `work/out` with a file in it."""
    (tmp_path / "work" / "out").mkdir(parents=True)
    (tmp_path / "work" / "out" / "file").write_text("mine")
    (tmp_path / "secret").write_text("stolen")
    return UntrustedFolder(tmp_path / "work", ("out",), "the app of orders", "projects/orders/cdk.json", "Be good.")


def deep(folder: Path, levels: int) -> None:
    """Make a tree that no path is long enough for."""
    descriptor = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("a" * 200, dir_fd=descriptor)  # pathlib has none for an open folder.
        inner = os.open("a" * 200, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)


def test_files_and_folders_are_copied_with_whether_they_are_programs(folder: UntrustedFolder, tmp_path: Path) -> None:
    """So what the other tests refuse is refused for what they add."""
    program = tmp_path / "work" / "out" / "bin" / "run"
    program.parent.mkdir()
    program.write_text("#!/bin/sh")
    program.chmod(0o700)
    folder.below("bin").copy_file("run", tmp_path / "run", Budget(_MIB))
    UntrustedFolder(tmp_path, ("work",), "x", "y", "z").copy_folder("out", tmp_path / "copy", Budget(_MIB))
    assert (tmp_path / "copy" / "file").read_text() == "mine"
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "run", tmp_path / "copy" / "bin" / "run")] == [
        0o755
    ] * 2
    assert folder.names() == ["bin", "file"]


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (
            lambda out: (out / "x").symlink_to("../../secret"),
            "'out/x' in what the app of orders wrote cannot be opened",
        ),
        (lambda out: os.mkfifo(out / "x"), "'out/x' .* is no regular file"),
        (lambda out: deep(out, 30), r"cannot be copied \(File name too long\)"),
        (lambda out: (out / "/".join("a" * 120)).mkdir(parents=True), "lies more than 100 folders deep"),
        (lambda out: (out / "a\nb").touch(), r"'out/a\\nb' .* has a name that no archive should hold"),
        (lambda out: Path(os.fsdecode(os.fsencode(out) + b"/\xff")).touch(), "has a name that no archive should hold"),
        (lambda out: os.truncate(_touched(out / "x"), 1 << 40), "is too large, alone or with what was copied before"),
        (lambda out: [(out / f"{one}").touch() for one in range(50)], "is one of more than"),
    ],
)
def test_what_does_harm_is_refused_by_name(
    harm: Callable[[Path], object], said: str, folder: UntrustedFolder, tmp_path: Path
) -> None:
    """Links, pipes, and whatever has no end."""
    harm(tmp_path / "work" / "out")
    whole = replace(folder, parts=())
    with pytest.raises(ConfigurationError, match=said) as raised:
        whole.copy_folder("out", tmp_path / "copy", Budget(_MIB, files=130 if "deep" in said else 40))
    assert str(raised.value).endswith("Be good.")


def test_what_is_written_replaces_a_link_and_does_not_follow_it(folder: UntrustedFolder, tmp_path: Path) -> None:
    """Else a unit's program could have any file of the build's user written."""
    (tmp_path / "work" / "out" / "file").unlink()
    (tmp_path / "work" / "out" / "file").symlink_to(tmp_path / "secret")
    folder.write("file", b"new")
    assert (tmp_path / "work" / "out" / "file").read_text() == "new"
    assert not (tmp_path / "work" / "out" / "file").is_symlink()
    assert (tmp_path / "secret").read_text() == "stolen"


def test_nothing_is_written_behind_a_folder_that_became_a_link(folder: UntrustedFolder, tmp_path: Path) -> None:
    """A name of the way may be a link, too."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "work" / "out" / "inner").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="is a symbolic link"):
        folder.write("inner/file", b"new")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_scratch_folder_goes_however_deep_and_closed_it_is(tmp_path: Path) -> None:
    """Deeper than paths are long and files can be open."""
    with scratch_folder("orchestrator-test-") as scratch:
        deep(scratch, 1_500)
        (scratch / "closed" / "inner").mkdir(parents=True)
        (scratch / "closed" / "inner" / "file").touch()
        (scratch / "closed" / "inner").chmod(0)
        (scratch / "closed").chmod(0)
        (scratch / "0").symlink_to(tmp_path)
    assert not scratch.exists()
    assert tmp_path.is_dir()
    with pytest.raises(FileNotFoundError):
        remove(scratch)


def _touched(path: Path) -> Path:
    path.touch()
    return path
