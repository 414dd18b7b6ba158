"""All that `workbench bench search` measures, put together into one report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.embedding import Embedder
from workbench.experiments.load.comparison import HttpPlan, Say, measure
from workbench.experiments.load.fuzz import fuzz
from workbench.experiments.load.in_process import BATCHES, batches, one_user, threads
from workbench.experiments.load.pool import QueryPool
from workbench.experiments.load.queries import DISTINCT, POPULAR, known_items
from workbench.experiments.load.recall import embed_centred, vector_recall
from workbench.experiments.load.report import header, plain
from workbench.experiments.load.scenario import Scenario
from workbench.experiments.load.selectivity import measure_filters
from workbench.model import Query
from workbench.search import SearchEngine

IN_PROCESS_QUERIES = 1_500
THREADS = (1, 2, 4, 8)
RECALL_QUERIES = 300
FILTER_QUERIES = 100
FUZZ_TIMEOUT_MS = 1_000.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What to measure. `fuzz` is a number of queries, 0 for none; `http` false leaves all runs over HTTP out."""

    http: bool = True
    in_process: bool = False
    filters: bool = False
    vector_recall: bool = False
    fuzz: int = 0


@dataclass(frozen=True, slots=True)
class Loads:
    """The runs over HTTP: every mix with every number of users (or the rate over each), each `repeat` times.

    The reference runs with distinct queries only, since it has no cache; `connections` are tried with them too.
    """

    users: tuple[int, ...] = (1, 50)
    mixes: tuple[str, ...] = (DISTINCT,)
    mode: str = "closed"
    rate: float = 0.0
    seconds: float = 20.0
    warmup: float = 4.0
    share: float = 0.85
    workers: int = 2
    repeat: int = 3
    reference: bool = True
    connections: int = 0

    def plans(self, store: Path) -> list[HttpPlan]:
        """One plan for each mix."""
        return [self._plan(store, mix) for mix in self.mixes]

    def _plan(self, store: Path, mix: str) -> HttpPlan:
        scenarios = tuple(
            Scenario(users, mix, self.mode, self.rate, self.seconds, self.warmup, self.share) for users in self.users
        )
        distinct = mix == DISTINCT
        connections = self.connections if distinct else 0
        return HttpPlan(store, self.workers, scenarios, self.repeat, self.reference and distinct, connections)


def measure_all(
    store: Path,
    open_engine: Callable[[], tuple[SearchEngine, Embedder]],
    parts: Parts,
    loads: Loads,
    parameters: Mapping[str, Any],
    say: Say,
    *,
    seed: int = 7,
) -> dict[str, Any]:
    """The report as plain values. In this process first, over HTTP last, with nothing open here beside it.

    `open_engine` gives the store's engine and model; what it opened is the caller's to close.
    """
    engine, embedder = open_engine()
    report = header(engine.snapshot, parameters)
    plans = loads.plans(store) if parts.http else []
    say("making queries from the store's own texts")
    pool = known_items(engine.snapshot, _pool_size(plans), seed=seed)
    if parts.in_process:
        say("in process: one user, threads, batches")
        report["in_process"] = _in_process(engine, pool)
    if parts.vector_recall:
        say("vector leg against a comparison with all vectors")
        vectors = embed_centred(engine.snapshot, embedder, pool[:RECALL_QUERIES])
        listed = engine.tuning.vector_candidates
        report["vector_recall"] = plain(vector_recall(engine.snapshot, vectors, listed=listed))
    if parts.filters:
        say("filters against the exact filtered answer")
        report["filters"] = plain(measure_filters(engine, embedder, pool[:FILTER_QUERIES]))
    if parts.fuzz:
        say(f"{parts.fuzz:,} fuzzed queries")
        report["fuzz"] = plain(fuzz(engine.search_many, parts.fuzz, seed=seed, timeout_ms=FUZZ_TIMEOUT_MS))
    queries = QueryPool(pool, seed=seed)
    report["http"] = [plain(measure(plan, queries, say)) for plan in plans]
    return report


def _in_process(engine: SearchEngine, pool: Sequence[str]) -> dict[str, Any]:
    parts = iter(range(0, len(pool), IN_PROCESS_QUERIES))

    def fresh() -> list[Query]:  # the engine keeps the vectors of queries: none may come twice
        start = next(parts)
        return [Query(text, explain=False) for text in pool[start : start + IN_PROCESS_QUERIES]]

    return {
        "one_user": plain(one_user(engine.search, fresh())),
        "threads": plain([threads(engine.search, fresh(), width) for width in THREADS]),
        "batches": plain([batches(engine.search_many, fresh(), width) for width in BATCHES]),
    }


def _pool_size(plans: Sequence[HttpPlan]) -> int:
    """Enough that no run has a query twice, and that none of the repeated mix meets one that an earlier run asked."""
    longest = max((one.distinct for plan in plans for one in plan.scenarios), default=0)
    cached = sum(one.distinct * plan.repeat for plan in plans for one in plan.scenarios if one.mix != DISTINCT)
    inside = IN_PROCESS_QUERIES * (1 + len(THREADS) + len(BATCHES))
    return max(inside, longest, cached) + POPULAR + 1_000
