"""Functions that make and Go build, with the tool chains of this machine."""

import base64
import hashlib
import sys
import zipfile
from typing import Any

import pytest

from orchestrator.build.cache import Cache
from orchestrator.errors import BuildError, ConfigurationError
from tests.unit.build.functions.workbench import Workbench, files_of

GO: dict[str, Any] = {"runtime": "provided.al2023", "handler": "bootstrap", "metadata": {"BuildMethod": "go1.x"}}
MAKE: dict[str, Any] = {"runtime": "provided.al2023", "handler": "bootstrap", "metadata": {"BuildMethod": "makefile"}}
_MAKEFILE = "build-Function:\n\tcp {} $(ARTIFACTS_DIR)/bootstrap\n"


@pytest.fixture
def program(bench: Workbench) -> Workbench:
    """A module of Go that needs no other one."""
    bench.write("code/go.mod", "module example.com/hello\n\ngo 1.18\n")
    bench.write("code/main.go", 'package main\n\nfunc main() { println("hello") }\n')
    return bench


@pytest.mark.toolchain("go")
def test_go_gives_the_same_program_in_every_folder(program: Workbench) -> None:
    """Neither the folder nor the C library of the machine is in it."""
    first = program.build(**GO)
    program.cache = Cache(program.folder / "another-machine-with-a-longer-name")
    second = program.build(**GO)
    assert first.path.read_bytes() == second.path.read_bytes()
    assert not first.reproducible.reason
    with zipfile.ZipFile(first.path) as archive:
        assert archive.getinfo("bootstrap").external_attr >> 16 == 0o100755
        assert archive.read("bootstrap")[18:20] == b"\x3e\x00"  # An ELF program for x86_64.


@pytest.fixture
def dependent(program: Workbench) -> Workbench:
    """A module of Go that needs another one, which the worker's proxy has: that may be a folder."""
    code = 'package greet\n\nfunc Text() string { return "hi" }\n'
    content = {"go.mod": "module example.com/greet\n", "greet.go": code}
    files = {f"example.com/greet@v1.0.0/{name}": text for name, text in content.items()}
    proxy = program.folder / "proxy" / "example.com" / "greet" / "@v"
    proxy.mkdir(parents=True)
    (proxy / "v1.0.0.info").write_text('{"Version": "v1.0.0", "Time": "2026-01-01T00:00:00Z"}', encoding="utf-8")
    (proxy / "v1.0.0.mod").write_text(content["go.mod"], encoding="utf-8")
    with zipfile.ZipFile(proxy / "v1.0.0.zip", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    address = f"{(program.folder / 'proxy').as_uri()},direct"
    program.environment = {**program.environment, "GOPROXY": address, "GOSUMDB": "off"}
    sums = (_go_sum("v1.0.0", files), _go_sum("v1.0.0/go.mod", {"go.mod": content["go.mod"]}))
    program.write("code/go.sum", "".join(sums))
    program.write("code/go.mod", "module example.com/hello\n\ngo 1.18\n\nrequire example.com/greet v1.0.0\n")
    main = 'package main\n\nimport "example.com/greet"\n\nfunc main() { println(greet.Text()) }\n'
    program.write("code/main.go", main)
    return program


@pytest.mark.toolchain("go")
def test_modules_come_from_the_worker_s_proxy_and_are_built_offline(dependent: Workbench) -> None:
    """Version control is asked for none."""
    assert list(files_of(dependent.build(**GO))) == ["bootstrap"]


@pytest.mark.toolchain("go")
def test_a_module_that_is_not_what_go_sum_says_is_refused(dependent: Workbench) -> None:
    """Whatever the proxy has."""
    path = dependent.tree / "services/orders/code/go.sum"
    dependent.write("code/go.sum", path.read_text(encoding="utf-8").replace("h1:", "h1:AAAA", 1))
    with pytest.raises(BuildError, match=r"checksum mismatch"):
        dependent.build(**GO)


@pytest.mark.toolchain("go")
def test_a_module_in_a_folder_that_the_unit_does_not_have_is_refused(dependent: Workbench) -> None:
    """With the line that adds it."""
    replaced = "replace example.com/greet => ../../greet\n"
    dependent.write("code/go.mod", f"module example.com/hello\n\nrequire example.com/greet v1.0.0\n\n{replaced}")
    with pytest.raises(ConfigurationError, match=r"add 'services/greet' to its depends_on"):
        dependent.build(**GO)


def _go_sum(version: str, files: dict[str, str]) -> str:
    """A line of go.sum. Source: `Hash1` of golang.org/x/mod/sumdb/dirhash."""
    lines = [f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in sorted(files.items())]
    digest = base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()
    return f"example.com/greet {version} h1:{digest}\n"


@pytest.mark.toolchain("make")
def test_make_builds_the_target_of_the_logical_id(bench: Workbench) -> None:
    """The result is what the target copies to $(ARTIFACTS_DIR); nothing is known of its bytes."""
    bench.write("code/Makefile", _MAKEFILE.format("run.sh"))
    bench.write("code/run.sh", "#!/bin/sh\n", program=True)
    package = bench.build(**MAKE)
    assert files_of(package) == {"bootstrap": "#!/bin/sh\n"}
    assert package.reproducible.reason == "make runs what the unit says"


@pytest.mark.toolchain("make")
def test_make_works_in_the_folders_that_metadata_names(bench: Workbench) -> None:
    """As `sam build` does: the project, the Makefile and the working directory may lie apart."""
    bench.write("make/Makefile", _MAKEFILE.format("../shared/run.sh"))
    bench.write("shared/run.sh", "#!/bin/sh\n", program=True)
    bench.write("code/nothing", "")
    places = {"ProjectRootDirectory": ".", "ContextPath": "make", "WorkingDirectory": "code"}
    package = bench.build(**{**MAKE, "metadata": {"BuildMethod": "makefile", **places}})
    assert files_of(package) == {"bootstrap": "#!/bin/sh\n"}


@pytest.mark.toolchain("make")
def test_a_python_function_may_be_built_by_make(bench: Workbench) -> None:
    """Its handler is looked for in what make has made."""
    bench.write("code/Makefile", "build-Function:\n\tcp app.py $(ARTIFACTS_DIR)/main.py\n")
    bench.write("code/app.py", "def handle(event, context): return 1\n")
    python: dict[str, Any] = {"runtime": "python3.13", "metadata": {"BuildMethod": "makefile"}}
    assert files_of(bench.build(handler="main.handle", **python)).keys() == {"main.py"}
    with pytest.raises(ConfigurationError, match=r"its package has no app\.py\. At its top it has main\.py\."):
        bench.build(handler="app.handle", **python)


@pytest.mark.toolchain("make")
@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ("true", "was built into nothing: the folder of artifacts is empty"),
        ("ln -s /etc/passwd $(ARTIFACTS_DIR)/bootstrap", "is a symbolic link that leads out of the folder"),
        ("ln -s ../../.. $(ARTIFACTS_DIR)/up", "is a symbolic link that leads out of the folder"),
        ("ln -s . $(ARTIFACTS_DIR)/loop", "is a symbolic link to itself, or to a folder that it lies in"),
        ("mkfifo $(ARTIFACTS_DIR)/bootstrap", "is no regular file"),
        ("touch $(ARTIFACTS_DIR)/bootstrap", "'bootstrap' in its package is not executable"),
        ("touch $(ARTIFACTS_DIR)/other", "its package has no program 'bootstrap', which Lambda starts"),
    ],
)
def test_results_that_lambda_could_not_start_are_refused(recipe: str, said: str, bench: Workbench) -> None:
    """With the reason."""
    bench.write("code/Makefile", f"build-Function:\n\t{recipe}\n")
    with pytest.raises(ConfigurationError) as refused:
        bench.build(**MAKE)
    assert said in str(refused.value)


