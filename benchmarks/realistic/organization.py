"""The `orchestrator.toml` of such a repository: environments, globs of all kinds, and hundreds of exclusions."""

import json
from collections.abc import Iterable, Iterator

from benchmarks.realistic.units import FIXTURES, RETIRED, RealisticUnit, retired_folder

ENVIRONMENTS = """
[tooling]
account = "111111111111"
region = "eu-west-1"
""" + "".join(
    f'\n[[environments]]\nname = "{name}"\naccount = "{number * 12}"\nregion = "eu-west-1"\n'
    for name, number in (("dev", "2"), ("test", "3"), ("staging", "4"), ("prod", "5"))
)
GLOBS = (
    "*/template.yaml",
    "services/*",
    "teams/*/*",
    "domains/*/*/*",
    "platform/**/template.yaml",
    "**/stack.yaml",
    "**/cdk.json",
)


def organization_file(units: Iterable[RealisticUnit], count: int) -> str:
    """The file, for so many units."""
    exclude = [*(retired_folder(number, count) for number in range(RETIRED)), *(f"**/{name}" for name in FIXTURES)]
    return "\n".join(
        [
            f"units = {json.dumps(GLOBS)}",
            f"exclude = {json.dumps(exclude)}",
            ENVIRONMENTS,
            *(line for unit in units for line in _table(unit)),
            "",
        ]
    )


def _table(unit: RealisticUnit) -> Iterator[str]:
    """What is said of a unit that has no project file of its own to say it in."""
    if not unit.has_project and unit.libraries:
        yield f'[unit."{unit.folder}"]'
        yield f"depends_on = {json.dumps(unit.libraries)}"
