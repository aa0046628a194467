"""How a release becomes a change of a stack."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.aws.stack import ChangeSetGoneError
from orchestrator.config.environment import Target
from orchestrator.config.platform import Platform
from orchestrator.config.unit import UnitSettings
from orchestrator.ledger.environments import Running
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.manifest import Layer, Manifest
from orchestrator.steps.contract import Execution
from orchestrator.steps.deployment import anew_if_gone, change_set_name, parameters
from orchestrator.steps.ordering import superseded_by

TARGET = Target(account="222222222222", region="eu-west-1")
WELL_KNOWN = {"ArtifactsBucket", "SourceKey", "LayerKey", "Version", "Environment", "Unit", "Runtime"}
MAIN, OTHER = Platform("3.13", "x86_64"), Platform("3.12", "arm64")
ONE_LAYER = {MAIN: "layer"}
NAMES = st.sampled_from([*sorted(WELL_KNOWN), "Table", "Memory", "Secret"])
MOMENTS = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # Hypothesis adds the zone.


def artifact(key: str) -> Artifact:
    """Some object of a release."""
    return Artifact(key=key, sha256="0" * 64, size=1)


def layer_for(platform: Platform, name: str) -> Layer:
    """A layer of some name."""
    return Layer(
        platform=platform,
        number=1,
        archive=artifact(name),
        requirements=artifact(f"requirements of {name}"),
        sbom=artifact(f"bill of materials of {name}"),
    )


def manifest(own: dict[str, dict[str, str]], layers: Mapping[Platform, str] = ONE_LAYER) -> Manifest:
    """A release with parameters of its own."""
    return Manifest(
        unit="orders",
        version="0.1.0",
        digest="d",
        commit="c",
        author="a",
        committed_at=datetime(2026, 1, 1, tzinfo=UTC),
        inputs=("projects/orders",),
        builder="local",
        tools={},
        python="3.13",
        architecture="x86_64",
        platforms=(MAIN, *(platform for platform in layers if platform != MAIN)),
        requirements=(),
        settings=UnitSettings(parameters=own),
        layers=tuple(layer_for(platform, name) for platform, name in layers.items()),
        wheel=artifact("wheel"),
        sdist=artifact("sdist"),
        template=artifact("template"),
        sbom=artifact("sbom"),
    )


def execution(started_at: datetime, name: str = "one") -> Execution:
    """An execution."""
    return Execution(id=f"arn:{name}", name=name, started_at=started_at)


@given(st.sets(NAMES), st.dictionaries(NAMES, st.text(max_size=3)), st.dictionaries(NAMES, st.text(max_size=3)))
def test_what_is_declared_and_known_is_filled_in_and_nothing_else(
    declared: set[str], everywhere: dict[str, str], here: dict[str, str]
) -> None:
    """The environment's own value wins over every environment's, which wins over the well-known one."""
    own = {"default": everywhere, "dev": here, "prod": {"Table": "of prod"}}
    filled = parameters(manifest(own), declared, TARGET, "dev")
    assert set(filled) == declared & (WELL_KNOWN | everywhere.keys() | here.keys())
    for name, value in filled.items():
        expected = here.get(name, everywhere.get(name))
        assert expected is None or value == expected


def test_the_well_known_parameters() -> None:
    """By the names that templates declare them under."""
    assert parameters(manifest({}), WELL_KNOWN, TARGET, "dev") == {
        "ArtifactsBucket": "orchestrator-artifacts-222222222222-eu-west-1",
        "SourceKey": "wheel",
        "LayerKey": "layer",
        "Version": "0.1.0",
        "Environment": "dev",
        "Unit": "orders",
        "Runtime": "python3.13",
    }
    assert parameters(manifest({}, {}), ["LayerKey"], TARGET, "dev") == {"LayerKey": ""}


def test_each_platform_has_a_parameter_for_its_layer() -> None:
    """`LayerKey` is the main one's; the further ones' names end with the platform."""
    names = ["LayerKey", "LayerKeyPython312Arm64", "LayerKeyPython311X86"]
    two = manifest({}, {OTHER: "other", MAIN: "layer"})
    assert parameters(two, names, TARGET, "dev") == {"LayerKey": "layer", "LayerKeyPython312Arm64": "other"}
    only_other = manifest({}, {OTHER: "other"})
    assert parameters(only_other, names, TARGET, "dev") == {"LayerKey": "", "LayerKeyPython312Arm64": "other"}


@given(st.from_regex(r"([1-9]!)?[0-9]{1,3}(\.[0-9]{1,3}){0,3}((a|b|rc)[0-9])?(\.post[0-9]+)?", fullmatch=True), MOMENTS)
def test_a_change_sets_name_is_legal_and_the_same_at_every_try(version: str, moment: datetime) -> None:
    """CloudFormation takes a letter, then letters, digits and hyphens, at most 128."""
    name = change_set_name(version, execution(moment))
    assert re.fullmatch(r"[a-zA-Z][-a-zA-Z0-9]{0,127}", name)
    assert name == change_set_name(version, execution(moment))
    assert name != change_set_name(version, execution(moment, "other"))


@given(MOMENTS, MOMENTS)
def test_of_two_promotions_exactly_one_is_newer(one: datetime, other: datetime) -> None:
    """Whatever the moments, also when they are the same: names decide then."""
    first, second = execution(one, "first"), execution(other, "second")
    lands_on = [
        superseded_by(Running(unit="u", environment="dev", order=there.order), comes)
        for there, comes in ((first, second), (second, first))
    ]
    assert sorted(lands_on) == [False, True]
    assert not superseded_by(Running(unit="u", environment="dev", order=first.order), first)
    assert not superseded_by(Running(unit="u", environment="dev"), first)
    if (one.replace(microsecond=one.microsecond // 1000 * 1000)) < other.replace(
        microsecond=other.microsecond // 1000 * 1000
    ):
        assert first.order < second.order


@pytest.mark.parametrize(("gone", "tries"), [(0, 1), (2, 3), (3, 3)])
def test_what_makes_change_sets_is_done_anew_when_one_is_gone(gone: int, tries: int) -> None:
    """Twice, and no oftener: somebody may delete them again and again."""
    tried: list[int] = []

    def act() -> str:
        tried.append(1)
        if len(tried) <= gone:
            raise ChangeSetGoneError("It disappeared.")
        return "made"

    if gone < tries:
        assert anew_if_gone(act) == "made"
    else:
        with pytest.raises(ChangeSetGoneError):
            anew_if_gone(act)
    assert len(tried) == tries
