"""CloudFormation's YAML: the short tags in their long form, text left as text, and no key twice."""

import re
from collections.abc import Callable
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_FUNCTIONS = [
    *("And", "Base64", "Cidr", "Equals", "FindInMap", "GetAZs", "If", "ImportValue", "Join", "Length", "Not", "Or"),
    *("Select", "Split", "Sub", "ToJsonString", "Transform"),
    # Only in the section Rules.
    *("Contains", "EachMemberEquals", "EachMemberIn", "RefAll", "ValueOf", "ValueOfAll"),
]
_LONG_FORMS = {"Ref": "Ref", "Condition": "Condition", **{name: f"Fn::{name}" for name in _FUNCTIONS}}


class TemplateLoader(yaml.SafeLoader):
    """Reads a template into what JSON can hold.

    Only true and false, null, and plain decimal numbers become something else than text. YAML would also make dates
    of `2012-10-17`, minutes of `12:30` and octal numbers of account ids that begin with a zero.
    """

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """Read a mapping; its keys are text as it is written (`200:`, `on:`), and none is there twice."""
        result: dict[Any, Any] = {}
        # A `!!map` before something else leads here too.
        if not isinstance(node, MappingNode):
            raise ConstructorError(None, None, "a mapping is expected here", node.start_mark)
        for key_node, value_node in node.value:
            key = _key(key_node)
            if key in result:
                raise ConstructorError(None, None, f"the key {key!r} is there twice", key_node.start_mark)
            result[key] = self.construct_object(value_node, deep=deep)
        return result


def _key(node: Node) -> str:
    if not isinstance(node, ScalarNode) or not node.tag.startswith("tag:yaml.org,2002:"):
        raise ConstructorError(None, None, "a key must be plain text", node.start_mark)
    if node.tag == "tag:yaml.org,2002:merge":
        raise ConstructorError(None, None, "'<<' is not part of CloudFormation: write the keys out", node.start_mark)
    return str(node.value)


def _content(loader: TemplateLoader, node: Node) -> Any:
    """What stands behind a short tag; a single value is text, whatever it looks like."""
    if isinstance(node, SequenceNode):
        return loader.construct_sequence(node, deep=True)
    if isinstance(node, MappingNode):
        return loader.construct_mapping(node, deep=True)
    return str(node.value)


def _short(long_form: str) -> Callable[[TemplateLoader, Node], dict[str, Any]]:
    return lambda loader, node: {long_form: _content(loader, node)}


def _get_att(loader: TemplateLoader, node: Node) -> dict[str, Any]:
    """`!GetAtt a.b.c` is the attribute `b.c` of the resource `a`."""
    content = _content(loader, node)
    return {"Fn::GetAtt": content.split(".", 1) if isinstance(content, str) else content}


def _unknown(_: TemplateLoader, node: Node) -> Any:
    valid = ", ".join(f"!{name}" for name in sorted([*_LONG_FORMS, "GetAtt"]))
    raise ConstructorError(None, None, f"{node.tag!r} is not a known tag; valid are {valid}", node.start_mark)


def _set_up() -> None:
    core = "tag:yaml.org,2002:"
    resolvers = [
        ("bool", r"true|True|TRUE|false|False|FALSE|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF", "tTfFyYnNoO"),
        ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
        ("float", r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)", "-+0123456789"),
        ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
        ("merge", r"<<", "<"),
    ]
    TemplateLoader.yaml_implicit_resolvers = {}
    for name, pattern, first in resolvers:
        TemplateLoader.add_implicit_resolver(f"{core}{name}", re.compile(rf"^(?:{pattern})$"), list(first))
    TemplateLoader.add_constructor("!GetAtt", _get_att)
    for short, long_form in _LONG_FORMS.items():
        TemplateLoader.add_constructor(f"!{short}", _short(long_form))
    TemplateLoader.add_constructor(f"{core}float", lambda _, node: float(node.value))
    TemplateLoader.add_constructor(None, _unknown)


_set_up()
