"""The same units twice: as a repository for the orchestrator, and as projects for `sam build`."""

import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_ARCHITECTURE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
_ORGANIZATION = f"""
[tooling]
account = "111111111111"
region = "eu-west-1"

[[environments]]
name = "dev"
account = "222222222222"
region = "eu-west-1"

[lambda]
python = "{PYTHON}"
architecture = "{_ARCHITECTURE}"
"""
_PYPROJECT = """
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "{unit}"
version = "0.1.0"
dependencies = {requirements}

[tool.hatch.build.targets.wheel]
packages = ["src/{unit}"]
"""
_TEMPLATE = """
Parameters:
  ArtifactsBucket: {{Type: String}}
  SourceKey: {{Type: String}}
  LayerKey: {{Type: String}}
  Handler: {{Type: String, Default: {unit}.handler.handle}}
Resources:
  Layer:
    Type: AWS::Lambda::LayerVersion
    Properties:
      Content: {{S3Bucket: !Ref ArtifactsBucket, S3Key: !Ref LayerKey}}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Handler: {handler}
      Runtime: python{python}
      Role: arn:aws:iam::222222222222:role/orders
      Layers: [!Ref Layer]
      Code: {{S3Bucket: !Ref ArtifactsBucket, S3Key: !Ref SourceKey}}
"""
_SAM_FUNCTION = """
  {unit}:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handler.handle
      Runtime: python{python}
      Architectures: [{architecture}]
      CodeUri: {unit}
"""


@dataclass(frozen=True)
class Workload:
    """Units with the same requirements.

    Attributes:
        folder: where both forms of them are made, in `repository` and `sam`.
        units: their names.
        requirements: of each.
        imports: the modules that each handler imports.
        checked: whether the template names the handler, so that it is imported, or leaves it to a parameter.
    """

    folder: Path
    units: tuple[str, ...]
    requirements: tuple[str, ...]
    imports: tuple[str, ...]
    checked: bool = True

    @property
    def repository(self) -> Path:
        """The git repository."""
        return self.folder / "repository"

    @property
    def sam(self) -> Path:
        """The project for SAM."""
        return self.folder / "sam"

    def write(self) -> None:
        """Write all files, and commit them."""
        self._put(self.repository / "orchestrator.toml", _ORGANIZATION)
        functions = [_SAM_FUNCTION.format(unit=unit, python=PYTHON, architecture=_ARCHITECTURE) for unit in self.units]
        self._put(self.sam / "template.yaml", f"Transform: AWS::Serverless-2016-10-31\nResources:{''.join(functions)}")
        for unit in self.units:
            folder = self.repository / "projects" / unit
            pyproject = _PYPROJECT.format(unit=unit, requirements=list(self.requirements))
            self._put(folder / "pyproject.toml", pyproject)
            handler = f"{unit}.handler.handle" if self.checked else "!Ref Handler"
            self._put(folder / "template.yaml", _TEMPLATE.format(unit=unit, python=PYTHON, handler=handler))
            self._put(folder / "src" / unit / "__init__.py", "")
            self._put(self.sam / unit / "requirements.txt", "\n".join(self.requirements))
        self._git("init", "--quiet")
        self.change("first")

    def change(self, answer: str) -> None:
        """Change every unit's source, and commit it."""
        imports = "".join(f"import {module}\n" for module in self.imports)
        source = f"{imports}\n\ndef handle(event, context):\n    return {answer!r}\n"
        for unit in self.units:
            self._put(self.repository / "projects" / unit / "src" / unit / "handler.py", source)
            self._put(self.sam / unit / "handler.py", source)
        self._git("add", ".")
        self._git("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "-m", answer)

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.repository, check=True)  # noqa: S607

    @staticmethod
    def _put(path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
