"""A layer of Python packages that a template builds: what a list of requirements names, and the folder's own files."""

import zipfile
from pathlib import Path

from orchestrator.build.folders.contents import folder_contents
from orchestrator.build.folders.exclusions import PYTHON_EXCLUDED
from orchestrator.build.functions.package import Package, Reproducibility
from orchestrator.build.functions.python import Python
from orchestrator.build.functions.source import Source
from orchestrator.build.layer import ROOT
from orchestrator.build.rawzip import RawZipWriter
from orchestrator.config.platform import Platform

_METHOD, _PREFIX = "python packages", "python"
_FILE, _PROGRAM, _EXECUTABLE, _MODE = 0o644, 0o755, 0o100, 0o777


def make_layer(source: Source, python: Python, into: Path) -> Package:
    """Make it; of two files of one name, the folder's own stays, as `sam build` copies it last.

    Args:
        source: a layer whose build method is a Python runtime.
        python: brings what its list names.
        into: the archive.

    Raises:
        BuildError: a requirement cannot be had.
        ConfigurationError: the list is not valid.
    """
    platform = Platform(source.method.removeprefix(_PREFIX), source.processor)
    packed = into.with_name("dependencies.zip")
    published = python.dependencies(source.folder, platform, packed)
    contents = folder_contents(python.tree / source.folder, python.tree, PYTHON_EXCLUDED)
    own = {f"{ROOT}/{name}": path for name, path in contents.files.items()}
    with zipfile.ZipFile(packed) as archive, RawZipWriter(into) as layer:
        entries = {entry.filename: entry for entry in archive.infolist()}
        for name in sorted({*own, *entries}):
            if name in own:
                mode = _PROGRAM if own[name].stat().st_mode & _EXECUTABLE else _FILE
                layer.write(name, mode, own[name].read_bytes())
            else:
                layer.copy(name, entries[name].external_attr >> 16 & _MODE, archive, entries[name])
    return Package(into, _METHOD, Reproducibility(), published)
