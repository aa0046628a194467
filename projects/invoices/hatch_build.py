"""Puts the shared code into the wheel and the sdist, so that each of them is complete by itself."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACES = {"wheel": "billing_rules", "sdist": "src/billing_rules"}


class SharedCode(BuildHookInterface):
    """Adds what lies outside of this folder; an unpacked sdist has it inside already.

    A plain `force-include` would look outside in both cases, and an sdist could not be built.
    """

    def initialize(self, _version: str, build_data: dict[str, Any]) -> None:
        """Tell the build where to find it."""
        if (Path(self.root) / PLACES["sdist"]).is_dir():
            return
        shared = Path(self.root).parent / "shared" / "src" / "billing_rules"
        if not shared.is_dir():
            # The wheel would be built without a word, and fail where it runs.
            raise FileNotFoundError(f"{shared} is not there: name its folder in depends_on.")
        build_data["force_include"][str(shared)] = PLACES[self.target_name]
