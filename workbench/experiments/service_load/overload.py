"""More than can be answered, from many connections, at a constant rate.

Every request has a deadline. What is accepted has to be answered within it, what is not has to be refused at once.

A client that keeps 500 connections has at most 500 requests under way. Where the service answers these sooner than the
deadline it refuses none of them, and what is due beyond waits in the client: so with a deadline of a second the queue
is the client's. With one that is shorter than 500 searches take, the service has to refuse. Both are measured; latency
counts from the sending.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.experiments.load.histogram import Latency, latency_of
from workbench.experiments.load.job import NEVER_SENT, LoadSamples
from workbench.experiments.load.resources import ResourceWatch
from workbench.experiments.load.service import Service
from workbench.experiments.service_load.loads import load, searches, unique_bytes

REFUSED = 429
_CAPACITY_CONNECTIONS, _CAPACITY_SECONDS, _WARMUP_SECONDS = 50, 5.0, 2.0
_TIMES = 2.0
SLACK_MS = 50.0  # two batches of searches, and the way there and back
_MOST_PER_SECOND = 6_000


@dataclass(frozen=True, slots=True)
class Overload:
    """One run at twice the capacity.

    `accepted` and `refused` are numbers of requests, `latency` is of those accepted, `refusal` of those refused.
    `late` of the accepted took longer than the deadline and `SLACK_MS` (the slowest `worst_ms`). `waited` requests
    were due but found no free connection. Memory is in bytes (USS of all processes).
    """

    deadline_ms: float
    connections: int
    rate: float
    seconds: float
    accepted: int
    refused: int
    late: int
    worst_ms: float
    waited: int
    errors: dict[str, int]
    latency: Latency
    refusal: Latency
    memory_before: int
    memory_peak: int
    memory_after: int


def capacity(service: Service, queries: Sequence[str]) -> float:
    """Searches a second that it answers when fifty users ask again at once."""
    targets = searches(queries, int((_CAPACITY_SECONDS + _WARMUP_SECONDS) * _MOST_PER_SECOND))
    samples = load(service.port, targets, _CAPACITY_CONNECTIONS, _CAPACITY_SECONDS, warmup=_WARMUP_SECONDS)
    return float((samples.done <= samples.window).sum()) / samples.window


def overload(
    service: Service, queries: Sequence[str], *, rate: float, seconds: float, deadline_ms: float, connections: int
) -> Overload:
    """Ask at `rate` for `seconds`."""
    targets = searches(queries, int(rate * (seconds + 1)) + 1, timeout_ms=deadline_ms)
    before = unique_bytes(service.pid)
    with ResourceWatch(service.pid, every=0.5) as memory:
        samples = load(service.port, targets, connections, seconds, rate=rate, good=(200, REFUSED))
    took = samples.done - samples.sent
    accepted, refused = took[samples.status == 200], took[samples.status == REFUSED]
    errors = dict(samples.errors)
    waited = errors.pop(NEVER_SENT, 0) + _had_to_wait(samples)
    return Overload(
        deadline_ms=deadline_ms, connections=connections, rate=rate, seconds=seconds, accepted=len(accepted),
        refused=len(refused), late=int((accepted * 1000 > deadline_ms + SLACK_MS).sum()),
        worst_ms=float(accepted.max(initial=0.0)) * 1000, waited=waited, errors=errors, latency=latency_of(accepted),
        refusal=latency_of(refused), memory_before=before, memory_peak=memory.peak.unique,
        memory_after=unique_bytes(service.pid),
    )  # fmt: skip


def twice(searches_a_second: float) -> float:
    """The rate that is asked for where this is the capacity."""
    return _TIMES * searches_a_second


def _had_to_wait(samples: LoadSamples) -> int:
    """Requests that were sent later than they were due, for want of a free connection."""
    return int(np.sum(samples.sent - samples.scheduled > SLACK_MS / 1000))
