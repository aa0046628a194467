"""How long something takes by the clock and by the processor, of which the second bears a machine that is busy."""

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Taken:
    """Medians, in milliseconds; the processor's are those of processes that were started and waited for."""

    wall: float
    processor: float

    def __str__(self) -> str:
        return f"{self.wall:.0f} ms ({self.processor:.0f} ms of the processor)"


def taken(run: Callable[[], object], runs: int = 5, prepare: Callable[[], object] = lambda: None) -> Taken:
    """Run something several times; what it takes to prepare each run does not count."""
    found = [_once(run, prepare) for _ in range(runs)]
    return Taken(statistics.median(one.wall for one in found), statistics.median(one.processor for one in found))


def _once(run: Callable[[], object], prepare: Callable[[], object]) -> Taken:
    prepare()
    used, began = _processor(), time.perf_counter()
    run()
    return Taken((time.perf_counter() - began) * 1000, (_processor() - used) * 1000)


def _processor() -> float:
    """Seconds, of this process and of those that it waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
