"""Ever more clients at once: nothing fails, answers stay what a single client gets, and it is over when they leave.

How long answers may take follows from the throughput alone: N clients who ask again as soon as they are answered wait
N / throughput on average (J. D. C. Little, "A proof for the queuing formula L = lambda W", Operations Research 9,
1961). A p95 far above that means that some wait for others' sake. So the criteria hold on any machine.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Self

import orjson

from workbench.errors import WorkbenchError
from workbench.experiments.load.histogram import Latency, latency_of
from workbench.experiments.load.job import LoadSamples
from workbench.experiments.load.service import Service, fetch
from workbench.experiments.runs import HIGHER, LOWER, Figure
from workbench.experiments.service_load.loads import load, searches, service
from workbench.experiments.stress.memory import warm_up
from workbench.experiments.stress.plan import CLIENTS, Ground, ScenarioResult, at_least, at_most

MOST_UNFAIR = 2.5  # p95 against the mean wait that follows from the throughput
LEAST_THROUGHPUT = 0.7  # of the best one
MOST_AFTERWARDS = 2.0
_ALONE = 0.25  # of the seconds for one client before, and as many after
_WARMUP = 0.5
_TIMEOUT_MS = 30_000.0  # nobody is refused: how slow it becomes is what is measured
_MOST_PER_SECOND = 3_000
_ASKED_AGAIN = 40
_CHECKERS = 2


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many clients at once. `compared` answers were held against those of a single client, `different` were not
    the same. `fair_ms` is the mean wait that follows from the throughput."""

    clients: int
    used: int
    throughput: float
    latency: Latency
    errors: dict[str, int]
    compared: int
    different: int

    @property
    def fair_ms(self) -> float:
        """By Little's law."""
        return 1000.0 * self.clients / max(self.throughput, 1e-9)


def concurrent_clients(ground: Ground) -> ScenarioResult:
    """Try each of `plan.connections`; they share the plan's seconds."""
    plan = ground.plan
    with service(ground.store, plan.workers) as started:
        warm_up(started.port, ground.queries)
        answers = {query: _answer(started, query) for query in ground.queries[:_ASKED_AGAIN]}
        before = _crowd(started, ground.queries, 1, _ALONE * plan.seconds, answers)
        crowds = []
        for clients in plan.connections:
            crowds.append(_crowd(started, ground.queries, clients, plan.seconds / len(plan.connections), answers))
            ground.say(_line(crowds[-1]))
        after = _crowd(started, ground.queries, 1, _ALONE * plan.seconds, answers)
    return _result(before, crowds, after)


def _crowd(started: Service, queries: Sequence[str], clients: int, seconds: float, answers: dict[str, bytes]) -> Crowd:
    targets = searches(queries, int((seconds + _WARMUP) * _MOST_PER_SECOND), timeout_ms=_TIMEOUT_MS)
    with _Comparing(started, answers) as comparing:
        samples = load(started.port, targets, clients, seconds, warmup=_WARMUP)
    errors = dict(samples.errors)
    if comparing.faults:
        errors["asked beside them"] = comparing.faults
    return Crowd(
        clients, samples.used, _throughput(samples), latency_of(samples.done - samples.sent), errors,
        comparing.compared, comparing.different,
    )  # fmt: skip


def _throughput(samples: LoadSamples) -> float:
    return float((samples.done <= samples.window).sum()) / samples.window


def _answer(started: Service, query: str) -> bytes:
    """What was found, in its order: the ids of the messages."""
    [target] = searches([query], 1, timeout_ms=_TIMEOUT_MS)
    found = orjson.loads(fetch(started.port, target, timeout=_TIMEOUT_MS / 1000))
    return orjson.dumps([hit["message_id"] for hit in found["contexts"]])


class _Comparing:
    """Asks known queries over connections of its own while others load the service, and compares the answers."""

    def __init__(self, started: Service, answers: dict[str, bytes]) -> None:
        self.compared = self.different = self.faults = 0
        self._started, self._answers = started, answers
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(n,), daemon=True) for n in range(_CHECKERS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, first: int) -> None:
        queries = list(self._answers)
        number = first
        while not self._stop.is_set():
            query = queries[number % len(queries)]
            number += _CHECKERS
            try:
                same = _answer(self._started, query) == self._answers[query]
            except WorkbenchError:
                with self._lock:
                    self.faults += 1
                continue
            with self._lock:
                self.compared += 1
                self.different += not same


def _result(before: Crowd, crowds: Sequence[Crowd], after: Crowd) -> ScenarioResult:
    everyone = [before, *crowds, after]
    best = max(one.throughput for one in crowds)
    verdicts = (
        at_most(CLIENTS, "requests that failed", sum(sum(one.errors.values()) for one in everyone), 0),
        at_most(CLIENTS, "answers unlike those of a single client", sum(one.different for one in everyone), 0),
        at_least(CLIENTS, "answers compared", sum(one.compared for one in everyone), _ASKED_AGAIN),
        at_most(CLIENTS, "connections that were not served", sum(one.clients - one.used for one in crowds), 0),
        at_most(CLIENTS, "p95 against the fair wait, greatest", max(map(_unfair, crowds)), MOST_UNFAIR, "times"),
        at_least(CLIENTS, "throughput of the largest crowd against the best", crowds[-1].throughput / best,
                 LEAST_THROUGHPUT),
        at_most(CLIENTS, "p50 of one client afterwards against before", after.latency.p50 / before.latency.p50,
                MOST_AFTERWARDS, "times"),
    )  # fmt: skip
    figures = [Figure("clients: throughput, best", best, "requests/s", HIGHER)]
    figures += [Figure(f"clients: {one.clients}, p95", one.latency.p95, "ms", LOWER) for one in crowds]
    return ScenarioResult(CLIENTS, verdicts, tuple(figures), {
        "crowds": [_plain(one) for one in crowds], "before": _plain(before), "after": _plain(after),
    })  # fmt: skip


def _unfair(crowd: Crowd) -> float:
    return crowd.latency.p95 / crowd.fair_ms


def _plain(crowd: Crowd) -> dict[str, Any]:
    return {**asdict(crowd), "fair_ms": crowd.fair_ms}


def _line(crowd: Crowd) -> str:
    return (
        f"{crowd.clients:>5} clients  {crowd.throughput:8,.0f}/s  p50 {crowd.latency.p50:7.2f}  p95 "
        f"{crowd.latency.p95:7.2f} ms, {sum(crowd.errors.values())} errors, {crowd.compared} answers compared"
    )
