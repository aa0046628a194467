"""`[[trains]]` of `orchestrator.toml`: units that go together when a merge affects several of them."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from orchestrator.config.base import EnvironmentName, Settings, UnitName, worded

OnFailure = Literal["stop", "continue", "roll_back"]
ON_FAILURE = (
    "'stop': the running wave is finished and nothing further promoted. 'continue': members that do not depend on "
    "the failed one go on. 'roll_back': members already deployed in this environment return to their last known good "
    "release."
)
# The train's own name is followed by the merge's commit and a number.
_Name = Annotated[
    str,
    worded(
        r"^[a-z][a-z0-9-]{0,22}[a-z0-9]$",
        "a train's name begins with a small letter and has 2 to 24 small letters, digits and '-'",
    ),
]


class MergedTrain(Settings):
    """Units that a merge promotes together."""

    name: _Name = Field(description="What its trains are called, before the merge's commit.", examples=["billing"])
    units: tuple[UnitName, ...] = Field(
        min_length=2, max_length=40, description="The members: a merge that affects several of them starts a train."
    )
    single: Literal["alone", "train"] = Field(
        default="alone", description="How a merge that affects only one of them promotes it: alone, or as a train."
    )
    to: EnvironmentName | None = Field(default=None, description="The environment its trains end with; the last one.")
    on_failure: OnFailure = Field(default="stop", description=ON_FAILURE)


def problems_of(trains: Iterable[MergedTrain], environments: Iterable[str]) -> list[str]:
    """What is wrong with trains beside each other: a merge could not tell which of them to start."""
    found: list[str] = []
    names: set[str] = set()
    train_of: dict[str, str] = {}
    known = list(environments)
    for train in trains:
        if train.name in names:
            found.append(f"{train.name!r} is there more than once")
        names.add(train.name)
        if train.to and train.to not in known:
            found.append(f"{train.name!r} ends with {train.to!r}, and there is none but {', '.join(known)}")
        for unit in train.units:
            other = train_of.setdefault(unit, train.name)
            if other != train.name:
                found.append(f"{unit!r} is in both {other!r} and {train.name!r}: take it out of one of them")
        found += [f"{unit!r} is in {train.name!r} more than once" for unit in _repeated(train.units)]
    return found


def _repeated(units: tuple[str, ...]) -> list[str]:
    return sorted(unit for unit, count in Counter(units).items() if count > 1)
