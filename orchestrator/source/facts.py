"""What is said of a unit's folder, in it and in `orchestrator.toml`, as far as digests, sharing and state machines go.

All of it follows from the folder's content and the organization's environments. Only this much of every unit is read
at each merge; a unit's whole configuration is read when it is worked on.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from orchestrator.source.repository import Entry

if TYPE_CHECKING:
    # Reading facts out of a cache must not wait for the configuration's models to be imported.
    from orchestrator.config.organization import Organization
    from orchestrator.config.unit import Unit

ORGANIZATION_FILE = "orchestrator.toml"
PYPROJECT = "pyproject.toml"
CDK_FILE = "cdk.json"
TEMPLATES = ("template.yaml", "template.yml", "template.json")
"""What a template is called that no setting names, in the order in which they are looked for."""
# What only the state machines are made of. Everything else of [tool.orchestrator] is a part of each release.
PIPELINE = ("environments", "requires_approval", "approvers", "required_approvals", "concurrency")
# What is known without these, or no part of a release: what a unit depends on is in its inputs, no library is deployed,
# each unit's digests are its own, and what comes first matters to trains alone.
_ELSEWHERE = ("after", "depends_on", "library", "name")


class Facts(NamedTuple):
    """What is known of one folder.

    Attributes:
        name: the unit's name.
        folder: from the repository's root.
        said: what identifies what its project file says of releases.
        content: what identifies all of it that a release is made of.
        is_unit: whether it is deployed; shared code is not.
        depends_on: the folders or globs that it names.
        pipeline: the settings that its state machines are made of, as JSON.
        after: the units that it comes after in a train.
    """

    name: str
    folder: str
    said: str
    content: str
    is_unit: bool
    depends_on: tuple[str, ...]
    pipeline: str
    after: tuple[str, ...] = ()


def facts_of(
    unit: "Unit", organization: "Organization", document: Mapping[str, Any], entries: Mapping[str, Entry]
) -> Facts:
    """Gather them.

    Args:
        unit: the folder's configuration.
        organization: the environments that it is checked against.
        document: its `pyproject.toml`.
        entries: what lies directly in the folder.
    """
    settings = unit.settings
    is_synthesized = CDK_FILE in entries and "template" not in settings.model_fields_set
    environments = map(organization.environment, unit.environments(organization) if is_synthesized else ())
    targets = [f"{one.name}={','.join(map(str, one.targets))}" for one in environments]
    pipeline = settings.model_dump(mode="json", include={*PIPELINE, "stack_name"}, exclude_defaults=True)
    said = said_id(document, targets)
    return Facts(
        unit.name,
        unit.folder,
        said,
        content_id(said, entries),
        not settings.library,
        (*settings.depends_on, *settings.shared_code),
        json.dumps(pipeline, sort_keys=True),
        settings.after,
    )


def said_id(document: Mapping[str, Any], targets: Iterable[str] = ()) -> str:
    """Identify what a project file says of releases.

    What only the state machines are made of does not count, nor how the file is written: approvals can be changed
    without building anything anew.

    Args:
        document: the `pyproject.toml`.
        targets: of an app that is synthesized for each environment, all of these.

    Returns:
        64 hexadecimal digits.
    """
    project = json.dumps(_released(document), default=str)
    text = "".join([f"{PYPROJECT}\0{project}\n", *(f"target\0{one}\n" for one in targets)])
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def content_id(said: str, entries: Mapping[str, Entry]) -> str:
    """Identify what a release is made of in a folder: what its project file says, and git's ids of all else in it.

    Args:
        said: identifies what the project file says.
        entries: what lies directly in the folder.

    Returns:
        64 hexadecimal digits.
    """
    lines = sorted(f"{name}\0{one.mode}\0{one.id}\n" for name, one in entries.items() if name != PYPROJECT)
    text = "".join([*lines, f"{PYPROJECT}\0{said}\n"])
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def _released(document: Mapping[str, Any]) -> dict[str, Any]:
    """A project file without what is not a part of any release; tables that are empty then are left out."""
    tools = dict(document.get("tool", {}))
    own = {key: value for key, value in tools.pop("orchestrator", {}).items() if key not in (*PIPELINE, *_ELSEWHERE)}
    rest = {key: value for key, value in document.items() if key != "tool"}
    kept = {**tools, **({"orchestrator": own} if own else {})}
    return {**rest, **({"tool": kept} if kept else {})}
