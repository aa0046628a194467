"""Handlers that are looked for, and imported, before a release is published."""

import os
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.build.archive import zip_files
from orchestrator.build.build import Tools
from orchestrator.build.cache import Cache
from orchestrator.build.handlers import Function, check_layers, wheel_functions
from orchestrator.build.importable import HandlerCheck, is_of_this_machine
from orchestrator.build.layer import ROOT, LayerFile
from orchestrator.build.limits import check_size, sizes
from orchestrator.build.platforms.interpreters import Interpreter
from orchestrator.config.platform import Platform
from orchestrator.confine import landlock
from orchestrator.errors import BuildError, ConfigurationError
from orchestrator.releases.sha256 import sha256_of_file
from tests.unit.build.fakes import unit_commands

_HERE = Platform(f"3.{sys.version_info.minor}", "x86_64" if os.uname().machine == "x86_64" else "arm64")
_ELSEWHERE = replace(_HERE, python="3.19")
_CODE = {"S3Bucket": {"Ref": "ArtifactsBucket"}, "S3Key": {"Ref": "SourceKey"}}


_MODULES = {f"orders{number}.py": "def handle(event, context): ...\n" for number in (0, 1)}


def packed(path: Path, files: Mapping[str, str]) -> Path:
    """An archive of some files, the same whenever it is made."""
    zip_files({name: text.encode() for name, text in files.items()}, path)
    return path


class Bench:
    """Checks handlers of a wheel with a layer that holds a package `helper`."""

    def __init__(self, tools: Tools, folder: Path) -> None:
        self._tools = tools
        self._folder = folder
        self.log = folder / "log"

    def check(
        self,
        source: str,
        platform: Platform = _HERE,
        handler: str = "orders.handler.handle",
        variables: Mapping[str, str] | None = None,
        interpreter: Interpreter | None = None,
    ) -> list[str]:
        """Check one function whose module has this source; returns what it is warned of."""
        work = Path(tempfile.mkdtemp(prefix="work-", dir=self._folder))
        wheel = packed(self._folder / "w.whl", {"orders/__init__.py": "", "orders/handler.py": source})
        files = {"helper/__init__.py": "HELP = 1\ndef handle(): ...\n", "helper/data": ""}
        files["helper-1.dist-info/RECORD"] = "".join(f"{name},,\n" for name in files)
        layer = packed(self._folder / "layer.zip", {f"{ROOT}/{name}": text for name, text in files.items()})
        function = Function("OrderFunction", handler, variables or {})
        file = LayerFile(layer, sha256_of_file(layer))
        check = self._check(work, platform, self.log)
        return replace(check, interpreter=interpreter or check.interpreter).check([function], wheel, file, work)

    def check_all(self, functions: Sequence[Function], files: Mapping[str, str]) -> None:
        """Check the functions of a wheel with these files, with a folder of its own to work in."""
        work = self._folder / "work"
        work.mkdir()
        self._check(work, _HERE).check(functions, packed(self._folder / "w.whl", files), None, work)

    def _check(self, work: Path, platform: Platform, log: Path | None = None) -> HandlerCheck:
        commands = unit_commands(self._tools, work, log)
        interpreter = Interpreter(Path(self._tools.python)) if platform == _HERE else None
        return HandlerCheck(commands, interpreter, self._tools.cache, platform)


@pytest.fixture
def bench(real_tools: Tools, tmp_path: Path) -> Bench:
    """On this machine."""
    return Bench(real_tools, tmp_path)


@pytest.mark.parametrize("platform", [_HERE, _ELSEWHERE])
@pytest.mark.parametrize(
    "source",
    [
        "import json, helper\ndef handle(event, context): ...\n",
        "import boto3\ndef handle(event, context): ...\n",
        "from helper import handle\n",
        "from helper import *\n",
        "try:\n    import nowhere\nexcept ImportError:\n    handle = print\n",
        "globals()['handle'] = print\n",
        "def make():\n    import nowhere\nhandle, other = make, make\n",
    ],
)
def test_a_handler_that_lambda_could_import_passes(source: str, platform: Platform, bench: Bench) -> None:
    """On a machine like Lambda's and on another; what the runtime brings along need not be in the layer."""
    assert bench.check(source, platform) == []


