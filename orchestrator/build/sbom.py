"""Software bills of materials, CycloneDX 1.6: of a layer once, and of every release out of its layer's.

They hold no time and no random number: the same release has the same bytes. Licences and what needs what are read from
the packages' own metadata in the layer, versions and hashes from the lock that the layer was made of.
"""

import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from orchestrator.build.requirements.pins import Pin, pins
from orchestrator.build.runtime import marker_environment
from orchestrator.config.platform import Platform
from orchestrator.frozen import dataclass
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.publishing import damaged
from orchestrator.releases.sha256 import sha256_of

_SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"
# Of serial numbers: an arbitrary number, for good.
_NAMESPACE = UUID("7c1f6b7e-3a35-5c61-9a06-2f4f6f8e2f11")
_METADATA = ".dist-info/METADATA"
_LONGEST_LICENCE = 64
# Bytes; what is longer is none.
_LONGEST_METADATA = 4 * 1024**2
Bom = dict[str, Any]


@dataclass(frozen=True)
class Subject:
    """What a bill of materials is of.

    Attributes:
        name: such as `orders`.
        version: such as `0.2.1`.
        sha256: of the archive; empty leaves it out.
        facts: more about it.
    """

    name: str
    version: str
    sha256: str
    facts: Mapping[str, str]

    @property
    def component(self) -> dict[str, Any]:
        """It as a component; it has no package URL, because no index has it."""
        return {
            "type": "application",
            "bom-ref": f"{self.name}@{self.version}",
            "name": self.name,
            "version": self.version,
            "hashes": [{"alg": "SHA-256", "content": one} for one in (self.sha256,) if one],
            "properties": [{"name": f"orchestrator:{key}", "value": one} for key, one in sorted(self.facts.items())],
        }


def layer_bom(archive: Path, lock: str, subject: Subject, platform: Platform) -> Bom:
    """The bill of materials of a layer.

    Args:
        archive: the layer.
        lock: the requirements, with hashes, that it was made of.
        subject: the layer.
        platform: what it is for.
    """
    known = _metadata(archive)
    components = [_component(pin, known.get(pin.name, Message())) for pin in pins(lock)]
    references: dict[str, str] = {one["name"]: one["bom-ref"] for one in components}
    needs = [
        {"ref": references[name], "dependsOn": _needed(metadata, references, platform)}
        for name, metadata in sorted(known.items())
        if name in references
    ]
    return _bom(subject, components, needs)


def release_bom(
    subject: Subject, layers: Sequence[Bom], tools: Mapping[str, str], assets: Iterable[tuple[Artifact, Path]] = ()
) -> Bom:
    """The bill of materials of a release: the unit, what its layers hold, and what its templates refer to.

    Args:
        subject: the unit's wheel.
        layers: the layers' bills of materials.
        tools: what it was built with, names and versions.
        assets: of a CDK app, each with the file that it was published from.
    """
    files = [_asset(one, path) for one, path in assets]
    made = _bom(subject, [*_together(layers), *files], _needs(layers))
    made["metadata"]["tools"] = {
        "components": [{"type": "application", "name": name, "version": one} for name, one in sorted(tools.items())]
    }
    return _numbered(made)


def _together(layers: Iterable[Bom]) -> list[dict[str, Any]]:
    """The packages of all layers; one that several have in the same version has the files of all of them."""
    packages: dict[str, dict[str, Any]] = {}
    for package in (package for layer in layers for package in layer["components"]):
        known = packages.setdefault(package["bom-ref"], {**package, "hashes": []})
        known["hashes"] = [*known["hashes"], *(one for one in package["hashes"] if one not in known["hashes"])]
    return list(packages.values())


def _needs(layers: Iterable[Bom]) -> list[dict[str, Any]]:
    """What the packages need on any platform."""
    needs: dict[str, set[str]] = {}
    for layer in layers:
        for one in layer["dependencies"]:
            if one["ref"] != _ref(layer):
                needs.setdefault(one["ref"], set()).update(one["dependsOn"])
    return [{"ref": name, "dependsOn": sorted(needed)} for name, needed in needs.items()]


