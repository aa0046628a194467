"""Where everything lies in an artifacts bucket: a contract with existing tools, kept to the letter."""

import hashlib

FOLDERS = ("bundles", "logs", "plans", "projects", "stacks", "surveys", "templates")
"""All that is there at the top."""


def unit_folder(unit: str) -> str:
    """What the keys of all that a unit publishes begin with."""
    return f"projects/{unit}/"


def layer_key(unit: str, number: int) -> str:
    """Key of a layer; layers count up by one when the locked requirements change, and only then."""
    return f"projects/{unit}/lambda/layer/{number:06d}/layer.zip"


def requirements_key(unit: str, number: int) -> str:
    """Key of the locked requirements that a layer was made of."""
    return f"projects/{unit}/lambda/layer/{number:06d}/requirements.zip"


def layer_sbom_key(unit: str, number: int) -> str:
    """Key of the bill of materials of a layer."""
    return f"projects/{unit}/lambda/layer/{number:06d}/sbom.cdx.json"


def source_key(unit: str, version: str, file_name: str) -> str:
    """Key of a wheel or sdist, given its file name."""
    return f"projects/{unit}/lambda/source/{version}/{file_name}"


def manifest_key(unit: str, version: str) -> str:
    """Key of a release's manifest."""
    return f"projects/{unit}/release/{version}/manifest.json"


def template_key(unit: str, version: str, environment: str | None = None) -> str:
    """Key of a release's CloudFormation template; of that of one environment where it has another than the rest."""
    return f"projects/{unit}/release/{version}/template{f'-{environment}' if environment else ''}.json"


def asset_key(unit: str, sha256: str, suffix: str) -> str:
    """Key of an object that a template refers to, such as what stands in for a local path."""
    return f"projects/{unit}/assets/{sha256}{suffix}"


def lock_key(unit: str, declared: str, name: str, commit: str | None = None) -> str:
    """Key of a lock file that a build made, by the SHA-256 of what is declared; for one commit that is not merged."""
    return f"projects/{unit}/locks/{f'{commit}/' if commit else ''}{declared}/{name}"


def named_asset_key(unit: str, sha256: str, name: str) -> str:
    """The same where a service goes by the file's name, as Glue does with modules and wheels."""
    return f"projects/{unit}/assets/{sha256}/{name}"


def sbom_key(unit: str, version: str) -> str:
    """Key of a release's bill of materials."""
    return f"projects/{unit}/release/{version}/sbom.cdx.json"


def taken_over_key(unit: str, sha256: str) -> str:
    """Key, in a target's bucket, of what is kept of a stack that was there before the unit."""
    return f"projects/{unit}/taken-over/{sha256}.json"


def build_log_key(unit: str, execution: str) -> str:
    """Key of the log of the build that a promotion made."""
    return f"logs/{unit}/{execution}/build.log"


def plan_key(unit: str, execution: str, environment: str) -> str:
    """Key of the full plan that a promotion made for an environment."""
    return f"plans/{unit}/{execution}/{environment}.json"


def survey_key(repository: str, branch: str) -> str:
    """Key of what was found at a branch last, given the URL of its repository."""
    return f"surveys/{hashlib.sha256(f'{repository}#{branch}'.encode()).hexdigest()}.json"


def unit_stack_key(unit: str, digest: str) -> str:
    """Key of a template of a unit's own stack, when it is too large to be sent along."""
    return f"stacks/{unit}/{digest}.json"


def bundle_key(digest: str) -> str:
    """Key of the code of the orchestrator's own Lambdas."""
    return f"bundles/{digest}.zip"


def static_template_key(stack: str) -> str:
    """Key of a static stack's template that is too large for a request."""
    return f"templates/{stack}.json"