@pytest.mark.parametrize("platform", [_HERE, _ELSEWHERE])
@pytest.mark.parametrize(
    ("source", "handler", "problem"),
    [
        ("", "orders.handler.handle", r"orders/handler\.py defines no 'handle'"),
        ("", "orders.handle", "there is no module 'orders.handle'|orders/__init__.py defines no 'handle'"),
        ("", "src/orders.handler.handle", r"there is no module 'src\.orders\.handler' in the wheel or the layer"),
        ("import nowhere\ndef handle(): ...\n", "orders.handler.handle", "nowhere.* project.dependencies"),
        ("from nowhere.deep import x\ndef handle(): ...\n", "orders.handler.handle", "nowhere.* project.dependencies"),
    ],
)
def test_a_handler_that_lambda_could_not_import_is_refused(
    source: str, handler: str, problem: str, platform: Platform, bench: Bench
) -> None:
    """The message names the resource, and what to do."""
    with pytest.raises(BuildError, match=r"Resources\.OrderFunction\.Properties\.Handler") as raised:
        bench.check(source, platform, handler)
    assert raised.match(problem)


def test_a_handler_of_a_package_in_the_layer_passes(bench: Bench) -> None:
    """As those of tracing libraries, which call the unit's own."""
    bench.check("", handler="helper.handle")


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("import helper.deep\ndef handle(): ...\n", "importing it fails: helper is something which neither"),
        ("from helper import NOTHING\ndef handle(): ...\n", "importing it fails: ImportError: cannot import name"),
        ("def handle(): ...\nimport os; os._exit(3)\n", "ends the interpreter"),
        ("def handle(): ...\nimport sys; sys.exit()\n", "ends the interpreter"),
        ("handle = 1\n", "defines no function 'handle'"),
        ("import signal; signal.alarm(1)\nwhile True: pass\ndef handle(): ...\n", "longer than 60 seconds"),
    ],
)
def test_what_only_importing_tells_is_refused_where_this_machine_is_like_lambdas(
    source: str, problem: str, bench: Bench
) -> None:
    """And passes where it is not, with a note in the log."""
    with pytest.raises(BuildError, match=problem):
        bench.check(source)
    bench.check(source, _ELSEWHERE)
    assert "Handlers are looked at and not imported" in bench.log.read_text(encoding="utf-8")


def test_a_handler_that_is_not_python_is_refused_at_its_line(bench: Bench) -> None:
    """With nothing of how it was imported; an older Python than the function's may not know better, so it warns."""
    source = "def handle(event, context): ...\ndef other(:\n"
    with pytest.raises(BuildError, match=r"importing it fails: SyntaxError: ") as raised:
        bench.check(source)
    assert 'handler.py", line 2' in str(raised.value)
    assert "import_handler.py" not in str(raised.value)
    with pytest.raises(BuildError, match=r"does not work: orders/handler\.py, line 2: "):
        bench.check(source, replace(_ELSEWHERE, python="3.10"))
    (warning,) = bench.check(source, _ELSEWHERE)
    assert "Handler = 'orders.handler.handle': orders/handler.py, line 2: " in warning


def test_a_module_that_needs_what_is_not_here_is_no_error(bench: Bench) -> None:
    """A variable that the template sets is here; a table or a database is not, which is told with the reason."""
    source = "import os\nassert os.environ['LEVEL'] == 'INFO'\nos.environ['TABLE']\ndef handle(): ...\n"
    (warning,) = bench.check(source, variables={"LEVEL": "INFO"})
    assert "Handler = 'orders.handler.handle': importing it fails on this machine" in warning
    assert "KeyError: 'TABLE'" in warning


def test_what_was_deleted_of_the_cache_meanwhile_is_unpacked_anew(real_tools: Tools, tmp_path: Path) -> None:
    """What a module cannot find in a layer of which only a part is left is not what it is warned of."""
    cache = Cache(tmp_path / "cache")
    bench = Bench(replace(real_tools, cache=cache), tmp_path)
    source = "import os, helper\nopen(os.path.join(os.path.dirname(helper.__file__), 'data'))\ndef handle(): ...\n"
    assert bench.check("import helper\nhelper.NOTHING\ndef handle(): ...\n")
    (data,) = cache.folder.glob("unpacked-layers/*/helper/data")
    data.unlink()
    assert bench.check(source) == []
    assert not data.parents[1].exists()


def test_a_module_sees_neither_credentials_nor_what_this_machine_has_installed(bench: Bench) -> None:
    """It is the repository's code."""
    source = (
        "import os, sys\n"
        "assert not any(name.startswith('AWS_SE') or name == 'AWS_ACCESS_KEY_ID' for name in os.environ)\n"
        "assert not any('site-packages' in path for path in sys.path), sys.path\n"
        "def handle(): ...\n"
    )
    bench.check(source)
    assert "AssertionError" not in bench.log.read_text(encoding="utf-8")


