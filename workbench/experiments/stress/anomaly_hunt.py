"""Anomalies in latency and memory of a running service: none in a quiet run, and each that is planted is found.

Planted are, one after another: a stall (the process is stopped for a while), a machine that is busy with something
else, and a jump of the service's memory. The machine's own use by others is watched beside, so that an anomaly can be
put down to it: on a machine that others use, a quiet run is only as quiet as they are.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from workbench.experiments.load.job import LoadSamples
from workbench.experiments.load.processes import connections, processor_seconds
from workbench.experiments.load.service import Service, free_port, running
from workbench.experiments.runs import Figure
from workbench.experiments.service_load.loads import load, searches
from workbench.experiments.stress.memory import ANONYMOUS, MemoryWatch, warm_up, within
from workbench.experiments.stress.outliers import FEWEST, QUARTILE, Anomaly, jumps, slow_stretches
from workbench.experiments.stress.plan import ANOMALIES, Ground, ScenarioResult, at_least, at_most
from workbench.experiments.stress.planted import planted_command

STALL, BUSY, JUMP = "stall", "busy machine", "memory jump"
LATENCY, MEMORY = "latency", "memory"
JUMP_BYTES = 64_000_000
_LEAST_JUMP = 16_000_000
_SHOWN_BY = {STALL: LATENCY, BUSY: LATENCY, JUMP: MEMORY}
_STALL_SECONDS, _BUSY_SECONDS = 1.0, 2.0
_STALL_SHARE, _BUSY_SHARE = 1 / 12, 1 / 8  # of the run, at most
_BUSY_PROCESSES = 4  # for each core: a fifth of it is left to the service
_TOO_BUSY = 0.5  # share of the cores that others use already: such a machine stalls by itself
_MOST_LOAD = 0.4  # of what it can answer: else it would not be quiet
_AT = {STALL: 0.2, BUSY: 0.45, JUMP: 0.75}  # of the run
_CONNECTIONS = 50
_TIMEOUT_MS = 30_000.0  # what waits in a stall is not to be refused
_WARMUP = 2.0
_LOOK_SECONDS = 0.05
_LATE = 1.5  # seconds by which the effect may come after its cause
_OTHERS = "others"
_MUCH = 0.5  # cores that others use more than usual: then it may be their doing


@dataclass(frozen=True, slots=True)
class Event:
    """An anomaly of `series`, or a planted fault, from `start` to `end` in seconds, worst `at` some time between.

    What was found has a `value` and the `level` it should have had, `score` deviations apart; what was planted has
    none.

    `by_machine` says that others used more of the machine than usual at that time, or most of it.
    """

    series: str
    start: float
    end: float
    at: float
    value: float = 0.0
    level: float = 0.0
    score: float = 0.0
    by_machine: bool = False


@dataclass(frozen=True, slots=True)
class Watched:
    """One run: the series, of shape (samples,), what was found in them, and what had been planted."""

    latency_at: NDArray[np.float64]
    latency_ms: NDArray[np.float64]
    memory_at: NDArray[np.float64]
    memory: NDArray[np.float64]
    others: NDArray[np.float64]
    found: tuple[Event, ...]
    planted: Mapping[str, Event]
    errors: Mapping[str, int]


def anomaly_hunt(ground: Ground) -> ScenarioResult:
    """A quiet run of half of `plan.seconds`, then one of the same length with the faults planted."""
    plan = ground.plan
    port = free_port()
    with running("workbench", planted_command(ground.store, port, jump=JUMP_BYTES), port, 1) as started:
        rate = min(plan.rate, _MOST_LOAD * warm_up(port, ground.queries))
        ground.say(f"a quiet run with {rate:.0f} searches a second")
        quiet = _run(ground.queries, started, rate, plan.seconds / 2, planted=False)
        ground.say("a run with a stall, a busy machine and a jump of memory")
        faulty = _run(ground.queries, started, rate, plan.seconds / 2, planted=True)
    return _result(quiet, faulty)


def _run(queries: Sequence[str], started: Service, rate: float, seconds: float, *, planted: bool) -> Watched:
    faults = _Faults(started, seconds)
    targets = searches(queries, int(rate * (seconds + _WARMUP)) + 1, timeout_ms=_TIMEOUT_MS)
    with (
        MemoryWatch(started, live=_others_cores(faults), every=_interval(rate, seconds)) as watch,
        faults.planted() if planted else faults.none(),
    ):
        samples = load(started.port, targets, _CONNECTIONS, seconds, rate=rate, warmup=_WARMUP)
    resources = within(watch, samples)
    at = np.array([watch.begun + one.at - samples.start for one in resources])
    others = np.array([one.live[_OTHERS] for one in resources])
    memory = np.array([one.live[ANONYMOUS] for one in resources])
    latency_at, latency = latency_series(samples, _interval(rate, seconds))
    found = [
        *_events(LATENCY, slow_stretches(latency), latency_at, at, others),
        *_events(MEMORY, jumps(memory, least=_LEAST_JUMP), at, at, others),
    ]
    return Watched(
        latency_at, latency, at, memory, others, tuple(found), faults.events(samples.start),
        samples.errors,
    )  # fmt: skip


def _interval(rate: float, seconds: float) -> float:
    """Seconds of one sample: at least FEWEST requests, and no more samples than say something."""
    return max(0.2, FEWEST / rate, seconds / 300)


def latency_series(samples: LoadSamples, interval: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times in seconds and upper quartiles in milliseconds, (intervals,), of what was due in each that is not empty."""
    part = np.floor(samples.scheduled / interval).astype(np.int64)
    latency = 1000.0 * (samples.done - samples.scheduled)
    there = np.unique(part)
    quartiles = [np.percentile(latency[part == one], QUARTILE) for one in there]
    return np.asarray((there + 0.5) * interval, np.float64), np.asarray(quartiles, np.float64)


