"""How soon the service is there, and what it takes."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path

from workbench.experiments.load.processes import family
from workbench.experiments.load.service import fetch
from workbench.experiments.service_load.loads import searches, service

STARTS = 5


@dataclass(frozen=True, slots=True)
class Startup:
    """`ready_seconds` from the command to the first answer of /health (the median of all `starts`).

    `unique` and `resident` are bytes of the process that answers (USS, RSS), after a few searches.
    """

    workers: int
    ready_seconds: float
    starts: tuple[float, ...]
    unique: int
    resident: int


def startup(store: Path, queries: list[str], workers: int) -> Startup:
    """Start it a few times; its files are in the page cache by then."""
    seconds: list[float] = []
    unique: list[int] = []
    resident: list[int] = []
    for _ in range(STARTS):
        with service(store, workers) as started:
            seconds.append(started.ready_seconds)
            for target in searches(queries, 20 * workers):
                fetch(started.port, target)
            largest = max((one.memory_full_info() for one in family(started.pid)), key=lambda info: int(info.uss))
            unique.append(int(largest.uss))
            resident.append(int(largest.rss))
    return Startup(workers, statistics.median(seconds), tuple(seconds), max(unique), max(resident))
