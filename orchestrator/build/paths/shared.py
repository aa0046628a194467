"""The layer with code that units share: folders of the repository that a unit's settings name."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from orchestrator.build.folders.contents import FolderContents
from orchestrator.build.paths.assets import Assets
from orchestrator.build.paths.folders import LEFT_OUT_OF_PYTHON, packaged
from orchestrator.build.paths.sources import Sources
from orchestrator.build.paths.walk import resources
from orchestrator.errors import ConfigurationError
from orchestrator.releases.path_properties import BUCKET, LAYERS

SHARED_LAYER = "OrchestratorSharedCode"
"""The logical id of the layer."""
_LAYER, _ROOT, _PACKAGE = "AWS::Lambda::LayerVersion", "python", "__init__.py"


def shared_code(folders: Sequence[str], tree: Path, assets: Assets, file: str) -> str:
    """Add the layer's archive; returns its key.

    Args:
        folders: from the repository's root.
        tree: the exported sources.
        assets: takes the archive.
        file: where the folders are named, for messages.

    Raises:
        ConfigurationError: a folder is not there, or two have a file of the same name.
    """
    sources = Sources(tree, tree, file)
    files: dict[str, Path] = {}
    for folder in folders:
        path = sources.find(folder)
        if path is None or not path.is_dir():
            raise ConfigurationError(file, f"shared_code names {folder!r}, which is not a folder of the repository.")
        prefix = f"{_ROOT}/{path.name}" if (path / _PACKAGE).is_file() else _ROOT
        for name, part in packaged(path, sources, LEFT_OUT_OF_PYTHON).files.items():
            if files.setdefault(f"{prefix}/{name}", part) != part:
                raise ConfigurationError(
                    file, f"shared_code names folders that all have {name!r}: one layer cannot hold both. Rename one."
                )
    return assets.folder(FolderContents(dict(sorted(files.items())), ()), ", ".join(folders))


def add_shared_code(document: dict[str, Any], key: str, functions: Collection[str], file: str) -> dict[str, Any]:
    """Give functions the layer; returns the template.

    Args:
        document: the template, which is changed.
        key: of the layer's archive.
        functions: those that get it.
        file: the template's path, for messages.

    Raises:
        ConfigurationError: a function's `Layers` are not a list, or the layer's name is taken.
    """
    getting = [one for one in resources(document) if one.name in functions]
    if not getting:
        return document
    problems = [
        f"{one.place}.Properties.Layers must be a list, so that the layer of shared_code can be added to it."
        for one in getting
        if not isinstance(one.properties.get("Layers", []), list)
    ]
    if SHARED_LAYER in document["Resources"]:
        problems.append(f"Resources.{SHARED_LAYER}: the layer of shared_code gets this name. Choose another one.")
    if problems:
        raise ConfigurationError(file, *problems)
    for one in getting:
        one.properties["Layers"] = [*one.properties.get("Layers", []), {"Ref": SHARED_LAYER}]
    layer = {
        "Type": _LAYER,
        # Deployments are limited to names that begin with the stack's.
        "Properties": {"LayerName": {"Fn::Sub": "${AWS::StackName}-shared"}, "Content": LAYERS[_LAYER].of(key)},
    }
    declared = {BUCKET: {"Type": "String"}, **document.get("Parameters", {})}
    return {**document, "Parameters": declared, "Resources": {**document["Resources"], SHARED_LAYER: layer}}