def _events(
    series: str, found: list[Anomaly], at: NDArray[np.float64], others_at: NDArray[np.float64],
    others: NDArray[np.float64],
) -> Iterator[Event]:  # fmt: skip
    usual = float(np.median(others)) if len(others) else 0.0
    much = min(usual + _MUCH, _TOO_BUSY * (os.cpu_count() or 1))
    for one in found:
        start, end = float(at[one.first]), float(at[one.last])
        meanwhile = others[(others_at >= start - _LATE) & (others_at <= end + _LATE)]
        by_machine = bool(len(meanwhile)) and float(meanwhile.max()) > much
        yield Event(series, start, end, float(at[one.worst]), one.value, one.level, one.score, by_machine)


def _result(quiet: Watched, faulty: Watched) -> ScenarioResult:
    hits = {kind: _hit(kind, faulty) for kind in _SHOWN_BY}
    others = max(float(np.median(run.others)) for run in (quiet, faulty))
    if others > _TOO_BUSY * (os.cpu_count() or 1):
        hits |= {kind: hits[kind] or None for kind in (STALL, BUSY)}  # every latency is as unusual as these
    false_alarms = [one for one in quiet.found if not one.by_machine]
    elsewhere = [one for one in faulty.found if not one.by_machine and not _near_any(one, faulty)]
    failed = sum(quiet.errors.values()) + sum(faulty.errors.values())
    verdicts = (
        at_most(ANOMALIES, "requests that failed", failed, 0),
        *(at_least(ANOMALIES, f"planted and found: {kind}", hit, 1) for kind, hit in hits.items()),
        at_most(ANOMALIES, "false alarms in the quiet run", len(false_alarms), 0),
        at_most(ANOMALIES, "false alarms beside the planted faults", len(elsewhere), 0),
    )
    figures = (
        Figure("anomalies: found in the quiet run, by the machine", len(quiet.found) - len(false_alarms)),
        Figure("anomalies: found in the other run", len(faulty.found)),
    )
    return ScenarioResult(ANOMALIES, verdicts, figures, {"quiet": _plain(quiet), "faulty": _plain(faulty)})


