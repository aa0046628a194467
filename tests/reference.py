"""The page on configuration, written out of the models that read it: `python -m tests.reference`."""

import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from orchestrator.build.template import WELL_KNOWN_PARAMETERS
from orchestrator.cli.build_task import SETTINGS
from orchestrator.config.authority import Authority, authority_of
from orchestrator.config.base import WORDS, Settings
from orchestrator.config.environment import Environment, Target
from orchestrator.config.organization import Adopt, Build, Lambda, Organization
from orchestrator.config.repository import Repository
from orchestrator.config.tooling import Tooling
from orchestrator.config.trains import MergedTrain
from orchestrator.config.unit import BuildCommand, InvokeTest, UnitSettings, UrlTest
from orchestrator.config.windows import Window
from orchestrator.steps.build_request import VARIABLES

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"
_TABLES: tuple[tuple[str, type[Settings]], ...] = (
    ("At the top of `orchestrator.toml`", Organization),
    ("`[tooling]`", Tooling),
    ("`[[environments]]`", Environment),
    ("`targets` of an environment", Target),
    ("`windows` of an environment", Window),
    ("`[repository]`", Repository),
    ("`[build]`", Build),
    ("`[adopt]`", Adopt),
    ("`[[trains]]`", MergedTrain),
    ("`[lambda]`", Lambda),
    (
        "`[tool.orchestrator]` of a unit, and `[unit.'<folder>']` of `orchestrator.toml`",
        UnitSettings,
    ),
    ("`[tool.orchestrator.build]`", BuildCommand),
    ("`[[tool.orchestrator.smoke_tests]]` that invoke a function", InvokeTest),
    ("`[[tool.orchestrator.smoke_tests]]` that call an address", UrlTest),
)
_PARAMETERS = {
    "ArtifactsBucket": "the bucket of the target that the release was copied into",
    "SourceKey": "the wheel's key in it",
    "LayerKey": "the key of the layer with the dependencies for the unit's main platform; empty for a unit without "
    "any, so give it `Default: ''` and a condition where a template is to do for both. Without a default, a unit "
    "without dependencies is refused. Further platforms have parameters such as `LayerKeyPython312Arm64` and "
    "`LayerKeyPython312X86`",
    "Version": "the release's version",
    "Environment": "the environment's name",
    "Unit": "the unit's name",
    "Runtime": "such as `python3.13`, of `lambda.python`",
}
_VARIABLES = {
    "BUILD_UNIT": "the unit's name",
    "BUILD_REQUEST": 'what the promotion was started with, such as `{"commit": "<sha>"}`',
    "BUILD_EXECUTION_ID": "ARN of the promotion's execution",
    "BUILD_EXECUTION_NAME": "its name; the log goes to `logs/<unit>/<name>/build.log`",
    "BUILD_STARTED_AT": "when it started, such as `2027-01-02T08:00:00Z`",
    "BUILD_NONCE": "the secret that `Prepare build` made for this build: it publishes with it, once",
    "BUILD_NETWORK": "the hosts that the guardrails open to the unit's code, a JSON list; none when left out",
    "ORCHESTRATOR_BEGIN_PUBLISH": "ARN of the function that opens the sessions which publish",
    "ORCHESTRATOR_BRANCH": "what is built when the request names no commit",
    "ORCHESTRATOR_BUCKET": "the tooling account's artifacts bucket",
    "ORCHESTRATOR_LEDGER_TABLE": "the ledger",
    "ORCHESTRATOR_REPOSITORY_URL": "where the sources are",
}


