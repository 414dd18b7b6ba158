"""A constant rate for as long as one likes: nothing fails, nothing slows down, nothing grows.

The queries are a fixed number, asked in turn, and answers are not kept: after the warm-up every cache of the service
has what it will hold, and every request is a search. Otherwise one would measure how caches fill. What is left of
that fades, so that the slope of memory is taken from the second half.
"""

from __future__ import annotations

import numpy as np

from workbench.experiments.load.histogram import latency_of, per_second
from workbench.experiments.load.job import LoadSamples
from workbench.experiments.load.resources import ResourceWatch
from workbench.experiments.runs import LOWER, Figure
from workbench.experiments.service_load.loads import load, searches, service
from workbench.experiments.stress.memory import ANONYMOUS, Course, MemoryWatch, course_of, drawn, warm_up, within
from workbench.experiments.stress.plan import SUSTAINED, Ground, ScenarioResult, at_least, at_most
from workbench.experiments.stress.trend import Trend, trend_of

CONNECTIONS = 20
MOST_GROWTH = 1.0  # % of its level by which memory may grow in the second half, by the upper end of the interval
MOST_UNIQUE = 4.0  # GB, the owner's bound
MOST_SLOWDOWN = 1.5
_WARMUP = 2.0  # seconds at the rate itself
_SAMPLES = 300  # of memory: more say no more, neighbours being nearly equal
_PARTS = 5
_MOST_POINTS = 600  # of a drawn series


def sustained_load(ground: Ground) -> ScenarioResult:
    """Ask `plan.rate` queries a second for `plan.seconds`."""
    plan = ground.plan
    targets = searches(ground.queries, int(plan.rate * (plan.seconds + _WARMUP)) + 1)
    with service(ground.store, plan.workers) as started:
        warm_up(started.port, ground.queries)
        ground.say(f"{plan.rate:g} searches a second for {plan.seconds:g} s")
        with MemoryWatch(started, every=max(0.1, plan.seconds / _SAMPLES)) as watch:
            samples = load(started.port, targets, CONNECTIONS, plan.seconds, rate=plan.rate, warmup=_WARMUP)
    course = course_of(watch, samples)
    half = course.second_half
    found = trend_of(half.at, half.anonymous)
    return _result(plan.seconds, watch, samples, course, found)


def _result(seconds: float, watch: ResourceWatch, samples: LoadSamples, course: Course, found: Trend) -> ScenarioResult:
    latency = samples.done - samples.scheduled
    fifths = np.minimum((_PARTS * samples.scheduled / samples.window).astype(np.int64), _PARTS - 1)
    p95s = [latency_of(latency[fifths == part]).p95 for part in range(_PARTS)]
    slower = p95s[-1] / max(p95s[0], 1e-9)
    half = course.second_half.at[-1] - course.second_half.at[0]
    growth, least, most = (100 * one * half / found.level for one in (found.slope, found.low, found.high))
    whole = latency_of(latency)
    resources = within(watch, samples)
    peak = max(one.unique for one in resources) / 1e9
    verdicts = (
        at_most(SUSTAINED, "requests that failed", sum(samples.errors.values()), 0),
        at_least(SUSTAINED, "seconds measured", samples.window, 0.95 * seconds, "s"),
        at_most(SUSTAINED, "p95 of the last fifth against the first", slower, MOST_SLOWDOWN, "times"),
        at_most(SUSTAINED, "growth of memory in the second half, upper end of its interval", most, MOST_GROWTH, "%"),
        at_most(SUSTAINED, "memory of all processes (USS), peak", peak, MOST_UNIQUE, "GB"),
    )  # fmt: skip
    figures = (
        Figure("sustained: answers", len(samples.done)),
        Figure("sustained: p95", whole.p95, "ms", LOWER),
        Figure("sustained: growth of memory", growth, "%", LOWER),
        Figure("sustained: growth of memory, lower end of its interval", least, "%"),
        Figure("sustained: anonymous memory", found.level / 1e6, "MB", LOWER),
    )
    return ScenarioResult(SUSTAINED, verdicts, figures, _series(watch, samples, course, found))


def _series(watch: ResourceWatch, samples: LoadSamples, course: Course, found: Trend) -> dict[str, object]:
    seconds = per_second(samples.done, samples.done - samples.scheduled)
    step = -(-len(seconds) // _MOST_POINTS)
    return {
        "memory": drawn(course.at, course, found, course.second_half.at),
        "errors": samples.errors,
        "resources": [
            {"at": watch.begun + one.at - samples.start, "unique": one.unique, "anonymous": one.live[ANONYMOUS],
             "cpu": one.cpu, "threads": one.threads, "open_files": one.open_files}
            for one in within(watch, samples)
        ],
        "latency": [{"second": one.second, "p50": one.p50, "p95": one.p95} for one in seconds[::step]],
    }  # fmt: skip
