"""The pushes that brought a release what the one that runs does not have. Pure."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from orchestrator.frozen import dataclass
from orchestrator.ledger.pushes import NotedPush

CLOCKS = timedelta(minutes=10)
"""How far what a host tells of the times of pushes may be from their order, and its clock from others."""


@dataclass(frozen=True)
class Built:
    """A release that was built.

    Attributes:
        digest: the unit's.
        at: when it was published.
    """

    digest: str
    at: datetime


def pushed_since(
    pushes: Iterable[NotedPush], old: datetime | None, new: Built, is_old: Callable[[NotedPush], bool]
) -> list[NotedPush]:
    """Choose among the pushes that touched a unit, in order of time, however they are given.

    A push from after the new release was built has no part in it, unless the branch was led back to the release later.
    A push from after the old release was built is not in that one. Of the pushes before, the newest are asked whether
    they brought something that the old release does not have, until one did not: neither did those before it.

    Args:
        pushes: those that are known.
        old: when the release was built that is replaced; None where none is.
        new: the release that is to go in.
        is_old: tells whether a push brought nothing that the old release does not have.
    """
    counted: list[NotedPush] = []
    end: datetime | None = None
    for push in sorted(_until(new, list(pushes)), key=_order, reverse=True):
        if end and push.at < end:
            break
        if old is None or push.at > old or not is_old(push):
            counted.append(push)
        elif end is None:
            end = push.at - CLOCKS
    return counted[::-1]


def _until(new: Built, pushes: list[NotedPush]) -> list[NotedPush]:
    last = max([new.at, *(push.at for push in pushes if push.digest == new.digest)])
    return [push for push in pushes if push.at <= last + CLOCKS]


def _order(push: NotedPush) -> tuple[datetime, str, str]:
    return push.at, push.commit, push.pushed_by
