"""Commands that are loaded when they are called."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.cli.commands import MODULES, load, summary


@pytest.mark.parametrize("name", MODULES)
def test_help_says_of_every_command_what_the_command_says_of_itself(name: str) -> None:
    """The one reads the source, the other runs it."""
    command = load(name)
    assert command.name == name
    assert (command.help or "").split("\n", 1)[0] == summary(name)


def test_every_module_that_registers_commands_is_listed() -> None:
    """A command that nobody can call would not be noticed."""
    code = (
        "import pkgutil, importlib, orchestrator.cli as cli\n"
        "for one in pkgutil.iter_modules(cli.__path__):\n"
        "    if hasattr(importlib.import_module(f'orchestrator.cli.{one.name}'), 'register'): print(one.name)\n"
    )
    assert set(_python(code).split()) == set(MODULES.values())


def test_help_imports_neither_boto3_nor_pydantic_nor_rich() -> None:
    """Each takes longer than all of help may."""
    code = (
        "import sys\nfrom orchestrator.cli.main import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([name for name in ('boto3', 'botocore', 'pydantic', 'rich') if name in sys.modules])"
    )
    assert _python(code).splitlines()[-1] == "[]"


def test_an_unknown_command_is_refused_with_the_one_that_is_like_it() -> None:
    """With the exit code of a wrong request."""
    command = [sys.executable, "-m", "orchestrator.cli.main", "biuld"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Did you mean 'build'?" in done.stderr


def test_a_command_that_is_interrupted_ends_with_130(tmp_path: Path) -> None:
    """Without a stack trace; this one waits for a file that nobody writes."""
    pipe = tmp_path / "train.toml"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "orchestrator.cli.main", "train", "start", "--file", str(pipe)]
    # Opening it to write waits until it is opened to be read.
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process, pipe.open("w"):
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    assert (process.returncode, said) == (130, "")


def _python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
