"""CloudFormation's YAML."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.build.yaml_loader import TemplateLoader

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | _FLOATS | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=12,
)


def load(text: str) -> Any:
    """Read YAML as a template."""
    return yaml.load(text, Loader=TemplateLoader)  # noqa: S506 - it is a safe loader.


@given(_JSON)
def test_what_json_can_hold_survives_the_way_through_yaml(document: Any) -> None:
    """Whatever text looks like, it comes back as text when it was written as text."""
    assert load(yaml.safe_dump(document)) == document


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!Ref Bucket", {"Ref": "Bucket"}),
        ("!Condition IsProd", {"Condition": "IsProd"}),
        ("!GetAtt Function.Arn", {"Fn::GetAtt": ["Function", "Arn"]}),
        ("!GetAtt Nested.Outputs.Url", {"Fn::GetAtt": ["Nested", "Outputs.Url"]}),
        ("!GetAtt [Function, Arn]", {"Fn::GetAtt": ["Function", "Arn"]}),
        ("!Sub 'a-${B}'", {"Fn::Sub": "a-${B}"}),
        ("!Sub ['${A}', {A: !Ref B}]", {"Fn::Sub": ["${A}", {"A": {"Ref": "B"}}]}),
        ("!If [C, !Ref A, !Ref 'AWS::NoValue']", {"Fn::If": ["C", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]}),
        ("!GetAZs ''", {"Fn::GetAZs": ""}),
        ("!Select [0, !GetAZs '']", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
        ("!Transform {Name: x, Parameters: {A: 1}}", {"Fn::Transform": {"Name": "x", "Parameters": {"A": 1}}}),
        ("Fn::Sub: x", {"Fn::Sub": "x"}),
    ],
)
def test_short_tags_become_their_long_form(text: str, expected: Any) -> None:
    """As CloudFormation reads them."""
    assert load(text) == expected


@pytest.mark.parametrize("text", ["2012-10-17", "2010-09-09", "12:30", "0755", "012345670123", "1_000", "=", ".inf"])
def test_text_that_yaml_would_turn_into_something_else_stays_text(text: str) -> None:
    """Versions of policies, times and account ids are the ones that hurt."""
    assert load(f"value: {text}") == {"value": text}


def test_keys_are_text_as_written() -> None:
    """A status code or `on` is a key like any other."""
    assert load("200: a\non: b\n2012-10-17: c") == {"200": "a", "on": "b", "2012-10-17": "c"}


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\nb: 2\na: 3", 3, "the key 'a' is there twice"),
        ("a: 1\nb: !Reff x", 2, "'!Reff' is not a known tag; valid are !And"),
        ("a: 1\nb: !!python/object/apply:os.system [ls]", 2, "is not a known tag"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n  <<: *x", 4, "the key '<<' is there twice"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n  d: 1\n  d: 2", 5, "the key 'd' is there twice"),
        ("a:\n  <<: text", 2, "'<<' merges mappings"),
        ("a: &x\n  <<: *x", 1, "merges itself"),
        ("a: 1\n? [b]\n: 2", 2, "a key must be plain text"),
        ("a: 1\nb: !!map x", 2, "a mapping is expected here"),
    ],
)
def test_what_is_no_template_is_refused_with_its_line(text: str, line: int, problem: str) -> None:
    """Line numbers count from 1 for people, from 0 in PyYAML."""
    with pytest.raises(yaml.MarkedYAMLError) as raised:
        load(text)
    assert problem in str(raised.value.problem)
    assert raised.value.problem_mark is not None
    assert raised.value.problem_mark.line + 1 == line


def test_merged_keys_give_way_to_own_ones_and_of_several_mappings_the_first_one_wins() -> None:
    """As YAML's merge keys do for other tools; what is deployed is JSON."""
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2, <<: *a}\nc: {<<: [*b, *a], z: 3}\nd: {'<<': text}"
    read = load(text)
    assert read["b"] == {"x": 1, "y": 2, "z": 2}
    assert read["c"] == {"x": 1, "y": 2, "z": 3}
    assert read["d"] == {"<<": "text"}


def test_merging_again_and_again_costs_no_more_than_its_keys() -> None:
    """Thirty lines would make a mapping of billions of entries otherwise."""
    lines = ["a0: &a0 {x: 1}", *(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}, *a{n - 1}]}}" for n in range(1, 30))]
    assert load("\n".join(lines))["a29"] == {"x": 1}


class _InPython(yaml.SafeLoader):
    """The same without libyaml, as where PyYAML was built without it."""

    yaml_implicit_resolvers = TemplateLoader.yaml_implicit_resolvers
    yaml_constructors = TemplateLoader.yaml_constructors
    construct_mapping = TemplateLoader.construct_mapping


_PIECES = st.sampled_from(
    [
        *(
            "a",
            "b: ",
            "- ",
            "\n",
            "\n  ",
            "\n    ",
            "{",
            "}",
            "[",
            "]",
            ", ",
            ": ",
            "'",
            '"',
            "|",
            ">-",
            "#",
            "\t",
            "%",
        ),
        *("&x ", "*x", "<<", "!Ref ", "!GetAtt ", "!Sub ", "!Unknown ", "!!str ", "---\n"),
        *("é", "2012-10-17", "0123", "12:30", "on", "null", "~"),
    ]
)


@given(st.lists(_PIECES, max_size=12).map("".join))
def test_both_readers_read_alike_what_both_can_read(text: str) -> None:
    """So a release does not depend on how PyYAML was installed."""
    read = []
    for loader in (TemplateLoader, _InPython):
        try:
            read.append(yaml.load(text, Loader=loader))  # noqa: S506 - they are safe loaders.
        except yaml.YAMLError:
            return
    assert read[0] == read[1]
