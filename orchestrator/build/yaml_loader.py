"""CloudFormation's YAML: short tags in their long form, text left as text, mappings merged, and no key twice."""

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
_MERGE = "tag:yaml.org,2002:merge"
_LONG_FORMS = {"Ref": "Ref", "Condition": "Condition", **{name: f"Fn::{name}" for name in _FUNCTIONS}}


# libyaml reads ten times as fast as Python does, and takes the same for valid; PyYAML's wheels all have it.
_Loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class TemplateLoader(_Loader):  # type: ignore[misc, valid-type]  # Which one it is depends on how PyYAML was installed.
    """Reads a template into what JSON can hold.

    Only true and false, null, and plain decimal numbers become something else than text. YAML would also make dates
    of `2012-10-17`, minutes of `12:30` and octal numbers of account ids that begin with a zero.
    """

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """Read a mapping; its keys are text as it is written (`200:`, `on:`), and none is there twice."""
        # A `!!map` before something else leads here too.
        if not isinstance(node, MappingNode):
            raise ConstructorError(None, None, "a mapping is expected here", node.start_mark)
        entries = _entries(node, self.__dict__.setdefault("_resolved", {}))
        return {key: self.construct_object(value, deep=deep) for key, value in entries.items()}


def _entries(node: MappingNode, resolved: dict[int, dict[str, Node] | None]) -> dict[str, Node]:
    """The keys of a mapping with the nodes of their values: its own, and those of the mappings that `<<` merges.

    A mapping is resolved once, wherever it is merged, so that a few lines cannot make a mapping of millions of keys.

    Args:
        node: the mapping.
        resolved: by the node's identity, the entries of mappings that were resolved; None while one is under way.
    """
    known = resolved.get(id(node))
    if known is not None:
        return known
    if id(node) in resolved:
        raise ConstructorError(None, None, "this mapping merges itself", node.start_mark)
    resolved[id(node)] = None
    own: dict[str, Node] = {}
    sources: list[MappingNode] | None = None
    for key_node, value_node in node.value:
        is_merge = key_node.tag == _MERGE
        key = str(key_node.value) if is_merge else _key(key_node)
        if key in own or (is_merge and sources is not None):
            raise ConstructorError(None, None, f"the key {key!r} is there twice", key_node.start_mark)
        if is_merge:
            sources = _merged(value_node)
        else:
            own[key] = value_node
    merged: dict[str, Node] = {}
    for source in sources or ():
        # Of several mappings, the first one wins.
        merged = {**_entries(source, resolved), **merged}
    entries = resolved[id(node)] = {**merged, **own}
    return entries


def _merged(node: Node) -> list[MappingNode]:
    sources = node.value if isinstance(node, SequenceNode) else [node]
    if not all(isinstance(one, MappingNode) for one in sources):
        raise ConstructorError(None, None, "'<<' merges mappings, or a list of mappings", node.start_mark)
    return list(sources)


def _key(node: Node) -> str:
    if not isinstance(node, ScalarNode) or not node.tag.startswith("tag:yaml.org,2002:"):
        raise ConstructorError(None, None, "a key must be plain text", node.start_mark)
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
