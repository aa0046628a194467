"""What npm is told to fetch."""

import json
from typing import Any

import pytest

from orchestrator.build.functions.npm.lock import read_lock, read_manifest
from orchestrator.errors import ConfigurationError

HOSTS = ("registry.npmjs.org", "npm.acme.example")
INTEGRITY = "sha512-AAAA"


def lock_of(entry: dict[str, Any], path: str = "node_modules/left") -> bytes:
    """A lock with one package."""
    return json.dumps({"lockfileVersion": 3, "packages": {"": {}, path: entry}}).encode()


@pytest.mark.parametrize(
    "version",
    ["^1.0.0", "1 || 2", "latest", "*", "npm:other@^1", "npm:@scope/other@~2.0", ">=1.2.3 <2", "npm:other"],
)
def test_packages_of_registries_are_what_may_be_named(version: str) -> None:
    """All that a registry is asked for."""
    manifest = read_manifest(json.dumps({"dependencies": {"@scope/left": version}}).encode(), "package.json")
    assert json.loads(manifest.text)["dependencies"] == {"@scope/left": version}
    assert manifest.has_dependencies


@pytest.mark.parametrize(
    "version",
    [
        *("git+ssh://git@host/x.git", "git+https://host/x.git", "github:user/repo", "user/repo", "gist:11081aaa281"),
        *("https://host/x.tgz", "http://host/x.tgz", "file:../left", "../left", "./left.tgz", "left.tgz", "~/left"),
        *("link:../left", "workspace:*", "npm:other@file:../left", r"C:\left"),
    ],
)
@pytest.mark.parametrize("key", ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"])
def test_all_else_is_refused_with_what_to_do(key: str, version: str) -> None:
    """Npm would run git, ask somebody else, or read files of the machine."""
    with pytest.raises(ConfigurationError, match=rf"package\.json: {key}\.left = .* git repository\. Builds fetch"):
        read_manifest(json.dumps({key: {"left": version}}).encode(), "package.json")


def test_overrides_are_looked_at_to_the_last_one() -> None:
    """They may be nested."""
    overrides = {"left": {".": "1.0.0", "right": "git+https://host/x.git"}}
    with pytest.raises(ConfigurationError, match=r"overrides\.left\.right = 'git"):
        read_manifest(json.dumps({"overrides": overrides}).encode(), "package.json")


def test_only_what_says_what_is_fetched_is_handed_to_npm() -> None:
    """Neither scripts nor settings of publishing, of workspaces, or of a package manager."""
    written = {"scripts": {"prepare": "harm"}, "workspaces": ["x"], "packageManager": "harm@1", "config": {"a": 1}}
    manifest = read_manifest(json.dumps({**written, "dependencies": {"left": "1"}}).encode(), "package.json")
    assert json.loads(manifest.text).keys() == {"name", "version", "dependencies"}
    assert manifest.scripts == ("prepare",)


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b'{"dependencies": []}', b'{"dependencies": {"left": 1}}', b"\xff"])
def test_a_file_that_is_no_package_json_is_refused(text: bytes) -> None:
    """With its name."""
    with pytest.raises(ConfigurationError, match=r"^code/package\.json: "):
        read_manifest(text, "code/package.json")


def test_a_byte_order_mark_is_no_mistake() -> None:
    """Some editors write it."""
    assert not read_manifest(b"\xef\xbb\xbf{}", "package.json").has_dependencies


@pytest.mark.parametrize(
    "entry",
    [
        {"resolved": "https://registry.npmjs.org/left/-/left-1.0.0.tgz", "integrity": INTEGRITY},
        {"resolved": "https://npm.acme.example/left/-/left-1.0.0.tgz", "integrity": INTEGRITY},
        {"version": "1.0.0", "integrity": INTEGRITY},
        {"version": "1.0.0", "inBundle": True},
    ],
)
def test_a_lock_may_name_registries_of_the_machine(entry: dict[str, Any]) -> None:
    """Or leave them out, as npm can be told to."""
    assert read_lock(lock_of(entry), "package-lock.json", "package-lock.json", HOSTS).scripts == ()


@pytest.mark.parametrize(
    ("entry", "path", "said"),
    [
        ({"resolved": "git+ssh://git@host/x.git#1", "integrity": INTEGRITY}, "node_modules/left", "is resolved to"),
        ({"resolved": "https://evil.example/left.tgz", "integrity": INTEGRITY}, "node_modules/left", "is resolved to"),
        (
            {"resolved": "https://registry.npmjs.org@evil.example/left.tgz", "integrity": INTEGRITY},
            "node_modules/l",
            "is r",
        ),
        ({"resolved": "file:left.tgz", "integrity": INTEGRITY}, "node_modules/left", "is resolved to"),
        ({"resolved": "../left", "link": True}, "node_modules/left", "is a folder of the repository"),
        ({"version": "1.0.0"}, "../left", "is a folder of the repository"),
        ({"resolved": "https://registry.npmjs.org/l.tgz"}, "node_modules/left", "has no integrity"),
        ({"resolved": 1, "integrity": INTEGRITY}, "node_modules/left", "is resolved to"),
    ],
)
def test_a_lock_that_names_anything_else_is_refused(entry: dict[str, Any], path: str, said: str) -> None:
    """Before npm is started."""
    with pytest.raises(ConfigurationError, match=rf"^code/package-lock\.json: packages\..*{said}"):
        read_lock(lock_of(entry, path), "package-lock.json", "code/package-lock.json", HOSTS)


def test_many_problems_are_counted() -> None:
    """A person needs one to see the kind."""
    packages = {f"node_modules/p{number}": {"resolved": "git+ssh://x"} for number in range(9)}
    text = json.dumps({"packages": packages}).encode()
    with pytest.raises(ConfigurationError, match=r"4 more entries are like these\."):
        read_lock(text, "package-lock.json", "package-lock.json", HOSTS)


def test_a_lock_of_npm_6_is_refused() -> None:
    """It does not say where things lie."""
    with pytest.raises(ConfigurationError, match=r"has lockfileVersion 1: write it again with npm 7 or newer"):
        read_lock(b'{"lockfileVersion": 1, "dependencies": {}}', "package-lock.json", "package-lock.json", HOSTS)


def test_a_tool_is_cut_out_of_a_lock() -> None:
    """With the packages for single platforms that it brings along."""
    packages = {
        "": {},
        "node_modules/esbuild": {
            "version": "0.25.0",
            "integrity": INTEGRITY,
            "dev": True,
            "optionalDependencies": {"@esbuild/linux-x64": "0.25.0"},
        },
        "node_modules/@esbuild/linux-x64": {"version": "0.25.0", "integrity": INTEGRITY, "dev": True},
        "node_modules/left": {"version": "1.0.0", "integrity": INTEGRITY},
    }
    lock = read_lock(json.dumps({"packages": packages}).encode(), "package-lock.json", "package-lock.json", HOSTS)
    found = lock.only("esbuild")
    assert found is not None
    assert json.loads(found[0].text)["dependencies"] == {"esbuild": "0.25.0"}
    assert json.loads(found[1].text)["packages"].keys() == {
        "",
        "node_modules/esbuild",
        "node_modules/@esbuild/linux-x64",
    }
    assert not found[1].is_alone
    assert lock.only("absent") is None
    left = lock.only("left")
    assert left is not None
    assert left[1].is_alone