def page() -> str:
    """The page, in Markdown."""
    tables = "\n\n".join(f"## {title}\n\n{_table(model)}" for title, model in _TABLES)
    missing = {*_within(Organization), *_within(UnitSettings)} - {model for _, model in _TABLES}
    if missing:
        raise AssertionError(f"there is no table of {missing}")
    names = [*VARIABLES, *(f"ORCHESTRATOR_{name.upper()}" for name in SETTINGS)]
    variables = "\n".join(f"| `{name}` | {_VARIABLES[name]} |" for name in names)
    parameters = "\n".join(f"| `{name}` | {_PARAMETERS[name]} |" for name in WELL_KNOWN_PARAMETERS)
    return (
        "# Configuration\n\n"
        "Every key, written by `python -m tests.reference` out of the models that read them. A key that is not here\n"
        "is refused, with the file, the key and those that are valid. `orchestrator units` reads all of it and says\n"
        "what is wrong.\n\n"
        "The last column says who decides on a key once `orchestrator bootstrap` has recorded the guardrails. Keys\n"
        "that *administrators* decide on change with `orchestrator guardrails apply` alone. Of *the stricter one*,\n"
        "file and guardrails are combined, and a file that is looser is refused. *The repository* decides on the\n"
        "rest.\n\n"
        f"{tables}\n\n"
        "Template parameters of an environment stand in a table of its name, those of all of them under `default`:\n"
        '`parameters.default = { LogLevel = "INFO" }`.\n\n'
        "## Parameters that are filled in\n\nWhere a template declares them; each is text.\n\n"
        f"| parameter | value |\n| --- | --- |\n{parameters}\n\n"
        "## Variables of `orchestrator build-task`\n\n"
        "CodeBuild runs it with these, and sets `CODEBUILD_BUILD_ID` itself. All are needed. Nothing is published but\n"
        "by a build that a promotion started.\n\n"
        f"| variable | what |\n| --- | --- |\n{variables}\n"
    )


def _within(model: Any) -> Iterator[type[Settings]]:
    """The models that a model, or an annotation, consists of."""
    if isinstance(model, type) and issubclass(model, Settings):
        yield model
        for field in model.model_fields.values():
            yield from _within(field.annotation)
    for one in get_args(model):
        yield from _within(one)


def _table(model: type[Settings]) -> str:
    rows = "\n".join(_row(name, field) for name, field in model.model_fields.items())
    head = "| key | default | what | valid | who decides |\n| --- | --- | --- | --- | --- |"
    return f"{_sentence(model.__doc__ or '')}\n\n{head}\n{rows}"


def _row(name: str, field: FieldInfo) -> str:
    if not field.description and not _is_table(field.annotation) and name not in _CLEAR:
        raise AssertionError(f"{name} has no description")
    what = _sentence(field.description or _CLEAR.get(name, "see its own table."))
    cells = (
        f"`{field.alias or name}`",
        _default(field),
        what,
        "; ".join(dict.fromkeys(_valid(field))),
        _authority(field),
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _authority(field: FieldInfo) -> str:
    """The party that decides on a key; inside a list of tables, the whole list's."""
    authority = authority_of(field)
    return _DECIDES[authority] if authority else ""


_DECIDES = {
    Authority.ADMINISTRATOR: "administrators",
    Authority.COMBINED: "the stricter one",
    Authority.FREE: "the repository",
}
_CLEAR = {
    "account": "the AWS account.",
    "region": "its region.",
    "name": "what it is called.",
    "status": "the status that is expected.",
    "smoke_tests": "what must be true after a deployment; see their own tables.",
}


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, Settings):
        return "its own defaults"
    if isinstance(value, tuple):
        value = list(value)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return "-" if value in (None, [], {}) else f"`{value!r}`"


def _valid(field: FieldInfo) -> Iterator[str]:
    """What is valid, beyond what the description says: of the value itself and of what it consists of."""
    yield from _limits(field.metadata)
    yield from _of(field.annotation)


def _of(annotation: Any) -> Iterator[str]:
    origin = get_origin(annotation)
    if origin is Literal:
        yield " or ".join(f"`{one!r}`" for one in get_args(annotation))
    elif origin is typing.Annotated:
        yield from _limits(get_args(annotation)[1:])
        yield from _of(get_args(annotation)[0])
    elif origin in (Union, types.UnionType, tuple, dict):
        for one in get_args(annotation):
            if one is not Ellipsis and one is not type(None):
                yield from _of(one)


def _limits(metadata: Any) -> Iterator[str]:
    for one in metadata:
        if isinstance(one, FieldInfo):
            yield from _limits(one.metadata)
        pattern = getattr(one, "pattern", None)
        if pattern is not None:
            yield WORDS[pattern]
        least, most = getattr(one, "ge", None), getattr(one, "le", None)
        if least is not None:
            yield f"at least {least:,}"
        if most is not None:
            yield f"at most {most:,}"


def _is_table(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Settings)


def _sentence(text: str) -> str:
    return re.sub(r"\s+", " ", text.strip().split("\n\n")[0])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
