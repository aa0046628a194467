"""What a target really runs, compared with a release: code, layers, template and parameters.

CloudFormation's drift detection finds none of it: it never reads code, and a stack that somebody updated past the
orchestrator is in perfect order to it.
"""

import base64
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from orchestrator.aws.drift import HandChange
from orchestrator.aws.errors import error_code
from orchestrator.aws.stack import Stack
from orchestrator.aws.target import TargetAccount
from orchestrator.frozen import dataclass
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.compare import template_differences
from orchestrator.releases.manifest import Manifest
from orchestrator.releases.template_code import dependency_layers, literal_code, literal_layers, wheel_functions
from orchestrator.steps.deployment import ReleaseFiles, parameters

_FUNCTION, _LAYER, _STACK = "AWS::Lambda::Function", "AWS::Lambda::LayerVersion", "AWS::CloudFormation::Stack"
# SAM names a layer's resource anew with each change of it: this many hexadecimal digits follow.
_SAM_SUFFIX = 10
_DELETED = "was deleted"
_SHOWN = 5


@dataclass(frozen=True)
class Deployed:
    """A stack in a target, and the release that should be in it.

    Attributes:
        account: the target.
        stack: the unit's.
        manifest: the release.
        environment: its name, which parameters depend on.
    """

    account: TargetAccount
    stack: Stack
    manifest: Manifest
    environment: str

    def differences(self, files: ReleaseFiles) -> Iterator[HandChange]:
        """Everything that is not the release's."""
        state = self.stack.state()
        if state is None or not state.exists:
            yield self._of_stack("is not there")
            return
        template = files.template(self.manifest, self.environment)
        yield from self._template(template)
        yield from self._parameters(template, state.parameters)
        yield from self._functions(template)
        yield from self._layers(template)

    def _template(self, template: dict[str, Any]) -> Iterator[HandChange]:
        found = self.stack.template()
        if not isinstance(found, dict):
            yield self._of_stack(f"its template is another than that of {self.manifest.name}")
        elif found != template:
            places = [one.what for one in template_differences(template, found)]
            more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
            shown = ", ".join(places[:_SHOWN])
            yield self._of_stack(f"its template differs from that of {self.manifest.name} at {shown}{more}")

    def _parameters(self, template: dict[str, Any], found: dict[str, str]) -> Iterator[HandChange]:
        """Only names are told: a value may be a secret."""
        declared: dict[str, Any] = template.get("Parameters", {})
        given = parameters(self.manifest, declared, self.account.target, self.environment)
        # What nothing gives a value keeps the one that an adopted stack had.
        open_too = self.manifest.settings.stack_in(self.environment) is None
        wanted = {
            name: given.get(name, _default(one))
            for name, one in declared.items()
            if not _is_hidden(one) and (open_too or name in given)
        }
        names = sorted(name for name, value in wanted.items() if found.get(name) != value)
        if names:
            yield self._of_stack(f"its parameters {', '.join(names)} have other values than {self.manifest.name} gives")

    def _functions(self, template: dict[str, Any]) -> Iterator[HandChange]:
        names, layers = self.stack.functions(), set(self.stack.resources(_LAYER).values())
        stored = {asset.key: asset for asset in self.manifest.assets}
        code = {name: stored[key] for name, key in literal_code(template).items() if key in stored}
        code |= dict.fromkeys(wheel_functions(template), self.manifest.wheel)
        for resource, wanted in code.items():
            if resource in names and (what := _unless_gone(partial(self._function, names[resource], wanted, layers))):
                yield HandChange(resource=resource, type=_FUNCTION, what=what)

    def _function(self, name: str, wanted: Artifact, layers: set[str]) -> str | None:
        found = self.account.functions.get_function_configuration(FunctionName=name)
        return self._code("its code", found["CodeSha256"], wanted) or _other_layers(found, layers)

    def _layers(self, template: dict[str, Any]) -> Iterator[HandChange]:
        stored = {asset.key: asset for asset in self.manifest.assets}
        wanted = {name: stored[key] for name, key in literal_layers(template).items() if key in stored}
        for name, parameter in dependency_layers(template).items():
            if layer := self.manifest.layer_parameters.get(parameter):
                wanted[name] = layer.archive
        deployed = self.stack.resources(_LAYER) if wanted else {}
        for resource, archive in wanted.items():
            for arn in (arn for name, arn in deployed.items() if _is_layer(name, resource)):
                if what := _unless_gone(partial(self._layer, arn, archive)):
                    yield HandChange(resource=resource, type=_LAYER, what=what)

    def _layer(self, arn: str, archive: Artifact) -> str | None:
        name, version = arn.split(":")[-2:]
        found = self.account.functions.get_layer_version(LayerName=name, VersionNumber=int(version))
        return self._code("its content", found["Content"]["CodeSha256"], archive)

    def _code(self, what: str, found: str, wanted: Artifact) -> str | None:
        sha256 = base64.b64decode(found).hex()
        if sha256 == wanted.sha256:
            return None
        return f"{what} has SHA-256 {sha256[:12]}, that of {self.manifest.name} is {wanted.sha256[:12]}"

    def _of_stack(self, what: str) -> HandChange:
        return HandChange(resource=self.stack.name, type=_STACK, what=what)


def _other_layers(function: Any, layers: set[str]) -> str | None:
    """Layers of the same name as one of the stack, in another version: CloudFormation gave the function its own."""
    names = {arn.rpartition(":")[0] for arn in layers}
    used = {layer["Arn"] for layer in function.get("Layers", [])}
    other = sorted(arn for arn in used - layers if arn.rpartition(":")[0] in names)
    return f"it uses {', '.join(other)}, which the stack does not hold" if other else None


def _unless_gone(look: Callable[[], str | None]) -> str | None:
    try:
        return look()
    except ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            return _DELETED
        raise


def _is_layer(deployed: str, resource: str) -> bool:
    return deployed == resource or (deployed.startswith(resource) and len(deployed) == len(resource) + _SAM_SUFFIX)


def _is_hidden(parameter: Any) -> bool:
    """Whether CloudFormation shows asterisks in its place."""
    return isinstance(parameter, dict) and str(parameter.get("NoEcho", "")).lower() == "true"


def _default(parameter: Any) -> str:
    """A default as CloudFormation writes it."""
    value = parameter.get("Default", "") if isinstance(parameter, dict) else ""
    return json.dumps(value) if isinstance(value, bool) else str(value)