def _hit(kind: str, run: Watched) -> int | None:
    """1 if it was found, None if it was not planted before the run was over."""
    planted = run.planted.get(kind)
    if planted is None:
        return None
    return int(any(one.series == _SHOWN_BY[kind] and _near(one, planted) for one in run.found))


def _near(found: Event, planted: Event) -> bool:
    return found.start <= planted.end + _LATE and found.end >= planted.start - 0.5


def _near_any(found: Event, run: Watched) -> bool:
    return any(_near(found, planted) for planted in run.planted.values())


def _plain(run: Watched) -> dict[str, Any]:
    return {
        "latency": {"at": run.latency_at.tolist(), "ms": run.latency_ms.tolist()},
        "memory": {"at": run.memory_at.tolist(), "bytes": run.memory.tolist(), "others": run.others.tolist()},
        "errors": dict(run.errors),
        "found": [asdict(one) for one in run.found],
        "planted": {kind: asdict(one) for kind, one in run.planted.items()},
    }


class _Faults:
    """Plants the faults from a thread of its own, and remembers when."""

    def __init__(self, started: Service, seconds: float) -> None:
        self._service, self._pid, self._seconds = started, started.pid, seconds
        self._when: dict[str, tuple[float, float]] = {}
        self._stop = threading.Event()
        self.busy: list[subprocess.Popen[bytes]] = []

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Plant them while the block runs."""
        thread = threading.Thread(target=self._plant, name="faults", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    @contextmanager
    def none(self) -> Iterator[None]:
        """Plant nothing."""
        yield

    def events(self, start: float) -> dict[str, Event]:
        """What was planted, in seconds since `start`."""
        return {
            kind: Event(_SHOWN_BY[kind], begun - start, ended - start, begun - start)
            for kind, (begun, ended) in self._when.items()
        }

    def _plant(self) -> None:
        while not connections(self._pid, self._service.port):  # the load has not begun
            if self._stop.wait(_LOOK_SECONDS):
                return
        begun = time.perf_counter() + _WARMUP
        for kind, act in ((STALL, self._stall), (BUSY, self._keep_busy), (JUMP, self._jump)):
            if self._stop.wait(max(0.0, begun + _AT[kind] * self._seconds - time.perf_counter())):
                return
            self._note(kind, act)

    def _note(self, kind: str, act: Callable[[], None]) -> None:
        begun = time.perf_counter()
        act()
        self._when[kind] = (begun, time.perf_counter())

    def _stall(self) -> None:
        os.kill(self._pid, signal.SIGSTOP)
        try:
            self._stop.wait(min(_STALL_SECONDS, _STALL_SHARE * self._seconds))
        finally:
            os.kill(self._pid, signal.SIGCONT)

    def _keep_busy(self) -> None:
        command = [sys.executable, "-S", "-c", "while True: pass"]
        self.busy = [subprocess.Popen(command) for _ in range(_BUSY_PROCESSES * (os.cpu_count() or 1))]
        try:
            self._stop.wait(min(_BUSY_SECONDS, _BUSY_SHARE * self._seconds))
        finally:
            for process in self.busy:
                process.kill()
                process.wait()

    def _jump(self) -> None:
        os.kill(self._pid, signal.SIGUSR1)


def _others_cores(faults: _Faults) -> Callable[[], Mapping[str, float]]:
    """Cores that are used by what is neither ours nor the service, since it was last asked."""
    before: list[float] = []

    def figures() -> Mapping[str, float]:
        times = psutil.cpu_times()
        ours = processor_seconds(os.getpid()) - sum(processor_seconds(one.pid) for one in faults.busy)
        now = [time.perf_counter(), times.user + times.system + times.nice + times.irq + times.softirq, ours]
        elapsed, all_used, we_used = ((a - b) for a, b in zip(now, before or now, strict=True))
        before[:] = now
        return {_OTHERS: max(0.0, (all_used - max(0.0, we_used)) / elapsed) if elapsed else 0.0}

    return figures
