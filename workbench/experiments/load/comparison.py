"""Our service and the naive reference under the same loads, turn by turn on the same machine."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from workbench.experiments.load.histogram import Latency
from workbench.experiments.load.pool import QueryPool
from workbench.experiments.load.queries import DISTINCT, search_targets
from workbench.experiments.load.resources import Memory, ResourceWatch
from workbench.experiments.load.scenario import LoadRun, Scenario, cold_start, line, median_run, run_scenario
from workbench.experiments.load.service import Service, fetch, free_port, naive_command, running, workbench_command

COLD_QUERIES = 100
_CONNECTION_SECONDS = 8.0
Say = Callable[[str], None]


@contextmanager
def our_service(store: Path, workers: int, *, cache: bool) -> Iterator[Service]:
    """`workbench serve` on a free port, ready."""
    port = free_port()
    with running("workbench", workbench_command(store, port, workers, cache=cache), port, workers) as service:
        yield service


@contextmanager
def naive_service(store: Path, workers: int) -> Iterator[Service]:
    """The naive reference on a free port, ready."""
    port = free_port()
    one_thread = {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
    with running("naive", naive_command(store, port, workers), port, workers, environment=one_thread) as service:
        yield service


@dataclass(frozen=True, slots=True)
class Comparison:
    """One scenario: the median run of our service and of the reference, and the p95 and throughput of all repeats.

    `ratio` is the median, over pairs of successive runs, of our throughput by the reference's; None without one.
    """

    scenario: Scenario
    ours: LoadRun
    naive: LoadRun | None
    p95s: tuple[float, ...]
    throughputs: tuple[float, ...]
    naive_throughputs: tuple[float, ...]
    ratio: float | None


@dataclass(frozen=True, slots=True)
class HttpReport:
    """All runs over HTTP of one mix."""

    mix: str
    workers: int
    cache: bool
    ready_seconds: float
    cold: Latency
    comparisons: tuple[Comparison, ...]
    connections: LoadRun | None
    memory: Memory
    naive_memory: Memory | None
    shape: str


@dataclass(frozen=True, slots=True)
class HttpPlan:
    """What to run for one mix. `connections` 0 leaves that test out."""

    store: Path
    workers: int
    scenarios: tuple[Scenario, ...]
    repeat: int = 3
    reference: bool = True
    connections: int = 0


def measure(plan: HttpPlan, pool: QueryPool, say: Say) -> HttpReport:
    """Start the services, run everything, end them."""
    mix = plan.scenarios[0].mix
    cache = mix != DISTINCT
    naive: Service | None = None
    with ExitStack() as stack:
        ours = stack.enter_context(our_service(plan.store, plan.workers, cache=cache))
        memory = stack.enter_context(ResourceWatch(ours.pid))
        say(f"workbench serve is ready after {ours.ready_seconds:.1f} s")
        cold = cold_start(ours, pool.take(COLD_QUERIES))
        naive_memory: ResourceWatch | None = None
        if plan.reference:
            naive = stack.enter_context(naive_service(plan.store, plan.workers))
            naive_memory = stack.enter_context(ResourceWatch(naive.pid))
            say(f"the naive reference is ready after {naive.ready_seconds:.1f} s")
        shape = _compare_shapes(ours, naive, pool.take(5)) if naive else ""
        comparisons = tuple(_compare(one, plan.repeat, ours, naive, pool, say) for one in plan.scenarios)
        connections = None
        if plan.connections:
            many = Scenario(plan.connections, seconds=_CONNECTION_SECONDS, warmup=1.0)
            connections = run_scenario(ours, many, pool.targets(many))
            say(line(connections))
        return HttpReport(
            mix, plan.workers, cache, ours.ready_seconds, cold, comparisons, connections, memory.peak,
            naive_memory.peak if naive_memory else None, shape,
        )  # fmt: skip


def _compare(
    scenario: Scenario, repeat: int, ours: Service, naive: Service | None, pool: QueryPool, say: Say
) -> Comparison:
    mine: list[LoadRun] = []
    theirs: list[LoadRun] = []
    for _ in range(repeat):
        mine.append(run_scenario(ours, scenario, pool.targets(scenario)))
        say(line(mine[-1]))
        if naive:
            theirs.append(run_scenario(naive, scenario, pool.targets(scenario)))
            say(line(theirs[-1]))
    ratios = [a.throughput / b.throughput for a, b in zip(mine, theirs, strict=False) if b.throughput]
    return Comparison(
        scenario,
        median_run(mine),
        median_run(theirs) if theirs else None,
        tuple(run.latency.p95 for run in mine),
        tuple(run.throughput for run in mine),
        tuple(run.throughput for run in theirs),
        statistics.median(ratios) if ratios else None,
    )


def _compare_shapes(ours: Service, naive: Service, queries: list[str]) -> str:
    """Whether both answer with as many hits of the same fields; empty if so, else what differs."""
    for target in search_targets(queries):
        mine, other = (orjson.loads(fetch(service.port, target))["contexts"] for service in (ours, naive))
        if len(mine) != len(other):
            return f"{len(mine)} hits against {len(other)} of the reference for {target}"
        fields = {name for hit in mine for name in hit} ^ {name for hit in other for name in hit}
        if fields:
            return f"fields that only one of the two gives: {', '.join(sorted(fields))}"
    return ""
