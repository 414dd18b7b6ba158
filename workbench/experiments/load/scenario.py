"""One load on one running service, and what it gave."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from workbench.errors import UsageError, WorkbenchError
from workbench.experiments.load import arrivals
from workbench.experiments.load.generator import run_load
from workbench.experiments.load.histogram import Latency, Second, latency_of, per_second
from workbench.experiments.load.job import LoadJob, LoadSamples
from workbench.experiments.load.processes import connections, processor_seconds
from workbench.experiments.load.queries import DISTINCT, REPEATED, search_targets
from workbench.experiments.load.service import Service

CLOSED, RATE, RAMP, SPIKE, POISSON = "closed", "rate", "ramp", "spike", "poisson"
MODES = (CLOSED, RATE, RAMP, SPIKE, POISSON)
# Queries made ready for each second of a run; one that uses them up ends early and says so.
_MOST_PER_SECOND, _MOST_REPEATED_PER_SECOND = 4_000, 10_000
_ONE_USER_PER_SECOND = 1_500
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of load.

    Closed: `users` connections, who ask again as soon as the answer is there or after `think` seconds on average, each
    `requests` times after the warm-up (0: as often as `seconds` allow; with a number they are a limit). All others:
    requests that are due whether or not the service keeps up, over so many connections: `rate` a second, from `rate` to
    `to` (ramp), `rate` with `to` in the middle fifth (spike), or `rate` at random times (Poisson).

    Raises:
        UsageError: A rate is missing.
    """

    users: int
    mix: str = DISTINCT
    mode: str = CLOSED
    rate: float = 0.0
    seconds: float = 20.0
    warmup: float = 4.0
    share: float = 0.85
    to: float = 0.0
    requests: int = 0
    think: float = 0.0
    seed: int = 7

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise UsageError(f"there is no arrival model {self.mode!r}", "", f"there are: {', '.join(MODES)}")
        if self.mode != CLOSED and self.rate <= 0.0:
            raise UsageError(f"the arrival model {self.mode!r} has no rate", "", "give requests a second")
        if self.mode in (RAMP, SPIKE) and self.to <= 0.0:
            raise UsageError(f"it is not said to what rate the {self.mode} goes", "", "give requests a second")

    @property
    def name(self) -> str:
        """Short enough for a table."""
        return f"{self.load}, {self.mix}"

    @property
    def load(self) -> str:
        """The load without the queries: "50 users", "1,000/s over 50"."""
        over = f"over {self.users}"
        match self.mode:
            case "closed":
                each = f" × {self.requests}" if self.requests else ""
                return f"{self.users} user{'s' * (self.users != 1)}{each}"
            case "ramp":
                return f"{self.rate:g} to {self.to:g}/s {over}"
            case "spike":
                return f"{self.rate:g}/s, spike {self.to:g}/s {over}"
            case "poisson":
                return f"{self.rate:g}/s at random {over}"
        return f"{self.rate:g}/s {over}"

    @property
    def pieces(self) -> arrivals.Pieces:
        """The arrival rate over time, the warm-up first; none for a closed loop."""
        match self.mode:
            case "closed":
                return ()
            case "ramp":
                return arrivals.ramp(self.rate, self.to, self.seconds, warmup=self.warmup)
            case "spike":
                return arrivals.spike(self.rate, self.to, self.seconds, warmup=self.warmup)
        return arrivals.constant(self.rate, self.seconds, warmup=self.warmup)

    @property
    def due(self) -> list[float]:
        """When requests are due, in seconds since the beginning; none for a closed loop."""
        random = self.seed if self.mode == POISSON else None
        return arrivals.due_times(self.pieces, random=random).tolist() if self.pieces else []

    @property
    def most(self) -> int:
        """How many queries such a run may need."""
        if self.mode == POISSON:
            return len(self.due) + 1
        if self.mode != CLOSED:
            return int(arrivals.expected(self.pieces)) + 1
        fast = _MOST_REPEATED_PER_SECOND if self.mix == REPEATED else _MOST_PER_SECOND
        a_second = _ONE_USER_PER_SECOND if self.users == 1 else fast
        if self.requests:
            return min(int((self.seconds + self.warmup) * a_second), self._asked_by_all(a_second)) + 1
        return int((self.seconds + self.warmup) * a_second) + 1

    def _asked_by_all(self, a_second: int) -> int:
        return self.users * self.requests + int(self.warmup * a_second) + self.users

    @property
    def distinct(self) -> int:
        """How many of them have to be different from all others."""
        return int(1.1 * (1.0 - self.share) * self.most) + 1 if self.mix == REPEATED else self.most