def test_a_program_that_is_in_the_repository_is_packed_as_it_is(bench: Workbench) -> None:
    """`aws cloudformation package` does the same; there is no Makefile that could make another one."""
    bench.write("code/bootstrap", "#!/bin/sh\n", program=True)
    package = bench.build(runtime="provided.al2023", handler="anything")
    assert (package.method, files_of(package)) == ("as it is", {"bootstrap": "#!/bin/sh\n"})


def test_a_folder_whose_build_is_skipped_is_packed_as_it_is(bench: Workbench) -> None:
    """Metadata says that somebody else has built it."""
    bench.write("code/index.js", "exports.handler = 1;")
    bench.write("code/package.json", "{}")
    package = bench.build(runtime="nodejs22.x", handler="index.handler", metadata={"SkipBuild": True})
    assert package.method == "as it is"


def test_a_missing_tool_chain_is_named_with_the_image_that_has_it(program: Workbench) -> None:
    """And with what to do in its place."""
    program.environment = {**program.environment, "PATH": str(program.folder)}
    with pytest.raises(BuildError) as refused:
        program.build(**GO)
    assert str(refused.value) == (
        "Build of orders failed at 'find tool chain': Resources.Function needs Go, in the version that go.mod names or "
        "a newer one, and the program 'go' is not on the PATH of this build machine. Install it there (CodeBuild's "
        "image aws/codebuild/amazonlinux-x86_64-standard:5.0 has it), or build it with a command of the unit: "
        "tool.orchestrator.build."
    )


@pytest.mark.toolchain("make")
def test_pip_of_a_makefile_installs_the_wheels_that_were_fetched(bench: Workbench) -> None:
    """Of the function's Python, and without a network; what is not in the list is not there."""
    bench.write("code/requirements.txt", "six==1.16.0\n")
    bench.write("code/app.py", "import six\n\n\ndef handle(event, context): return 1\n")
    pip = f"{sys.executable} -m pip install --disable-pip-version-check --no-compile -q -t $(ARTIFACTS_DIR)"
    bench.write("code/Makefile", f"build-Function:\n\tcp app.py $(ARTIFACTS_DIR)\n\t{pip} -r requirements.txt\n")
    function: dict[str, Any] = {
        "runtime": f"python3.{sys.version_info.minor}",
        "handler": "app.handle",
        "metadata": {"BuildMethod": "makefile"},
    }
    assert {"app.py", "six.py"} <= files_of(bench.build(**function)).keys()
    bench.write("code/Makefile", f"build-Function:\n\t{pip} pluggy\n")
    with pytest.raises(BuildError, match=r"No matching distribution found for pluggy"):
        bench.build(**function)