def test_what_was_imported_is_imported_again_only_when_it_imports_or_defines_something_else(bench: Bench) -> None:
    """Or did not import: an error for which nothing can be said is looked at each time."""
    for source, times in (
        ("import helper\ndef handle(): return 1\n", 1),
        ("import helper\n\ndef handle():\n    return 2\n", 1),
        ("import helper\ndef handle(): import json\n", 2),
        ("import helper\nhandle = other = print\n", 3),
        ("import helper\ndef handle(): return 3\n", 3),
        ("import helper\ndef handle(): ...\nraise ValueError\n", 3),
        ("import os\ndef handle(): ...\nraise ValueError\n", 4),
        ("import os\ndef handle(): ...\nraise TypeError\n", 5),
    ):
        bench.check(source)
        assert bench.log.read_text(encoding="utf-8").count("== import handlers") == times, source


def test_a_handler_is_imported_by_a_python_of_its_version_for_its_processor() -> None:
    """Another processor's machine code is not run."""
    assert is_of_this_machine(_HERE) is (sys.platform == "linux")
    assert is_of_this_machine(_ELSEWHERE) is is_of_this_machine(_HERE)
    other = "arm64" if _HERE.architecture == "x86_64" else "x86_64"
    assert not is_of_this_machine(replace(_HERE, architecture=other))


def test_handlers_are_imported_by_whatever_interpreter_fits(bench: Bench, tmp_path: Path) -> None:
    """Wherever it is installed; the unit's code may read its standard library, and no more of that place."""
    other = tmp_path / "elsewhere"
    installed, library = Path(sys.base_prefix), f"lib/python{_HERE.python}"
    left_out = shutil.ignore_patterns(
        "__pycache__", "test", "tests", "site-packages", "config-*", "idlelib", "ensurepip"
    )
    shutil.copytree(installed / library, other / library, ignore=left_out)
    for shared in (installed / "lib").glob("libpython*.so*"):
        shutil.copyfile(shared, other / "lib" / shared.name)
    program = other / "bin" / "python"
    program.parent.mkdir()
    shutil.copy(Path(sys.executable).resolve(), program)
    (other / "secret").write_text("unread", encoding="utf-8")
    source = f"import helper, json, sys\nassert sys.base_prefix == {str(other)!r}, sys.base_prefix\ndef handle(): ...\n"
    here: Any = {
        "variables": {"LD_LIBRARY_PATH": str(other / "lib")},
        "interpreter": Interpreter(program, (other / "lib",)),
    }
    (warning,) = bench.check(f"{source}open({str(other / 'secret')!r})\n", **here)
    assert re.search(r"(PermissionError|FileNotFoundError): .*/secret", warning)
    assert bench.check(source, **here) == []


def test_modules_of_another_versions_standard_library_are_known(bench: Bench) -> None:
    """What one version has lost, an older one still has; what it has gained, an older one has not."""
    older, newer = replace(_ELSEWHERE, python="3.11"), replace(_ELSEWHERE, python="3.14")
    for module, platform in (("distutils", older), ("annotationlib", newer)):
        bench.check(f"import {module}\ndef handle(event, context): ...\n", replace(platform, architecture="none"))
    for module, platform in (("annotationlib", older), ("distutils", newer)):
        with pytest.raises(BuildError, match=f"imports {module}, which neither"):
            bench.check(f"import {module}\ndef handle(event, context): ...\n", replace(platform, architecture="none"))


def test_functions_that_run_the_wheel_are_found_in_both_dialects() -> None:
    """Those with other code, or with a handler that is a parameter, are not ours to check."""
    uri = {"Bucket": {"Ref": "ArtifactsBucket"}, "Key": {"Ref": "SourceKey"}}
    variables = {"Variables": {"LEVEL": "INFO", "TABLE": {"Ref": "Table"}}}
    template = {
        "Globals": {"Function": {"CodeUri": uri, "Environment": variables}},
        "Resources": {
            "Plain": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "a.b.c", "Code": _CODE}},
            "Sam": {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "a/b.c"}},
            "Inline": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "index.x", "Code": {"ZipFile": ""}}},
            "Other": {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "x.y", "CodeUri": "s3://b/k"}},
            "Any": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": {"Ref": "H"}, "Code": _CODE}},
            "Queue": {"Type": "AWS::SQS::Queue"},
        },
    }
    assert wheel_functions(template) == [Function("Plain", "a.b.c", {}), Function("Sam", "a/b.c", {"LEVEL": "INFO"})]
    assert [(one.module, one.name) for one in wheel_functions(template)] == [("a.b", "c"), ("a.b", "c")]


