"""One load on one running service over HTTP, and what it gave."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from workbench.errors import WorkbenchError
from workbench.experiments.load.generator import run_load
from workbench.experiments.load.histogram import Latency, Second, latency_of, per_second
from workbench.experiments.load.job import LoadJob, LoadSamples
from workbench.experiments.load.memory import connections, processor_seconds
from workbench.experiments.load.queries import DISTINCT, POPULAR, REPEATED, repeated, search_targets
from workbench.experiments.load.service import HOST, Service

CLOSED, RATE = "closed", "rate"
MODES = (CLOSED, RATE)
# Queries made ready for each second of a run; one that uses them up ends early and says so.
_MOST_PER_SECOND = {DISTINCT: 4_000, REPEATED: 10_000}
_ONE_USER_PER_SECOND = 1_500
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of load: `users` connections in a closed loop, or `rate` requests a second over so many connections."""

    users: int
    mix: str = DISTINCT
    mode: str = CLOSED
    rate: float = 0.0
    seconds: float = 20.0
    warmup: float = 4.0
    share: float = 0.85

    @property
    def name(self) -> str:
        """Short enough for a table."""
        how = f"{self.users} user{'s' * (self.users != 1)}"
        return f"{how}, {self.mix}" if self.mode == CLOSED else f"{self.rate:g}/s over {self.users}, {self.mix}"

    @property
    def most(self) -> int:
        """How many queries such a run may need."""
        if self.mode == RATE:
            a_second = self.rate
        else:
            a_second = _ONE_USER_PER_SECOND if self.users == 1 else _MOST_PER_SECOND[self.mix]
        return int((self.seconds + self.warmup) * a_second) + 1

    @property
    def distinct(self) -> int:
        """How many of them have to be different from all others."""
        return self.most if self.mix == DISTINCT else int(1.1 * (1.0 - self.share) * self.most) + 1


@dataclass(frozen=True, slots=True)
class HttpRun:
    """What one run gave. `latency` counts from when a request was due, `service_time` from its sending.

    `throughput` is in good answers a second; `service_cores` and `generator_cores` are processor seconds a second.
    `connections_by_process` is how the connections were spread over the workers.
    """

    scenario: Scenario
    service: str
    throughput: float
    latency: Latency
    service_time: Latency
    seconds: tuple[Second, ...]
    errors: dict[str, int]
    answers: int
    cached_share: float
    empty_share: float
    partial_share: float
    bytes_per_answer: float
    connections_used: int
    connections_by_process: tuple[int, ...]
    exhausted: bool
    generator_cores: float
    service_cores: float
    loop: str

    @property
    def failures(self) -> int:
        """Requests that did not get a good answer."""
        return sum(self.errors.values())


class QueryPool:
    """Hands out distinct queries, each once, to one run after another; the first 200 are the popular ones."""

    def __init__(self, distinct: list[str], *, seed: int = 7) -> None:
        self._popular = distinct[:POPULAR]
        self._rest = distinct[POPULAR:] or distinct
        self._at = 0
        self._seed = seed

    def take(self, count: int) -> list[str]:
        """The next `count` queries, or as many as there are.

        Begins again when all have been used: two runs may see the same query, one run never does.
        """
        if self._at + count > len(self._rest):
            self._at = 0
        taken = self._rest[self._at : self._at + count]
        self._at += len(taken)
        return taken

    def targets(self, scenario: Scenario) -> list[str]:
        """Requests for a run of this scenario."""
        if scenario.mix == DISTINCT:
            return search_targets(self.take(scenario.distinct))
        self._seed += 1  # another draw for each run, of the same popular queries
        rest = self.take(scenario.distinct)
        return search_targets(repeated(self._popular, rest, scenario.most, share=scenario.share, seed=self._seed))


def run_scenario(service: Service, scenario: Scenario, targets: list[str]) -> HttpRun:
    """Put one load on a running service."""
    before = processor_seconds(service.pid)
    spread = _Spread(service, scenario.users)
    spread.start()
    samples = run_load(
        LoadJob(
            HOST, service.port, targets, scenario.users, scenario.seconds, scenario.warmup,
            rate=scenario.rate if scenario.mode == RATE else 0.0,
        )
    )  # fmt: skip
    spread.end()
    used = processor_seconds(service.pid) - before
    return _summary(service.name, scenario, samples, used, spread.seen)


class _Spread(threading.Thread):
    """Looks which process has taken which connections, until all of them are there."""

    def __init__(self, service: Service, wanted: int) -> None:
        super().__init__(name="connection-spread", daemon=True)
        self._service, self._wanted = service, wanted
        self._stop_looking = threading.Event()
        self.seen: tuple[int, ...] = ()

    def run(self) -> None:
        """Part of threading.Thread."""
        while sum(self.seen) < self._wanted and not self._stop_looking.wait(_LOOK_SECONDS):
            found = connections(self._service.pid, self._service.port)
            self.seen = max(found, self.seen, key=sum)

    def end(self) -> None:
        """Stop looking."""
        self._stop_looking.set()
        self.join()


def cold_start(service: Service, queries: list[str]) -> Latency:
    """The first queries that a fresh process sees, one after another.

    The files may already be in the page cache, which cannot be dropped without root: this is a cold process, not a
    cold disk.
    """
    samples = run_load(LoadJob(HOST, service.port, search_targets(queries), 1, 60.0))
    return latency_of(samples.done - samples.sent)


def median_run(runs: list[HttpRun]) -> HttpRun:
    """The run whose p95 is the median of all (the lower of the middle two)."""
    ordered = sorted(runs, key=lambda run: run.latency.p95)
    return ordered[(len(ordered) - 1) // 2]


def _summary(name: str, scenario: Scenario, samples: LoadSamples, processor: float, spread: tuple[int, ...]) -> HttpRun:
    latency, service_time = samples.done - samples.scheduled, samples.done - samples.sent
    answers = len(samples.done)
    if not answers and not samples.errors:
        raise WorkbenchError("not one answer was counted", "the queries ran out during the warm-up")
    within = samples.done <= samples.window
    return HttpRun(
        scenario=scenario,
        service=name,
        throughput=int(within.sum()) / samples.window,
        latency=latency_of(latency),
        service_time=latency_of(service_time),
        seconds=per_second(samples.done[within], latency[within]),
        errors=samples.errors,
        answers=answers,
        cached_share=samples.cached / max(1, answers),
        empty_share=samples.empty / max(1, answers),
        partial_share=samples.partial / max(1, answers),
        bytes_per_answer=samples.bytes / max(1, answers),
        connections_used=samples.used,
        connections_by_process=spread,
        exhausted=samples.exhausted,
        generator_cores=samples.cpu_share,
        service_cores=processor / (samples.window + scenario.warmup),
        loop=samples.loop,
    )


def line(run: HttpRun) -> str:
    """The run in one line, for whoever watches."""
    wrong = f", {run.failures} errors" if run.failures else ""
    spent = ", queries used up" if run.exhausted else ""
    return (
        f"{run.service:>9}  {run.scenario.name:<24} {run.throughput:8,.0f}/s  p50 {run.latency.p50:7.2f}  "
        f"p95 {run.latency.p95:7.2f}  p99 {run.latency.p99:7.2f} ms{wrong}{spent}"
    )
