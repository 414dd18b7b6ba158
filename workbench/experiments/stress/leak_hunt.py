"""What a query leaves behind in the service: the slope of its anonymous memory over the queries it has answered.

Users in a closed loop ask a fixed number of queries over and over (see sustained_load.py for why); after the warm-up
memory is sampled beside the count of answers. The verdict is one of an equivalence test: "no leak" is said only where
the whole interval lies below what is tolerated, "undecided" where the run was too short for either.
"""

from __future__ import annotations

from workbench.experiments.load.job import LoadSamples
from workbench.experiments.load.service import free_port, running
from workbench.experiments.runs import LOWER, Figure
from workbench.experiments.service_load.loads import load, searches
from workbench.experiments.stress.memory import Course, MemoryWatch, course_of, drawn, warm_up
from workbench.experiments.stress.plan import LEAK, Ground, ScenarioResult, at_most
from workbench.experiments.stress.planted import planted_command
from workbench.experiments.stress.trend import Trend, judge, trend_of

TOLERATED = 256.0  # bytes a query: a quarter of the smallest leak that has to be found
_USERS = 4
_SAMPLES = 120
_PER_SECOND = 250  # queries
_PATIENCE = 3.0


def leak_hunt(ground: Ground) -> ScenarioResult:
    """Watch the service for so many queries as are soon answered in `plan.seconds`, at most for three times that."""
    plan = ground.plan
    port = free_port()
    with running("workbench", planted_command(ground.store, port, leak=plan.plant_leak), port, 1) as started:
        warm_up(port, ground.queries)
        targets = searches(ground.queries, int(plan.seconds * _PER_SECOND))
        ground.say(f"{len(targets):,} queries from {_USERS} users")
        with MemoryWatch(started, every=max(0.1, plan.seconds / _SAMPLES)) as watch:
            samples = load(port, targets, _USERS, _PATIENCE * plan.seconds)
    course = course_of(watch, samples)
    found = trend_of(course.queries, course.anonymous)
    ground.say(told(found))
    return _result(samples, course, found, plan.plant_leak)


def told(found: Trend) -> str:
    """The finding in one sentence."""
    return (
        f"{judge(found, TOLERATED)}: {found.slope:+,.0f} bytes a query ({found.low:+,.0f} to {found.high:+,.0f}); "
        f"a leak of {TOLERATED + found.seen:,.0f} would have been found in four of five such runs"
    )


def _result(samples: LoadSamples, course: Course, found: Trend, planted: int) -> ScenarioResult:
    verdicts = (
        at_most(LEAK, "requests that failed", sum(samples.errors.values()), 0),
        at_most(LEAK, "memory a query leaves behind, upper end of its interval", found.high, TOLERATED, "bytes"),
    )
    figures = (
        Figure("leak: queries", float(course.queries[-1] - course.queries[0])),
        Figure("leak: memory a query leaves behind", found.slope, "bytes", LOWER),
        Figure("leak: memory a query leaves behind, lower end", found.low, "bytes"),
        Figure("leak: smallest leak that would have been found", TOLERATED + found.seen, "bytes", LOWER),
    )
    return ScenarioResult(LEAK, verdicts, figures, {
        "memory": drawn(course.queries, course, found, course.queries), "errors": samples.errors,
        "verdict": judge(found, TOLERATED), "told": told(found), "planted": planted,
    })  # fmt: skip
