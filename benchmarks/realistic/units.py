"""Files of a realistic repository: units of several languages, shared libraries, and what was retired."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from benchmarks.realistic.sources import SOURCES, project_file
from benchmarks.realistic.templates import CDK_FILE, template

File = tuple[str, str]

LIBRARIES = tuple(f"libs/{name}" for name in ("money", "events", "http", "storage", "identity", "reports"))
"""Shared code."""
RETIRED = 450
"""How many folders among the units are excluded, each by its path."""
FIXTURES = tuple(f"fixtures-{number}" for number in range(50))
"""What folders are called that are excluded wherever they are."""
_NOUNS = ("orders", "invoices", "ledger", "stock", "prices", "shipments", "returns", "customers", "alerts", "search")
_DOMAINS = ("retail", "wholesale", "finance", "logistics")
# Of twenty units, how many lie in how many folders, and what language they are in.
_DEPTHS = (1, *(2,) * 8, *(3,) * 6, *(4,) * 3, 5, 5)
_LANGUAGES = (*("python",) * 10, *("node",) * 6, *("java",) * 2, "go", "cdk")


@dataclass(frozen=True)
class RealisticUnit:
    """One unit.

    Attributes:
        number: which one.
        units: how many there are in the repository.
    """

    number: int
    units: int

    @property
    def name(self) -> str:
        """The unit's name, which is its folder's."""
        return f"{_NOUNS[self.number % len(_NOUNS)]}-{self.number}"

    @cached_property
    def folder(self) -> str:
        """From the repository's root."""
        return f"{_parent(self.number, self.units)}{self.name}"

    @property
    def language(self) -> str:
        """What its functions are written in."""
        # Another rhythm than that of the depths, so that each language lies at each of them.
        return _LANGUAGES[self.number * 7 // 3 % len(_LANGUAGES)]

    @property
    def has_project(self) -> bool:
        """Whether it has a `pyproject.toml`."""
        return self.language == "python" and self.number % 3 == 0

    @property
    def libraries(self) -> list[str]:
        """The shared code that it depends on."""
        if self.language != "python" or self.number % 3 == 1:
            return []
        return [LIBRARIES[self.number % len(LIBRARIES)]]

    @property
    def code(self) -> str:
        """A file of its code, from the repository's root."""
        return f"{self.folder}/{next(iter(SOURCES[self.language]))}"

    def files(self) -> Iterator[File]:
        """Some twenty files."""
        for path, text in self._files():
            yield f"{self.folder}/{path}", text

    def _files(self) -> Iterator[File]:
        if self.language == "cdk":
            yield "cdk.json", CDK_FILE
        else:
            file = "stack.yaml" if self.number % 10 == 1 else "template.yaml"
            yield file, template(self.name, self.language, self.number)
            yield "samconfig.toml", _SAMCONFIG.format(name=self.name)
        yield from SOURCES[self.language].items()
        yield from project_file(self.language, self.name, self.libraries, is_project=self.has_project)
        for name in ("created", "changed", "removed"):
            yield f"events/{name}.json", json.dumps({"detail": {"id": self.number, "kind": name}}, indent=2)
        yield "README.md", f"# {self.name}\n\n{'What it does, and who runs it.' * 20}\n"
        yield "docs/operations.md", f"# Operations of {self.name}\n\n{'Where the alarms go. ' * 40}\n"
        yield "Makefile", "test:\n\t./test.sh\n"
        yield ".gitignore", "build\n.aws-sam\n"
        yield "buildspec.yml", "version: 0.2\nphases:\n  build:\n    commands: [make test]\n"


def files_of_library(folder: str) -> Iterator[File]:
    """Shared code."""
    name = folder.rpartition("/")[2]
    yield (
        f"{folder}/pyproject.toml",
        f'[project]\nname = "acme-{name}"\nversion = "1.0"\n[tool.orchestrator]\nlibrary = true\n',
    )
    for module in ("__init__", "model", "client", "errors"):
        yield f"{folder}/src/acme_{name}/{module}.py", f'"""Of {name}."""\n\nVALUE = 1\n'


def retired_folder(number: int, units: int) -> str:
    """A folder among the units that is left out; among few units, it lies where the first ones are."""
    return f"{_parent(number, units)}retired-{number}"


def files_of_retired(number: int, units: int) -> Iterator[File]:
    """What would be a unit, and fixtures that would be."""
    folder = retired_folder(number, units)
    yield f"{folder}/template.yaml", template(f"retired-{number}", "python", number)
    yield f"{folder}/README.md", "Replaced.\n"
    if number < len(FIXTURES):
        yield f"{_parent(number, units)}{FIXTURES[number]}/stack.yaml", template(f"fixture-{number}", "node", number)


def _parent(number: int, units: int) -> str:
    """The folder that a unit lies in: a team has some forty units, however many there are."""
    depth = _DEPTHS[number % len(_DEPTHS)]
    teams = max(1, units // 40)
    team = f"team-{number * 11 % teams}"
    domain = _DOMAINS[number % len(_DOMAINS)]
    parents = {
        1: "",
        2: "services/",
        3: f"teams/{team}/",
        4: f"domains/{domain}/{team}/",
        5: f"platform/eu/{domain}/{team}/",
    }
    return parents[depth]


_SAMCONFIG = """version = 0.1

[default.deploy.parameters]
stack_name = "{name}-sandbox"
parameter_overrides = "Stage=sandbox"

[prod.deploy.parameters]
stack_name = "{name}-live"
parameter_overrides = ["Stage=prod", "LogLevel=WARNING"]
"""
