"""Latency against offered rate: the knee of the curve, and how much may be asked for at a latency that is still good.

knee               the offered rate at which the power, throughput / mean response time, is greatest (L. Kleinrock,
                   "Power and deterministic rules of thumb for probabilistic problems in computer communications", ICC
                   1979). Below it there is throughput to be had for little latency, beyond it latency grows faster
                   than throughput. For M/M/1 it lies at half the service rate, for M/D/1 at 2 - √2 of it.
usable capacity    the greatest throughput at which response time stays within a limit (R. Jain, "The Art of Computer
                   Systems Performance Analysis", 1991, section 3.3), here the 95th percentile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_BACKLOG, _UNDER_WAY = 0.03, 2


@dataclass(frozen=True, slots=True)
class Step:
    """One constant rate. Latencies are milliseconds from when requests were due.

    Of the `due` requests `backlog` had no answer when the time of the step was over. `errors` are those of requests
    that were sent.
    """

    offered: float
    throughput: float
    mean: float
    p50: float
    p95: float
    p99: float
    errors: int = 0
    due: int = 0
    backlog: int = 0

    @property
    def keeps_up(self) -> bool:
        """Whether all was answered, and at the end no more than 3 % (and two requests) were left to answer."""
        return not self.errors and self.backlog <= _BACKLOG * self.due + _UNDER_WAY

    @property
    def power(self) -> float:
        """Throughput by mean response time, in answers a second for each second."""
        return self.throughput / (self.mean / 1000) if self.mean else 0.0

    def within(self, p95_limit: float) -> bool:
        """Whether it keeps up with a p95 of at most so many milliseconds."""
        return self.keeps_up and self.p95 <= p95_limit


def knee(steps: Sequence[Step]) -> Step | None:
    """The step of greatest power among those that keep up; None if none does."""
    return max((step for step in steps if step.keeps_up), key=lambda step: step.power, default=None)


def usable_capacity(steps: Sequence[Step], p95_limit: float) -> Step | None:
    """The greatest rate, of those below the first that is not within the limit; None if not even the smallest is.

    A rate that happens to be within it beyond one that was not does not count.
    """
    best = None
    for step in sorted(steps, key=lambda step: step.offered):
        if not step.within(p95_limit):
            break
        best = step
    return best