def bom_json(bom: Bom) -> bytes:
    """A bill of materials as stored."""
    return (json.dumps(bom, indent=2, ensure_ascii=False) + "\n").encode()


def read_bom(text: bytes, location: str) -> Bom:
    """Read it back.

    Raises:
        ArtifactError: it is none.
    """
    try:
        bom: Bom = json.loads(text)
    except ValueError as error:
        raise damaged(location, "bill of materials", str(error)) from error
    return bom


def _bom(subject: Subject, components: list[dict[str, Any]], needs: list[dict[str, Any]]) -> Bom:
    needed = {ref for one in needs for ref in one["dependsOn"]}
    top = [one["bom-ref"] for one in components if one["bom-ref"] not in needed]
    bom = {
        "$schema": _SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "",
        "version": 1,
        "metadata": {"component": subject.component},
        "components": components,
        "dependencies": [{"ref": subject.component["bom-ref"], "dependsOn": top}, *needs],
    }
    return _numbered(bom)


def _numbered(bom: Bom) -> Bom:
    """With the serial number that follows from all the rest."""
    rest = json.dumps({**bom, "serialNumber": ""}, sort_keys=True)
    return {**bom, "serialNumber": f"urn:uuid:{uuid5(_NAMESPACE, sha256_of(rest.encode()))}"}


def _ref(bom: Bom) -> str:
    return str(bom["metadata"]["component"]["bom-ref"])


def _component(pin: Pin, metadata: Message) -> dict[str, Any]:
    version = pin.version or str(metadata.get("Version", ""))
    purl = f"pkg:pypi/{pin.name}@{version}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": pin.name,
        "version": version,
        "hashes": [{"alg": "SHA-256", "content": one} for one in pin.hashes],
        "licenses": _licences(metadata),
        "purl": purl,
    }


def _asset(asset: Artifact, path: Path) -> dict[str, Any]:
    """A file that templates refer to, with the packages that are installed in it if it is an archive."""
    try:
        found = _metadata(path) if zipfile.is_zipfile(path) else {}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
        # The app may have made it itself, and it need not be for Python.
        found = {}
    packages = [
        {
            "type": "library",
            "bom-ref": f"{asset.key}#{name}",
            "name": name,
            "version": str(metadata.get("Version", "")),
            "licenses": _licences(metadata),
            "purl": f"pkg:pypi/{name}@{metadata.get('Version', '')}",
        }
        for name, metadata in sorted(found.items())
    ]
    return {
        "type": "file",
        "bom-ref": asset.key,
        "name": asset.key,
        "hashes": [{"alg": "SHA-256", "content": asset.sha256}],
        **({"components": packages} if packages else {}),
    }


def _licences(metadata: Message) -> list[dict[str, Any]]:
    expression = metadata.get("License-Expression")
    if expression:
        return [{"expression": str(expression)}]
    prefix = "License :: "
    classified = [one.rsplit(" :: ", 1)[-1] for one in metadata.get_all("Classifier", []) if one.startswith(prefix)]
    written = str(metadata.get("License", "")).strip()
    # Some put the whole text of their licence there.
    short = [written] if written and "\n" not in written and len(written) <= _LONGEST_LICENCE else []
    return [{"license": {"name": name}} for name in (classified or short)]


def _needed(metadata: Message, references: Mapping[str, str], platform: Platform) -> list[str]:
    """What a package needs on the platform, out of what the layer holds."""
    environment = {**marker_environment(platform), "extra": ""}
    wanted = [Requirement(one) for one in metadata.get_all("Requires-Dist", [])]
    names = [canonicalize_name(one.name) for one in wanted if one.marker is None or one.marker.evaluate(environment)]
    return sorted({references[name] for name in names if name in references})


def _metadata(archive: Path) -> Mapping[str, Message]:
    """The metadata of each package in an archive, by its normalized name."""
    with zipfile.ZipFile(archive) as opened:
        texts: Iterable[str] = (
            opened.read(one).decode(errors="replace")
            for one in opened.infolist()
            if one.filename.endswith(_METADATA) and one.file_size <= _LONGEST_METADATA
        )
        parsed = [HeaderParser().parsestr(text) for text in texts]
    return {canonicalize_name(str(one["Name"])): one for one in parsed if one["Name"]}
