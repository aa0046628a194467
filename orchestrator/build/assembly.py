"""Reads a CDK app's cloud assembly: its one stack, and the files that the stack's template refers to.

The CDK uploads files into a bucket of its own bootstrap stack. Here they are artifacts of the release, so references to
that bucket become references to the target's artifacts bucket, and no account has to be bootstrapped for CDK.

The app is the unit's and has written all of it: every path of it goes through `UntrustedFolder`.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from orchestrator.build.archive import zip_folder
from orchestrator.build.untrusted import Budget, UntrustedFolder
from orchestrator.config.unit import Unit
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases import layout
from orchestrator.releases.sha256 import sha256_of_file

_STACK, _NESTED, _ASSETS = "aws:cloudformation:stack", "cdk:cloud-assembly", "cdk:asset-manifest"
# The CDK refuses to deploy to accounts without its bootstrap stack by these; nothing of that stack is used here.
_BOOTSTRAP_PARAMETER, _BOOTSTRAP_RULE = "BootstrapVersion", "CheckBootstrapVersion"
_BUCKET = "ArtifactsBucket"
# An asset's ending becomes a part of an object's key.
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,16}")
_LARGEST_ASSETS = 1024**3


@dataclass(frozen=True)
class Asset:
    """A file that a template refers to.

    Attributes:
        home: the folder that it is in.
        path: what it is made of, in there.
        is_folder: whether it is published as a zip of that folder.
        bucket: how the CDK's template writes the bucket.
        key: how the CDK's template writes the key.
    """

    home: UntrustedFolder
    path: str
    is_folder: bool
    bucket: str
    key: str


@dataclass(frozen=True)
class Synthesized:
    """What a CDK app came to for one target.

    Attributes:
        stack: the name of the stack, as the app calls it.
        template: it refers to the release's artifacts.
        files: what is to be published, by key.
    """

    stack: str
    template: dict[str, Any]
    files: dict[str, Path]


def read_assembly(folder: UntrustedFolder, unit: Unit, into: Path) -> Synthesized:
    """Read the assembly.

    Args:
        folder: what the app was synthesized into.
        unit: the unit.
        into: an empty folder out of the app's reach, that gets what is to be published.

    Raises:
        ConfigurationError: it is no assembly, there is no such stack, or it needs what a release does not hold.
    """
    try:
        return _synthesized(folder, unit, into)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        # Anything may be missing, or of another type, in what a program of the unit has written.
        raise ConfigurationError(
            folder.file,
            f"what the app of {unit.name} wrote is not a cloud assembly: {type(error).__name__}: {error}. Let the CDK "
            "alone write it, in a version whose assemblies are JSON files with a manifest.json.",
        ) from error


def constructs_of(template: Mapping[str, Any]) -> dict[str, str]:
    """By resource of a CDK app's template, what messages call it: the construct's path where the CDK noted it."""
    resources = template.get("Resources")
    return {name: _construct(name, one) for name, one in (resources.items() if isinstance(resources, dict) else ())}


def _construct(name: str, resource: Any) -> str:
    metadata = resource.get("Metadata") if isinstance(resource, dict) else None
    path = metadata.get("aws:cdk:path") if isinstance(metadata, dict) else None
    return f"construct {path}" if isinstance(path, str) else f"resource {name}"


def _synthesized(folder: UntrustedFolder, unit: Unit, into: Path) -> Synthesized:
    file = folder.file
    stacks = {name: (home, artifact) for home, name, artifact in _stacks(folder)}
    stack = _chosen(stacks, unit.settings.stack, file)
    home, artifact = stacks[stack]
    template: dict[str, Any] = json.loads(home.read(artifact["properties"]["templateFile"]))
    assets, budget = list(_assets(home, artifact)), Budget(_LARGEST_ASSETS)
    keys = {asset.key: (asset, *_stored(asset, unit.name, into / str(n), budget)) for n, asset in enumerate(assets)}
    rewritten = _Rewriting({asset.bucket for asset in assets}, {key: stored for key, (_, stored, _) in keys.items()})
    document = rewritten.of(_without_bootstrap(template))
    if not isinstance(document, dict) or any(bucket in json.dumps(document) for bucket in rewritten.buckets):
        raise ConfigurationError(
            file,
            "the template names the CDK's own bucket in a way that cannot be led to the release's artifacts: refer to "
            "assets by the constructs' properties only.",
        )
    if assets:
        document.setdefault("Parameters", {}).setdefault(_BUCKET, {"Type": "String"})
    return Synthesized(stack, document, {stored: path for _, stored, path in keys.values()})


def _stacks(folder: UntrustedFolder) -> Iterator[tuple[UntrustedFolder, str, dict[str, Any]]]:
    """The stacks, also in nested assemblies: those are the app's stages. Each folder is read once, whoever names it."""
    waiting, seen = [folder], {folder}
    while waiting:
        home = waiting.pop()
        manifest = _manifest(home)
        _refuse_lookups(manifest.get("missing", []), folder.file)
        for name, artifact in manifest.get("artifacts", {}).items():
            if artifact["type"] == _STACK:
                yield home, name, artifact
            elif artifact["type"] == _NESTED:
                nested = home.below(artifact["properties"]["directoryName"])
                waiting += {nested} - seen
                seen.add(nested)


