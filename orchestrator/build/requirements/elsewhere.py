"""Files that declare dependencies for other tools, and that no layer is made of: each is told by name."""

import ast
import configparser
import re
from collections.abc import Iterator
from pathlib import Path

from orchestrator.build.exported import Exported
from orchestrator.build.requirements.pipenv import PIPFILE, PIPFILE_LOCK
from orchestrator.config.load import parse_toml
from orchestrator.config.unit import FILE_NAME
from orchestrator.source.reading import within

SETUP_PY, SETUP_CFG = "setup.py", "setup.cfg"
_CONDA = ("environment.yml", "environment.yaml")
# CloudFormation has files of that name, too.
_CONDA_LIST = re.compile(rb"^dependencies:", re.MULTILINE)
_KEY = "install_requires"
_PROJECT = (
    '[project] with name, version and dynamic = ["dependencies"], and [build-system] with requires = ["setuptools"] '
    'and build-backend = "setuptools.build_meta"'
)


def declaring_elsewhere(exported: Exported, folder: str) -> dict[str, str]:
    """Find files of a folder that declare dependencies, and are neither a list nor a lock.

    Returns:
        By name of the file, why no layer is made of it, and what to write.
    """
    paths = {name: exported.find(within(folder, name)) for name in (PIPFILE, SETUP_PY, SETUP_CFG, *_CONDA, FILE_NAME)}
    found = {name: path for name, path in paths.items() if path is not None}
    if exported.find(within(folder, PIPFILE_LOCK)):
        found.pop(PIPFILE, None)
    return {name: why for name, path in found.items() for why in _why(name, path)}


def setuptools_files(exported: Exported, folder: str) -> list[str]:
    """The files of a folder that declare dependencies for setuptools, by name."""
    return [name for name in declaring_elsewhere(exported, folder) if name in (SETUP_PY, SETUP_CFG)]


def _why(name: str, path: Path) -> Iterator[str]:
    if name == PIPFILE:
        yield "has no Pipfile.lock beside it: run 'pipenv lock' and commit that file."
    elif name == FILE_NAME and _has_flit(path):
        yield (
            "declares dependencies in [tool.flit.metadata], and has no [project]: write [project] with name, version "
            "and dependencies, as 'flit init' does today; or list them in requirements.txt, beside the code."
        )
    elif name in _CONDA and _CONDA_LIST.search(path.read_bytes()):
        yield (
            "is an environment of conda, and a layer is made of wheels of a package index: list its packages in "
            "requirements.txt."
        )
    elif (name == SETUP_PY and _calls_for(path.read_bytes())) or (name == SETUP_CFG and _lists(path)):
        yield (
            f"declares {_KEY}, which only its wheel tells: write a pyproject.toml with {_PROJECT}; or list them in "
            "requirements.txt, beside the code."
        )


def _has_flit(path: Path) -> bool:
    document = parse_toml(path.read_bytes(), path.name)
    flit = document.get("tool", {}).get("flit", {})
    return "project" not in document and bool(flit.get("metadata", {}).get("requires"))


def _calls_for(source: bytes) -> bool:
    """Whether a `setup.py` passes `install_requires`; what cannot be read counts when it names it."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _KEY.encode() in source
    keywords = [node for node in ast.walk(tree) if isinstance(node, ast.keyword)]
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value == _KEY]
    return bool(constants) or any(one.arg == _KEY and not _is_empty(one.value) for one in keywords)


def _is_empty(value: ast.expr) -> bool:
    return isinstance(value, ast.List | ast.Tuple) and not value.elts


def _lists(path: Path) -> bool:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(path.read_text(encoding="utf-8-sig"))
    except (configparser.Error, UnicodeDecodeError):
        return False
    keys = (_KEY, _KEY.replace("_", "-"))
    return any(parser.get("options", key, fallback="").strip() for key in keys)
