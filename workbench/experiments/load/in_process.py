"""Search without HTTP: one user stage by stage, several threads, and batches."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from workbench.errors import WorkbenchError
from workbench.experiments.load.histogram import Latency, latency_of
from workbench.experiments.load.scenario import Scenario
from workbench.experiments.load.threads import Search, run_threads
from workbench.model import Query, SearchResult

BATCHES = (1, 4, 16, 32, 64)
SearchMany = Callable[[Sequence[Query]], Sequence[SearchResult | WorkbenchError]]


@dataclass(frozen=True, slots=True)
class Stage:
    """Milliseconds of one stage."""

    name: str
    mean: float
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class OneUser:
    """Queries one after another, and where their time went."""

    latency: Latency
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Throughput:
    """So many threads, or queries in a batch: queries a second, and the latency of each call.

    `failures` counts exceptions by kind; the figures are of the queries that were answered.
    """

    width: int
    per_second: float
    latency: Latency
    failures: dict[str, int] = field(default_factory=dict)


def one_user(search: Search, queries: Sequence[Query], *, warmup: int = 50) -> OneUser:
    """Search `queries` one after another; the first `warmup` are not counted."""
    seconds: list[float] = []
    stages: dict[str, list[float]] = {}
    for number, query in enumerate(queries):
        begun = time.perf_counter()
        result = search(query)
        took = time.perf_counter() - begun
        if number >= min(warmup, len(queries) - 1):
            seconds.append(took)
            for name, milliseconds in result.timings_ms.items():
                stages.setdefault(name, []).append(milliseconds)
    return OneUser(latency_of(np.array(seconds)), tuple(_stage(name, values) for name, values in stages.items()))


def threads(search: Search, queries: Sequence[Query], width: int) -> Throughput:
    """Let `width` threads work `queries` off, each one query at a time."""
    samples = run_threads(search, queries, Scenario(width, seconds=math.inf, warmup=0.0))
    took = latency_of(samples.done - samples.sent)
    return Throughput(width, took.count / samples.window, took, samples.errors)


def batches(search_many: SearchMany, queries: Sequence[Query], width: int) -> Throughput:
    """Search `queries`, `width` at a time; each query of a batch has waited for all of it."""
    seconds: list[float] = []
    failures: list[str] = []
    begun = time.perf_counter()
    for start in range(0, len(queries), width):
        batch = queries[start : start + width]
        at = time.perf_counter()
        answers = search_many(batch)
        failed = [f"{type(one).__name__}: {one}"[:140] for one in answers if isinstance(one, WorkbenchError)]
        seconds += [time.perf_counter() - at] * (len(batch) - len(failed))
        failures += failed
    took = time.perf_counter() - begun
    return Throughput(width, len(seconds) / took, latency_of(np.array(seconds)), dict(Counter(failures)))


def _stage(name: str, values: list[float]) -> Stage:
    p50, p95, p99 = np.percentile(values, [50, 95, 99])
    return Stage(name, float(np.mean(values)), float(p50), float(p95), float(p99))
