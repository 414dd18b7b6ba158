"""One load experiment: a load on a store's search, with everything that is needed to judge what came of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from workbench.embedding import load_embedder
from workbench.experiments.load.endpoints import IN_PROCESS, endpoint
from workbench.experiments.load.generator import run_load
from workbench.experiments.load.job import LoadSamples
from workbench.experiments.load.live import live_figures
from workbench.experiments.load.plan import OFF, WARM, LoadPlan, checked
from workbench.experiments.load.pool import QueryPool
from workbench.experiments.load.proof import GeneratorProof, prove
from workbench.experiments.load.queries import (
    FILTERED,
    POPULAR,
    filtered,
    known_items,
    read_queries,
    search_targets,
)
from workbench.experiments.load.report import header
from workbench.experiments.load.resources import Live, Resources, ResourceWatch
from workbench.experiments.load.scenario import (
    CLOSED,
    RATE,
    LoadRun,
    Scenario,
    job_of,
    line,
    measured,
    summary,
)
from workbench.experiments.load.stages import Band, latency_by_stage
from workbench.experiments.load.sweep import Sweep, sweep
from workbench.experiments.load.threads import run_threads
from workbench.model import Query
from workbench.search import SearchEngine
from workbench.snapshot import Snapshot, open_snapshot

_ALL_TIMINGS, _SOME_TIMINGS = 1, 5
_PREFILLS = 2  # times that each worker is given every popular query, since each keeps its own answers
_MOST_QUERIES = 200_000
_STEP_WARMUP = 0.3  # seconds
_SHORT_SECONDS = 8.0
_LOOK, _LOOK_OFTEN = 1.0, 0.2  # seconds between samples of the resources
Say = Callable[[str], None]
Ask = Callable[[Scenario, Sequence[str], int], tuple[LoadRun, LoadSamples]]


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What came of it. `resources` count their time from the end of the warm-up, like everything else.

    `different` is how many different queries there were, `repeat_hits` the share of answers from the cache among those
    to a query that had been asked before (None without any, or without a cache), `missed` how often the service did not
    tell its live figures, `generator` None where the load came from threads of this process.
    """

    header: Mapping[str, Any]
    plan: LoadPlan
    run: LoadRun
    samples: LoadSamples
    stages: tuple[Band, ...]
    resources: tuple[Resources, ...]
    generator: GeneratorProof | None
    sweep: Sweep | None
    different: int
    repeat_hits: float | None
    missed: int


@dataclass(frozen=True, slots=True)
class _Driver:
    """What puts loads on the target. `pid` is 0 where its processes are not known."""

    pid: int
    ask: Ask
    live: Live | None


def measure_load(plan: LoadPlan, say: Say = lambda _: None) -> LoadResult:
    """Do it. The store is only read.

    Raises:
        UsageError: The plan contradicts itself.
        WorkbenchError: The service did not start, or gave no answer.
    """
    plan = checked(plan)
    with open_snapshot(plan.store) as snapshot:
        heading = header(snapshot, plan.parameters)
        say("making queries")
        found = _queries(snapshot, plan)
        pool = QueryPool(found, seed=plan.scenario.seed)
        with _driver(plan, pool, snapshot, say) as driver:
            known = set(pool.popular) if plan.cache == WARM else set()
            asked = pool.queries(plan.scenario, again=True)
            short = plan.scenario.seconds < _SHORT_SECONDS or bool(plan.scenario.requests)
            with ResourceWatch(driver.pid, live=driver.live, every=_LOOK_OFTEN if short else _LOOK) as watch:
                run, samples = driver.ask(plan.scenario, asked, _ALL_TIMINGS if short else _SOME_TIMINGS)
            say(line(run))
            swept = _sweep(plan, driver, pool, say) if plan.sweep else None
    generator = None if plan.target == IN_PROCESS else prove(run)
    return LoadResult(
        heading, plan, run, samples, latency_by_stage(samples), _aligned(watch, samples), generator, swept,
        len(set(asked)), None if plan.cache == OFF else _repeat_hits(asked, known, samples), watch.missed,
    )  # fmt: skip


def _queries(snapshot: Snapshot, plan: LoadPlan) -> list[str]:
    if plan.queries is not None:
        return read_queries(plan.queries)
    step = replace(plan.scenario, mode=CLOSED, requests=0, seconds=plan.sweep_seconds)
    most = max(plan.scenario.distinct, step.distinct * (plan.sweep > 0))
    found = known_items(snapshot, min(most, _MOST_QUERIES) + POPULAR, seed=plan.scenario.seed)
    return filtered(found, snapshot) if plan.scenario.mix == FILTERED else found


@contextmanager
def _driver(plan: LoadPlan, pool: QueryPool, snapshot: Snapshot, say: Say) -> Iterator[_Driver]:
    if plan.target == IN_PROCESS:
        embedder = load_embedder(snapshot.manifest.embedder)
        yield _Driver(os.getpid(), partial(_ask_engine, SearchEngine(snapshot, embedder)), None)
        return
    with endpoint(plan.target, plan.store, plan.workers, cache=plan.cache != OFF) as service:
        if service.pid:
            say(f"{service.name} is ready after {service.ready_seconds:.1f} s")
        if plan.cache == WARM:
            again = search_targets(pool.popular) * (_PREFILLS * max(1, service.workers))
            run_load(job_of(service, Scenario(plan.scenario.users, seconds=600.0, warmup=0.0), again))

        def ask(scenario: Scenario, queries: Sequence[str], timings: int) -> tuple[LoadRun, LoadSamples]:
            return measured(service, scenario, search_targets(list(queries)), timings=timings)

        yield _Driver(service.pid, ask, partial(live_figures, service))


def _ask_engine(
    engine: SearchEngine, scenario: Scenario, queries: Sequence[str], timings: int
) -> tuple[LoadRun, LoadSamples]:
    samples = run_threads(engine.search, [Query(text) for text in queries], scenario, timings=timings)
    return summary(IN_PROCESS, scenario, samples), samples


def _sweep(plan: LoadPlan, driver: _Driver, pool: QueryPool, say: Say) -> Sweep:
    """A closed loop first, to know about where the limit lies."""
    users, mix, share, seed = plan.scenario.users, plan.scenario.mix, plan.scenario.share, plan.scenario.seed
    step = Scenario(users, mix, CLOSED, 0.0, plan.sweep_seconds, _STEP_WARMUP, share, seed=seed)

    def probe(scenario: Scenario) -> LoadRun:
        run, _ = driver.ask(scenario, pool.queries(scenario, again=True), 0)
        say(line(run))
        return run

    reached = probe(step).throughput
    return sweep(
        lambda rate: probe(replace(step, mode=RATE, rate=rate)), reached, steps=plan.sweep,
        p95_limit=plan.limits.p95_ms,
    )  # fmt: skip


def _repeat_hits(asked: Sequence[str], known: set[str], samples: LoadSamples) -> float | None:
    """`known` are the queries that were asked before the run."""
    repeats = np.zeros(len(asked), np.bool_)
    seen = set(known)
    for number, query in enumerate(asked):
        repeats[number] = query in seen
        seen.add(query)
    hits = samples.hit[repeats[samples.number]]
    return float(hits.mean()) if len(hits) else None


def _aligned(watch: ResourceWatch, samples: LoadSamples) -> tuple[Resources, ...]:
    """The samples from the end of the warm-up on, counted from there."""
    shift = watch.begun - samples.start
    moved = [replace(one, at=one.at + shift) for one in watch.samples]
    return tuple(one for one in moved if 0.0 <= one.at <= samples.window)
