"""Authority over configuration keys: the values that a merge decides, and those that need an administrator.

Each key declares one with `Field(json_schema_extra=...)`. A table declares none where each of its own keys does.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, get_args

from orchestrator.config.base import Settings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_KEY = "authority"


class Authority(StrEnum):
    """Deciding party of a key.

    Attributes:
        ADMINISTRATOR: the guardrails alone decide; a file that differs is refused.
        COMBINED: the stricter of file and guardrails holds; a file that is looser is refused.
        FREE: the repository decides.
    """

    ADMINISTRATOR = "administrator"
    COMBINED = "combined"
    FREE = "free"


ADMINISTRATOR: Final[dict[str, Any]] = {_KEY: Authority.ADMINISTRATOR.value}
COMBINED: Final[dict[str, Any]] = {_KEY: Authority.COMBINED.value}
FREE: Final[dict[str, Any]] = {_KEY: Authority.FREE.value}


def authority_of(field: "FieldInfo") -> Authority | None:
    """The authority that a key declares; None where its table's keys declare their own."""
    extra = field.json_schema_extra
    return Authority(str(extra[_KEY])) if isinstance(extra, dict) and _KEY in extra else None


def table_of_field(field: "FieldInfo") -> type[Settings] | None:
    """The model of a key that is a table or a list of tables; None for a plain value."""
    return _first_table(field.annotation)


def _first_table(annotation: Any) -> type[Settings] | None:
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return annotation
    return next((found for one in get_args(annotation) if (found := _first_table(one))), None)


def undeclared(model: type[Settings], prefix: str = "") -> Iterator[str]:
    """Names of the keys of a model, and of the tables in it, that declare no authority."""
    for name, field in model.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        if authority_of(field) is None:
            inner = table_of_field(field)
            yield from undeclared(inner, f"{key}.") if inner else [key]