def test_a_function_with_too_many_layers_is_refused() -> None:
    """SAM adds those of `Globals`."""
    layers = [{"Ref": f"Layer{number}"} for number in range(3)]
    template = {
        "Globals": {"Function": {"Layers": layers}},
        "Resources": {
            "Five": {"Type": "AWS::Lambda::Function", "Properties": {"Layers": [*layers, "a", "b"]}},
            "Six": {"Type": "AWS::Serverless::Function", "Properties": {"Layers": layers}},
        },
    }
    with pytest.raises(ConfigurationError, match=r"t\.yaml: Resources\.Six\.Properties\.Layers has 6 layers") as raised:
        check_layers(template, "t.yaml")
    assert "Five" not in str(raised.value)


def test_a_release_that_lambda_would_refuse_is_told_by_package_the_largest_first(tmp_path: Path) -> None:
    """Only together are they too large. Zeros, so that the archives themselves are small."""
    layer, wheel = tmp_path / "layer.zip", tmp_path / "w.whl"
    with zipfile.ZipFile(layer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("python/big.bin", bytes(200_000_000))
        archive.writestr("python/big_package-1.0.dist-info/RECORD", "big.bin,sha256=x,1\ngone.py,,\n")
        archive.writestr("python/small/__init__.py", "12345")
        archive.writestr("python/small-2.dist-info/RECORD", "small/__init__.py,sha256=x,5\n")
        archive.writestr("python/stray.py", "123")
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("orders/data.bin", bytes(62_144_001))
    check_size("orders", None, layer)
    check_size("orders", wheel, None)
    assert sizes(layer)["small 2"] == 5
    with pytest.raises(BuildError, match="Lambda allows 262,144,000") as caught:
        check_size("orders", wheel, layer)
    listed = [line.split(maxsplit=1) for line in str(caught.value).splitlines()[1:]]
    assert listed[:2] == [["200,000,000", "big_package 1.0"], ["62,144,001", "the unit's own code"]]


def test_a_function_s_name_leads_nowhere(bench: Bench, tmp_path: Path) -> None:
    """It is the template's, and cfn-lint lets itself be told not to mind it."""
    names = ("../escaped", str(tmp_path / "absolute"))
    bench.check_all([Function(name, f"orders{n}.handle", {}) for n, name in enumerate(names)], _MODULES)
    assert {path.name for path in tmp_path.iterdir()} == {"work", "w.whl"}


def test_a_handler_cannot_lead_what_is_unpacked_for_the_next_one_elsewhere(bench: Bench, tmp_path: Path) -> None:
    """Whatever it puts beside its own folder."""
    (tmp_path / "outside").mkdir()
    harm = (
        "from pathlib import Path\n"
        f"for name in ('Second', 'Second/wheel'):\n    Path('../..', name).symlink_to({str(tmp_path / 'outside')!r})\n"
    )
    files = {**_MODULES, "orders0.py": f"{harm}def handle(event, context): ...\n"}
    bench.check_all([Function("First", "orders0.handle", {}), Function("Second", "orders1.handle", {})], files)
    assert not list((tmp_path / "outside").iterdir())


@pytest.mark.skipif(landlock.abi() < landlock.OLDEST_ABI, reason="this kernel cannot confine files")
def test_what_a_template_says_opens_nothing_to_a_handler(bench: Bench, tmp_path: Path) -> None:
    """Neither a variable's value, nor a handler's name, nor what the dynamic linker goes by before it is confined."""
    secret = tmp_path / "credentials"
    secret.write_text("stolen")
    variables = {"FILES": f"a {secret}", "LD_DEBUG": "libs", "LD_DEBUG_OUTPUT": str(tmp_path / "linker")}
    read = f"try:\n    open({str(secret)!r})\nexcept PermissionError: ...\nelse:\n    import stolen\n"
    files = {"orders0.py": f"{read}def __getattr__(name): return print\n"}
    bench.check_all([Function("First", f"orders0.{secret}", variables)], files)
    assert {path.name for path in tmp_path.iterdir()} == {"work", "w.whl", "credentials"}
