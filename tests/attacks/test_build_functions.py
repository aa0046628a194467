"""A package, a lock file or a setting of a Node.js or Go unit tries to reach what builds keep away from it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.build.cache import Cache
from orchestrator.errors import BuildError, ConfigurationError
from orchestrator.releases.sha256 import sha256_of_file
from tests.attacks.confined import metadata_service, only_linux
from tests.npm_registry import NpmRegistry, npm_registry
from tests.unit.build.functions.workbench import Workbench, files_of

pytestmark = only_linux
_NODE: dict[str, Any] = {"runtime": "nodejs22.x", "handler": "index.handler"}
_TOKEN = "token-of-the-worker"  # It is what must not be found.
# What a package does when it is installed: it writes down what it could do.
_HARM = """
const fs = require('fs'), http = require('http');
const found = {environment: JSON.stringify(process.env), files: {}, network: {}};
for (const path of %(files)s) {
  try { found.files[path] = fs.readFileSync(path, 'utf8'); } catch (error) { found.files[path] = error.code; }
}
try { fs.writeFileSync(%(planted)s, 'planted'); found.planted = true; } catch (error) { found.planted = error.code; }
try { fs.rmSync(process.env.npm_config_cache, {recursive: true}); } catch (error) { found.cache = error.code; }
const done = () => fs.writeFileSync('found.json', JSON.stringify(found));
http.get('http://127.0.0.1:%(port)s/', () => { found.network = 'answered'; done(); })
  .on('error', (error) => { found.network = error.code; done(); });
"""


@pytest.fixture
def registry() -> Iterator[NpmRegistry]:
    """The worker's registry."""
    with npm_registry() as made:
        yield made


@pytest.fixture
def other() -> Iterator[NpmRegistry]:
    """A registry that somebody else has, which answers to everything that it has."""
    with npm_registry() as made:
        made.publish("left", "1.0.0", {"index.js": "harm"})
        yield made


@pytest.fixture
def bench(tmp_path: Path, registry: NpmRegistry) -> Workbench:
    """A worker with a token for its registry, in a file and in a variable."""
    registry.publish("left", "1.0.0", {"index.js": "module.exports = 1;"})
    settings = tmp_path / "npmrc"
    host = registry.address.removeprefix("http:")
    settings.write_text(f"registry={registry.address}/\n{host}/:_authToken={_TOKEN}\n", encoding="utf-8")
    seen = {"NPM_CONFIG_USERCONFIG": str(settings), "NPM_TOKEN": _TOKEN, "AWS_SECRET_ACCESS_KEY": _TOKEN}
    return Workbench(tmp_path, seen, Cache(tmp_path / "cache"))


def write(bench: Workbench, **about: object) -> None:
    """Write a function that depends on `left`."""
    bench.write("code/index.js", "exports.handler = () => 1;")
    bench.write(
        "code/package.json", json.dumps({"name": "x", "version": "1.0.0", "dependencies": {"left": "1.0.0"}, **about})
    )


def test_an_install_script_finds_neither_network_nor_credentials(bench: Workbench, registry: NpmRegistry) -> None:
    """It runs when everything is fetched, and what it does to npm's cache reaches no other build."""
    files = json.dumps([str(bench.folder / "npmrc"), "/root/.npmrc"])
    planted = json.dumps(str(bench.folder / "planted"))
    with metadata_service() as port:
        script = _HARM % {"files": files, "planted": planted, "port": port}
        registry.publish("harm", "1.0.0", {"harm.js": script}, scripts={"install": "node harm.js"})
        write(bench, dependencies={"harm": "1.0.0"})
        package = bench.build(**_NODE)
    found = json.loads(files_of(package)["node_modules/harm/found.json"])
    assert found["network"] == "EACCES"
    assert set(found["files"].values()) <= {"EACCES", "ENOENT"}
    assert found["planted"] == "EACCES"
    assert _TOKEN not in json.dumps(found)
    assert "cache" not in found  # It removed its own copy,
    kept = list((bench.cache.folder / "fetched").glob("*/*"))
    assert [sha256_of_file(path) for path in kept] == [path.name for path in kept]  # and what is kept stays as it was.


def test_no_script_of_a_package_runs_while_the_network_is_in_reach(bench: Workbench, registry: NpmRegistry) -> None:
    """Npm fetches, and is told to run none."""
    registry.publish(
        "harm", "1.0.0", {"harm.js": "console.log('harm ran')"}, scripts={"install": "node harm.js; exit 1"}
    )
    write(bench, dependencies={"harm": "1.0.0"})
    with pytest.raises(BuildError, match=r"(?s)failed at 'build function'.*harm ran"):
        bench.build(**_NODE)


