"""What the service is held to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.experiments.load.targets import QUARTER_MILLION, Figure, Report, Target


def _of(part: str, value: Callable[[Any], float]) -> Figure:
    def figure(report: Report, _: Report | None) -> float | None:
        found = report.get(part)
        return None if found is None else float(value(found))

    return figure


def _errors(found: Any) -> int:
    return sum(found["outcome"]["errors"].values())


def _runs(value: Callable[[Any], float]) -> Callable[[Any], float]:
    """The greatest of all runs."""
    return lambda found: max(value(run) for run in found["runs"])


def _alone(value: Callable[[Any], float]) -> Callable[[Any], float]:
    """Of the service with one worker."""
    return lambda found: value(next(one for one in found if one["workers"] == 1))


SERVICE_TARGETS = (
    Target(2, "twice the capacity: errors", 0, "", _of("overload", _runs(lambda run: sum(run["errors"].values())))),
    Target(2, "twice the capacity: accepted and late", 0, "", _of("overload", _runs(lambda run: run["late"]))),
    Target(
        2, "twice the capacity: growth of memory", 100, "MB",
        _of("overload", _runs(lambda run: (run["memory_after"] - run["memory_before"]) / 1e6)),
    ),
    Target(3, "publications: requests that failed", 0, "", _of("publish", _errors)),
    Target(
        3, "publications: generations served at the end besides the newest", 0, "",
        _of("publish", lambda found: len(set(found["served"]) ^ {found["wanted"]})),
    ),
    Target(3, "Redis killed and restarted: requests that failed", 0, "", _of("restart_redis", _errors)),
    Target(6, "ready", 1.5, "s", _of("startup", _alone(lambda one: one["ready_seconds"])), messages=QUARTER_MILLION),
    Target(
        6, "memory of one worker (USS)", 400, "MB", _of("startup", _alone(lambda one: one["unique"] / 1e6)),
        messages=QUARTER_MILLION,
    ),
    Target(6, "encode: p95", 50, "ms", _of("mixed", lambda one: one["encode"]["p95"]), messages=QUARTER_MILLION),
    Target(6, "recall: p95", 30, "ms", _of("mixed", lambda one: one["recall"]["p95"]), messages=QUARTER_MILLION),
    Target(6, "encode and recall: requests that failed", 0, "", _of("mixed", _errors)),
    Target(6, "kill -9: acknowledged memories that were lost", 0, "", _of("kill", lambda found: found["lost"])),
    Target(6, "kill -9: memories that were not recalled", 0, "", _of("kill", lambda found: found["not_recalled"])),
)  # fmt: skip
