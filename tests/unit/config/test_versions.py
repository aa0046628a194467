"""Versions of units without a project."""

import pytest

from orchestrator.config.load import load_organization, unit_of
from orchestrator.config.versions import package_version
from orchestrator.errors import ConfigurationError
from tests.organization_toml import organization_toml

_ORGANIZATION = load_organization(organization_toml("dev", "prod"))


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (b'{"version": "1.4.2"}', "1.4.2"),
        (b'\xef\xbb\xbf{"version": "1.4.2-beta.1"}', "1.4.2b1"),
        (b'{"version": "1.0.0+build"}', None),
        (b'{"version": "latest"}', None),
        (b'{"version": 1}', None),
        (b"{}", None),
        (b"[]", None),
        (b"{", None),
        (b"\xff", None),
        (None, None),
    ],
)
def test_a_package_json_gives_the_version_that_a_release_can_have(text: bytes | None, version: str | None) -> None:
    """Another one is as good as none."""
    assert package_version(text) == version


def test_settings_come_first() -> None:
    """Also written in orchestrator.toml."""
    document = {"tool": {"orchestrator": {"version": "2.0"}}}
    assert unit_of(document, "services/orders", _ORGANIZATION, version="1.0.0").version == "2.0"


@pytest.mark.parametrize("version", ["one", "1.0+local", f"1.{'1' * 80}"])
def test_a_version_that_no_release_can_have_is_refused(version: str) -> None:
    """With what is valid."""
    document = {"tool": {"orchestrator": {"version": version}}}
    with pytest.raises(
        ConfigurationError, match=r"tool\.orchestrator\.version = .* use a PEP 440 version of at most 64"
    ):
        unit_of(document, "services/orders", _ORGANIZATION)


def test_a_project_says_its_own_version() -> None:
    """It is stated once."""
    document = {"project": {"name": "orders", "version": "1.0"}, "tool": {"orchestrator": {"version": "2.0"}}}
    with pytest.raises(ConfigurationError, match=r"version is set, and the project has a version as well: remove one"):
        unit_of(document, "services/orders", _ORGANIZATION)