def test_a_repository_s_npmrc_is_not_obeyed(bench: Workbench, other: NpmRegistry) -> None:
    """Neither when packages are fetched nor when they are installed; the release says so."""
    settings = {
        "registry": other.address,
        "@scope:registry": other.address,
        "script-shell": "/bin/false",
        "node-options": "--require ./harm",
    }
    write(bench, scripts={"install": "true"})
    bench.write("code/.npmrc", "".join(f"{key}={value}\n" for key, value in settings.items()))
    package = bench.build(**_NODE)
    assert files_of(package)["node_modules/left/index.js"] == "module.exports = 1;"
    assert ".npmrc" not in files_of(package)
    assert other.asked == []
    (warning,) = package.warnings
    assert warning.startswith(f"services/orders/code/.npmrc sets {', '.join(settings)}, which builds ignore")


@pytest.mark.parametrize("name", ["package-lock.json", "npm-shrinkwrap.json"])
@pytest.mark.parametrize("address", ["{other}/left/-/left-1.0.0.tgz", "git+{other}/left.git", "file:/etc/passwd"])
def test_a_lock_that_names_somebody_else_s_address_asks_nobody(
    address: str, name: str, bench: Workbench, other: NpmRegistry, registry: NpmRegistry
) -> None:
    """It is read before npm is started."""
    write(bench)
    entry = {"version": "1.0.0", "resolved": address.format(other=other.address), "integrity": "sha512-AA=="}
    lock = {"lockfileVersion": 3, "packages": {"": {"dependencies": {"left": "1.0.0"}}, "node_modules/left": entry}}
    bench.write(f"code/{name}", json.dumps(lock))
    with pytest.raises(ConfigurationError, match=rf"code/{name}: packages\.'node_modules/left' is resolved to"):
        bench.build(**_NODE)
    assert other.asked == registry.asked == []


@pytest.mark.parametrize("address", ["git+http://{host}/evil/left.git", "http://{host}/evil/left.tgz"])
def test_a_package_of_the_registry_leads_npm_nowhere_else(
    address: str, bench: Workbench, registry: NpmRegistry
) -> None:
    """Anybody can publish one that needs a git repository, or a file of another host; here, of a port that is open."""
    port = registry.address.rpartition(":")[2]
    harm = {"left": address.format(host=f"localhost:{port}")}
    registry.publish("harm", "1.0.0", {"index.js": "1"}, dependencies=harm)
    write(bench, dependencies={"harm": "1.0.0"})
    bench.environment = {**bench.environment, "NPM_CONFIG_FETCH_RETRIES": "0"}
    with pytest.raises((BuildError, ConfigurationError)):
        bench.build(**_NODE)
    assert not [path for path in registry.asked if "evil" in path]


def test_a_package_that_is_not_what_the_lock_says_is_refused(bench: Workbench, registry: NpmRegistry) -> None:
    """Whoever altered it in the registry."""
    write(bench)
    lock = re.sub("sha512-[^=]+", f"sha512-{'A' * 86}", registry.lock("left", "1.0.0"))
    bench.write("code/package-lock.json", lock)
    # It would try again for two minutes.
    bench.environment = {**bench.environment, "NPM_CONFIG_FETCH_RETRIES": "0"}
    with pytest.raises(BuildError, match=r"EINTEGRITY"):
        bench.build(**_NODE)


def test_a_build_without_the_network_finds_nothing_that_was_not_fetched(
    bench: Workbench, registry: NpmRegistry
) -> None:
    """A Makefile's npm has what the lock names, and asks nobody for more."""
    registry.publish("right", "1.0.0", {"index.js": "1"})
    write(bench)
    bench.write("code/Makefile", "build-Function:\n\tnpm install right@1.0.0\n")
    with pytest.raises(BuildError, match=r"ENOTCACHED"):
        bench.build(runtime="provided.al2023", metadata={"BuildMethod": "makefile"})
    assert "/right" not in registry.asked


@pytest.mark.toolchain("go")
@pytest.mark.parametrize("path", ["/etc", "../../../../etc"])
def test_go_is_handed_no_folder_of_the_machine(path: str, bench: Workbench) -> None:
    """It would read a module there, with the worker's rights."""
    bench.write("code/go.mod", f"module x.example/x\n\nrequire y.example/y v1.0.0\n\nreplace y.example/y => {path}\n")
    with pytest.raises(ConfigurationError, match=r"replaces a module by '.*', which this unit does not have"):
        bench.build(runtime="provided.al2023", metadata={"BuildMethod": "go1.x"})


@pytest.mark.toolchain("go")
def test_go_runs_no_version_control_on_a_module_s_address(bench: Workbench) -> None:
    """A proxy is asked, and nobody else."""
    bench.environment = {**bench.environment, "GOPROXY": "direct"}
    bench.write("code/go.mod", "module x.example/x\n\nrequire 127.0.0.1/evil.git v1.0.0\n")
    bench.write("code/main.go", 'package main\n\nimport _ "127.0.0.1/evil.git"\n\nfunc main() {}\n')
    with pytest.raises(BuildError, match=r"module lookup disabled by GOPROXY=off"):
        bench.build(runtime="provided.al2023", metadata={"BuildMethod": "go1.x"})
