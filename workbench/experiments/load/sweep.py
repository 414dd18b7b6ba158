"""A sweep of constant rates: a ladder up to more than can be answered, then closer steps around the limit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from workbench.experiments.load.job import NEVER_SENT
from workbench.experiments.load.knee import Step, knee, usable_capacity
from workbench.experiments.load.scenario import LoadRun

_LOWEST, _HIGHEST = 0.1, 1.1  # of the rate that a closed loop reached
_CLOSER = 1 / 3  # of the steps are spent on halving the interval in which the limit is crossed
_CLOSE_ENOUGH = 1.03  # two rates that need not be told apart
_FEWEST = 4

Probe = Callable[[float], LoadRun]


@dataclass(frozen=True, slots=True)
class Sweep:
    """The steps by rate, the knee and the usable capacity at `p95_limit` milliseconds (None where there is none)."""

    steps: tuple[Step, ...]
    knee: Step | None
    capacity: Step | None
    p95_limit: float


def sweep(probe: Probe, reached: float, *, steps: int, p95_limit: float) -> Sweep:
    """Try `steps` rates (at least four) with `probe`; `reached` is about what the service can answer a second."""
    steps = max(_FEWEST, steps)
    closer = round(steps * _CLOSER)
    ladder = steps - closer
    found = [step_of(probe(rate)) for rate in ladder_of(reached, ladder)]
    for _ in range(closer):
        rate = between(found, p95_limit)
        if rate is None:
            break
        found.append(step_of(probe(rate)))
    ordered = tuple(sorted(found, key=lambda step: step.offered))
    return Sweep(ordered, knee(ordered), usable_capacity(ordered, p95_limit), p95_limit)


def ladder_of(reached: float, steps: int) -> list[float]:
    """Evenly spaced rates from a tenth of what was reached to a tenth more than it."""
    each = (_HIGHEST - _LOWEST) / (steps - 1)
    return [reached * (_LOWEST + each * number) for number in range(steps)]


def between(steps: list[Step], p95_limit: float) -> float | None:
    """The rate halfway (as ratios go) between the greatest within the limit and the first that is not.

    None where these are close, or all rates are on one side.
    """
    ordered = sorted(steps, key=lambda step: step.offered)
    best = usable_capacity(ordered, p95_limit)
    beyond = next((step.offered for step in ordered if not step.within(p95_limit)), None)
    if beyond is None:
        return None
    least = best.offered if best else ordered[0].offered / 4
    return math.sqrt(least * beyond) if beyond / least > _CLOSE_ENOUGH else None


def step_of(run: LoadRun) -> Step:
    """What one run at a constant rate says."""
    latency = run.latency
    errors = run.failures - run.errors.get(NEVER_SENT, 0)
    due = round(run.scenario.rate * run.window)
    backlog = due - round(run.throughput * run.window)
    return Step(
        run.scenario.rate, run.throughput, latency.mean, latency.p50, latency.p95, latency.p99, errors, due, backlog
    )  # fmt: skip
