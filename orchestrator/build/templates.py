"""Where a unit's templates come from: a file of the unit, or a CDK app that is synthesized for each environment."""

import json
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from orchestrator.build.assembly import Synthesized, constructs_of, read_assembly
from orchestrator.build.cdk import CDK_FILE, CdkApp, install_libraries
from orchestrator.build.exported import Exported
from orchestrator.build.run import Commands
from orchestrator.build.untrusted import UntrustedFolder
from orchestrator.build.uv import Uv
from orchestrator.config.organization import Organization
from orchestrator.config.unit import Unit
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass

# A dependency that is there without being written: the CDK writes them all.
_OF_CDK = ("W3005",)
_ADVICE = "Let the app copy its files there, as the CDK does by itself: neither set outdir nor refer to files by links."


@dataclass(frozen=True)
class TemplateSource:
    """One template of a unit, before it is checked.

    Attributes:
        file: what messages call it.
        path: where it lies.
        environments: those that it is for.
        accepted: rules of cfn-lint that nobody could follow in it.
        constructs: by resource, the construct of the CDK app that it comes from; empty when people wrote it.
    """

    file: str
    path: Path
    environments: tuple[str, ...]
    accepted: tuple[str, ...] = ()
    constructs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Templates:
    """All templates of a unit: the first one is for all environments that no other one is for.

    Attributes:
        sources: the templates.
        files: what they refer to and is published with them, by key.
    """

    sources: tuple[TemplateSource, ...]
    files: Mapping[str, Path]


def is_cdk(unit: Unit, tree: Path) -> bool:
    """Whether a unit is a CDK app: a template that is named in its settings is none."""
    return "template" not in unit.settings.model_fields_set and (tree / unit.folder / CDK_FILE).is_file()


@dataclass(frozen=True)
class Synthesizer:
    """Synthesizes a unit's CDK app.

    Attributes:
        unit: the unit.
        organization: its environments.
        tree: the exported tree.
        uv: installs the app's libraries.
        commands: runs the app.
        libraries: an empty folder for them, which the app cannot write to.
        own: an empty folder that the app cannot reach; it gets what the app has made.
    """

    unit: Unit
    organization: Organization
    tree: Path
    uv: Uv
    commands: Commands
    libraries: Path
    own: Path

    def __call__(self, root: Path, scratch: Path) -> Templates:
        """Synthesize for every target that the unit goes to.

        Args:
            root: the build's folder, all that the app may write to.
            scratch: an empty folder in it.

        Raises:
            BuildError: the app failed, or its libraries cannot be had.
            ConfigurationError: `cdk.json` is not valid, or the app's stack needs what a release does not hold.
        """
        folder, file = self.tree / self.unit.folder, self.unit.path(CDK_FILE)
        app = CdkApp.read(folder, file)
        libraries = install_libraries(self.uv, Exported(self.tree), file, self.libraries)
        texts: dict[tuple[str, str], list[str]] = {}
        files: dict[str, Path] = {}
        for name in self.unit.environments(self.organization):
            for number, target in enumerate(self.organization.environment(name).targets):
                out = scratch / f"{name}-{number}"
                app.synthesize(self.commands, libraries, out, name, target)
                kept = self.own / out.name
                kept.mkdir()
                writer = f"the app of {self.unit.name}"
                written = UntrustedFolder(root, out.relative_to(root).parts, writer, file, _ADVICE)
                made = read_assembly(written, self.unit, kept)
                files |= made.files
                _add(texts, name, made, file)
        sources = (_source(file, made, names, self.own) for made, names in texts.items())
        return Templates(tuple(sources), files)


def _add(texts: dict[tuple[str, str], list[str]], environment: str, made: Synthesized, file: str) -> None:
    """Note a template; all targets of an environment must have the same one, for which there is one plan."""
    names = texts.setdefault((made.stack, json.dumps(made.template)), [])
    if any(environment in others for others in texts.values() if others is not names):
        raise ConfigurationError(
            file,
            f"the targets of {environment} get different templates: write Aws.ACCOUNT_ID and Aws.REGION in place of "
            "what is different, and leave the stack's env out.",
        )
    if environment not in names:
        names.append(environment)


def _source(file: str, made: tuple[str, str], environments: list[str], own: Path) -> TemplateSource:
    stack, text = made
    path = own / f"{environments[0]}.template.json"
    path.write_text(text, encoding="utf-8")
    name = f"stack {stack} ({', '.join(environments)}) of {file}"
    return TemplateSource(name, path, tuple(environments), _OF_CDK, constructs_of(json.loads(text)))
