"""What `fakes.fake_uv` runs for uv: it knows the commands of a build, and notes each in `calls`, in its cache.

What it locks is not on the web, so that every wheel has to be installed; of `some-backend`, it installs
`fake_backend.py`. Files in its folder steer both: `fail-<command>` makes that command fail and holds what it prints,
`fail-build` the backend; `salt` is written into whatever is built, as a backend does that heeds no SOURCE_DATE_EPOCH;
`requires-dist` is what a wheel requires besides;
`no-dates` plays an index that knows no upload dates; `wheel-name` is the name that a wheel gets; `link` is what the
built sdist is a link to.
"""

import hashlib
import os
import shutil
import sys
from pathlib import Path

FOLDER = Path(sys.argv[1])
ARGUMENTS = sys.argv[2:]
COMMAND = next(word for word in ARGUMENTS if word in ("compile", "install", "--version"))


def value(option: str) -> str:
    """The value of an option."""
    return ARGUMENTS[ARGUMENTS.index(option) + 1]


def salt() -> str:
    """What makes this build differ from others."""
    path = FOLDER / "salt"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def compile_() -> None:
    """Lock each requirement to what it says, and to a wheel that cannot be downloaded."""
    packages = []
    for line in Path("requirements.in").read_text(encoding="utf-8").splitlines():
        name, version = line.split("==")
        file = f"{name}-{version}-py3-none-any.whl"
        wheel = f'{{ url = "file:///{file}", hashes = {{ sha256 = "{hashlib.sha256(file.encode()).hexdigest()}" }} }}'
        packages.append(f'[[packages]]\nname = "{name}"\nversion = "{version}"\nwheels = [{wheel}]\n')
    text = 'lock-version = "1.0"\ncreated-by = "fake"\n' + "\n".join(packages)
    Path(value("--output-file")).write_text(text, encoding="utf-8")


def install() -> None:
    """Make a module of each requirement."""
    target = Path(value("--target"))
    (target / "bin").mkdir(parents=True)
    for line in Path(value("--requirement")).read_text(encoding="utf-8").splitlines():
        if line == "some-backend":
            shutil.copyfile(Path(__file__).with_name("fake_backend.py"), target / "some_backend.py")
        elif not line.startswith(" "):
            name = line.split("=")[0]
            (target / f"{name}.py").write_text(f"{line}{salt()}\n", encoding="utf-8")


def main() -> int:
    """Do what the command says."""
    if COMMAND == "--version":
        sys.stdout.write("uv 0.0.1 (a stand-in)\n")
        return 0
    with Path(os.environ["UV_CACHE_DIR"], "calls").open("a", encoding="utf-8") as calls:
        calls.write(f"{COMMAND}\n")
    failure = FOLDER / f"fail-{COMMAND}"
    if failure.exists():
        sys.stderr.write(failure.read_text(encoding="utf-8"))
        return 1
    if (FOLDER / "no-dates").exists() and "--exclude-newer" in ARGUMENTS:
        warning = "" if "--quiet" in ARGUMENTS else "warning: `six.whl` is missing an upload date\n"
        sys.stderr.write(f"{warning}hint: `six` was filtered by `exclude-newer`\n")
        return 1
    {"compile": compile_, "install": install}[COMMAND]()
    return 0


sys.exit(main())