@dataclass(frozen=True, slots=True)
class LoadRun:
    """What one run gave. `latency` counts from when a request was due, `service_time` from its sending.

    `throughput` is in good answers a second; `service_cores` and `generator_cores` are processor seconds a second (0
    where they cannot be told). `lateness` is how much later than due the generator sent requests for which a connection
    was free: what is its own fault; `waited_share` of the requests found none. `connections_by_process` is how the
    connections were spread over the workers.
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
    window: float = 0.0
    lateness: Latency = field(default_factory=Latency.none)
    waited_share: float = 0.0

    @property
    def failures(self) -> int:
        """Requests that did not get a good answer."""
        return sum(self.errors.values())


def job_of(service: Service, scenario: Scenario, targets: Sequence[str], *, timings: int = 0) -> LoadJob:
    """What the generator is told."""
    return LoadJob(
        service.host, service.port, targets, scenario.users, scenario.seconds, scenario.warmup, scenario.due,
        think=scenario.think, per_user=scenario.requests, headers=service.headers, timings=timings,
    )  # fmt: skip


def run_scenario(service: Service, scenario: Scenario, targets: list[str]) -> LoadRun:
    """Put one load on a running service."""
    return measured(service, scenario, targets)[0]


def measured(
    service: Service, scenario: Scenario, targets: Sequence[str], *, timings: int = 0
) -> tuple[LoadRun, LoadSamples]:
    """The same, with all samples, of every `timings`-th the time of its stages."""
    before = processor_seconds(service.pid) if service.pid else 0.0
    spread = _Spread(service, scenario.users)
    spread.start()
    samples = run_load(job_of(service, scenario, targets, timings=timings))
    spread.end()
    used = processor_seconds(service.pid) - before if service.pid else 0.0
    run = summary(
        service.name, scenario, samples, service_cores=used / (samples.window + scenario.warmup), spread=spread.seen
    )
    return run, samples


class _Spread(threading.Thread):
    """Looks which process has taken which connections, until all of them are there."""

    def __init__(self, service: Service, wanted: int) -> None:
        super().__init__(name="connection-spread", daemon=True)
        self._service, self._wanted = service, wanted if service.pid else 0
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
    samples = run_load(job_of(service, Scenario(1, seconds=60.0, warmup=0.0), search_targets(queries)))
    return latency_of(samples.done - samples.sent)


def median_run(runs: list[LoadRun]) -> LoadRun:
    """The run whose p95 is the median of all (the lower of the middle two)."""
    ordered = sorted(runs, key=lambda run: run.latency.p95)
    return ordered[(len(ordered) - 1) // 2]


def summary(
    name: str, scenario: Scenario, samples: LoadSamples, *, service_cores: float = 0.0, spread: tuple[int, ...] = ()
) -> LoadRun:
    """The figures of a run.

    Raises:
        WorkbenchError: There was no answer and no error.
    """
    latency, service_time = samples.done - samples.scheduled, samples.done - samples.sent
    answers = len(samples.done)
    if not answers and not samples.errors:
        raise WorkbenchError("not one answer was counted", "the queries ran out during the warm-up")
    within = samples.done <= samples.window
    punctual = (samples.sent - samples.scheduled)[~samples.waited]
    return LoadRun(
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
        service_cores=service_cores,
        loop=samples.loop,
        window=samples.window,
        lateness=latency_of(punctual) if scenario.mode != CLOSED else Latency.none(),
        waited_share=float(samples.waited.mean()) if answers else 0.0,
    )


def line(run: LoadRun) -> str:
    """The run in one line, for whoever watches."""
    wrong = f", {run.failures} errors" if run.failures else ""
    spent = ", queries used up" if run.exhausted else ""
    return (
        f"{run.service:>9}  {run.scenario.name:<24} {run.throughput:8,.0f}/s  p50 {run.latency.p50:7.2f}  "
        f"p95 {run.latency.p95:7.2f}  p99 {run.latency.p99:7.2f} ms{wrong}{spent}"
    )
