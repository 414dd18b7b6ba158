"""The memory of a service that can leak, watched beside a load.

USS is no measure of that: it counts the pages of the store's files that only this process has mapped, so that it grows
with every part of the store that is read for the first time, and falls when somebody else opens the store. What a leak
takes is anonymous memory (heap, arenas, stacks).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from workbench.errors import WorkbenchError
from workbench.experiments.load.job import LoadSamples
from workbench.experiments.load.processes import family
from workbench.experiments.load.resources import Live, Resources, ResourceWatch
from workbench.experiments.load.service import Service
from workbench.experiments.service_load.loads import load, searches
from workbench.experiments.stress.trend import FEWEST, Trend, line

_PASSES = 8  # with two workers 1 of 256 queries is still new to one of them
_WARMING_USERS = 8
_LONGEST_WARMUP = 300.0  # seconds; the end of the queries comes first
ANONYMOUS = "anonymous"
_FIELD = "Anonymous:"


def anonymous_bytes(pid: int) -> int:
    """Anonymous memory of a process and its descendants (proc(5), smaps_rollup); USS where the system does not tell.

    Raises:
        WorkbenchError: The process has ended.
    """
    found = [_anonymous(process) for process in family(pid)]
    if not found:
        raise WorkbenchError("the process whose memory was watched has ended", f"its number was {pid}")
    return sum(found)


def _anonymous(process: psutil.Process) -> int:
    path = Path(f"/proc/{process.pid}/smaps_rollup")
    try:
        text = path.read_text(encoding="ascii")
        return next(1024 * int(line.split()[1]) for line in text.splitlines() if line.startswith(_FIELD))
    except (OSError, StopIteration):  # another system, or it ended just now
        try:
            return int(process.memory_full_info().uss)
        except psutil.NoSuchProcess:
            return 0


class MemoryWatch(ResourceWatch):
    """Samples a service, with its anonymous memory among the live figures, beside those that `live` gives."""

    def __init__(self, service: Service, *, live: Live | None = None, every: float = 1.0) -> None:
        def figures() -> Mapping[str, float]:
            return {ANONYMOUS: float(anonymous_bytes(service.pid)), **(live() if live else {})}

        super().__init__(service.pid, live=figures, every=every)


@dataclass(frozen=True, slots=True)
class Course:
    """Samples of memory during a load, of shape (samples,).

    `at` is seconds since the load's warm-up, `anonymous` bytes, `queries` how many had been answered by then.
    """

    at: NDArray[np.float64]
    anonymous: NDArray[np.float64]
    queries: NDArray[np.float64]

    @property
    def second_half(self) -> Course:
        """What was taken in the second half of the time; all, where that would be too little for a trend."""
        kept = self.at >= (self.at[0] + self.at[-1]) / 2
        if kept.sum() < FEWEST:
            return self
        return Course(self.at[kept], self.anonymous[kept], self.queries[kept])


def warm_up(port: int, queries: Sequence[str]) -> float:
    """Have a service answer all `queries` often enough for every worker to have met each of them, and to have grown.

    Returns how many it answered a second.
    """
    samples = load(port, searches(queries, _PASSES * len(queries)), _WARMING_USERS, _LONGEST_WARMUP)
    return len(samples.done) / samples.window


def course_of(watch: ResourceWatch, load: LoadSamples) -> Course:
    """What `watch` saw while `load` ran."""
    samples = within(watch, load)
    at = np.array([watch.begun + one.at - load.start for one in samples])
    answered = np.searchsorted(np.sort(load.done), at)
    return Course(at, np.array([one.live[ANONYMOUS] for one in samples]), answered.astype(np.float64))


def within(watch: ResourceWatch, load: LoadSamples) -> list[Resources]:
    """The samples with live figures that were taken while `load` was counted."""
    return [one for one in watch.samples if one.live and 0 <= watch.begun + one.at - load.start <= load.window]


def drawn(x: NDArray[np.float64], course: Course, found: Trend, fitted: NDArray[np.float64]) -> dict[str, list[float]]:
    """Memory over `x`, and the lines of the trend at its ends and its middle; it was `fitted` to that part of `x`."""
    ends = [float(fitted[0]), float(fitted[0] + fitted[-1]) / 2, float(fitted[-1])]
    middle, low, high = line(found, ends)
    return {"x": x.tolist(), "bytes": course.anonymous.tolist(), "fitted_x": ends, "fitted": middle, "low": low,
            "high": high}  # fmt: skip