def _manifest(home: UntrustedFolder) -> dict[str, Any]:
    absent = f"{home.writer} wrote no cloud assembly: does it call app.synth()?"
    manifest: dict[str, Any] = json.loads(home.read("manifest.json", absent))
    return manifest


def _refuse_lookups(missing: list[dict[str, Any]], file: str) -> None:
    if missing:
        names = ", ".join(f"{one['provider']} ({one['key']})" for one in missing)
        raise ConfigurationError(
            file,
            f"the app looks something up in an account: {names}. A build has no credentials there: run 'cdk synth' "
            "with yours once, and commit the cdk.context.json that it writes.",
        )


def _chosen(stacks: Collection[str], wanted: str | None, file: str) -> str:
    names = ", ".join(sorted(stacks)) or "none"
    if wanted is not None:
        if wanted not in stacks:
            raise ConfigurationError(file, f"tool.orchestrator.stack = {wanted!r}: the app has the stacks {names}.")
        return wanted
    if len(stacks) != 1:
        raise ConfigurationError(
            file,
            f"the app has the stacks {names}, and a unit is one stack: name it with tool.orchestrator.stack, or make "
            "one by the context value 'orchestrator:environment'.",
        )
    return next(iter(stacks))


def _assets(home: UntrustedFolder, stack: dict[str, Any]) -> Iterator[Asset]:
    manifest = _manifest(home)
    for name in stack.get("dependencies", []):
        artifact = manifest["artifacts"].get(name, {})
        if artifact.get("type") != _ASSETS:
            continue
        listed = json.loads(home.read(artifact["properties"]["file"]))
        if images := listed.get("dockerImages"):
            names = ", ".join(sorted(str(one.get("displayName", key)) for key, one in images.items()))
            raise ConfigurationError(
                home.file,
                f"the stack needs container images: {names}. A release holds none: use Code.from_asset with a folder, "
                "or push the image to a registry and refer to it by its digest.",
            )
        for one in listed.get("files", {}).values():
            path = one["source"]["path"]
            if path == stack["properties"]["templateFile"]:
                continue
            if path.endswith(".template.json"):
                raise ConfigurationError(
                    home.file, f"{path} is a nested stack, which a unit cannot have: use one stack."
                )
            (destination,) = one["destinations"].values()
            is_folder = one["source"]["packaging"] == "zip"
            yield Asset(home, path, is_folder, destination["bucketName"], destination["objectKey"])


def _stored(asset: Asset, unit: str, into: Path, budget: Budget) -> tuple[str, Path]:
    """The key and the file of an asset: its name is the SHA-256 of what is published."""
    if asset.is_folder:
        asset.home.copy_folder(asset.path, into, budget)
        path = into.with_suffix(".zip")
        zip_folder(into, path)
    else:
        suffix = PurePosixPath(asset.path).suffix
        path = into.with_suffix(suffix if _SUFFIX.fullmatch(suffix) else "")
        asset.home.copy_file(asset.path, path, budget)
    return layout.asset_key(unit, sha256_of_file(path), path.suffix), path


def _without_bootstrap(template: dict[str, Any]) -> dict[str, Any]:
    kept = dict(template)
    for section, name in (("Parameters", _BOOTSTRAP_PARAMETER), ("Rules", _BOOTSTRAP_RULE)):
        rest = {key: value for key, value in kept.get(section, {}).items() if key != name}
        kept.pop(section, None)
        if rest:
            kept[section] = rest
    return kept


@dataclass(frozen=True)
class _Rewriting:
    """Puts the release's artifacts in the place of the CDK's.

    Attributes:
        buckets: how the CDK's bucket is written.
        keys: the keys of the CDK's files, and those of the release.
    """

    buckets: set[str]
    keys: dict[str, str]

    def of(self, value: Any) -> Any:
        """A part of a template, rewritten."""
        if isinstance(value, dict):
            text = value.get("Fn::Sub") if len(value) == 1 else None
            if isinstance(text, str):
                return {"Ref": _BUCKET} if text in self.buckets else {"Fn::Sub": self._within(text)}
            return {key: self.of(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.of(one) for one in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> Any:
        if text in self.buckets:
            return {"Ref": _BUCKET}
        if text in self.keys:
            return self.keys[text]
        if any(bucket in text for bucket in self.buckets):
            return {"Fn::Sub": self._within(text.replace("${", "${!"))}
        return self._with_keys(text)

    def _within(self, text: str) -> str:
        for bucket in self.buckets:
            text = text.replace(bucket, f"${{{_BUCKET}}}")
        return self._with_keys(text)

    def _with_keys(self, text: str) -> str:
        for old, new in self.keys.items():
            text = text.replace(old, new)
        return text
