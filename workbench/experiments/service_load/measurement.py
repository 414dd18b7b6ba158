"""All that `workbench bench service` measures, put together into one report."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.experiments.load.queries import known_items
from workbench.experiments.load.report import header, plain
from workbench.experiments.service_load.loads import copy_store, service
from workbench.experiments.service_load.memories import kill, mixed
from workbench.experiments.service_load.overload import capacity, overload, twice
from workbench.experiments.service_load.publication import publish_under_load
from workbench.experiments.service_load.redis_restart import restart_redis
from workbench.experiments.service_load.startup import startup
from workbench.snapshot import open_snapshot

DEADLINES_MS = (1_000.0, 100.0)
QUERIES = 20_000
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """What to measure; 0 or false leaves a part out.

    `overload` is in seconds for each deadline, `publish` a number of generations, `mixed` requests a second,
    `seconds` the length of all other loads. Stores that are written to are copies in the folder `work`.
    """

    overload: float = 0.0
    publish: int = 0
    restart_redis: bool = False
    mixed: float = 0.0
    kill: bool = False
    startup: bool = False
    workers: int = 2
    connections: int = 500
    seconds: float = 20.0
    deadlines_ms: tuple[float, ...] = DEADLINES_MS
    work: Path | None = None


def measure_service(
    store: Path, plan: ServicePlan, parameters: Mapping[str, Any], say: Say, *, seed: int = 7
) -> dict[str, Any]:
    """The report as plain values.

    Raises:
        WorkbenchError: The service did not start, or an import failed.
    """
    with open_snapshot(store) as snapshot:
        report = header(snapshot, parameters)
        say("making queries from the store's own texts")
        queries = known_items(snapshot, QUERIES, seed=seed)
    if plan.startup:
        say("starts")
        report["startup"] = [plain(startup(store, queries, count)) for count in sorted({1, plan.workers})]
    if plan.overload:
        report["overload"] = _overloads(store, plan, queries, say)
    if plan.restart_redis:
        say("Redis killed and started again")
        with _folder(plan) as folder:
            report["restart_redis"] = plain(restart_redis(store, folder, queries, plan.seconds, plan.workers))
    if plan.mixed:
        say(f"encode and recall, {plan.mixed:g} a second")
        with _folder(plan) as folder:
            copy = copy_store(store, folder)
            report["mixed"] = plain(mixed(copy, queries, plan.mixed, plan.seconds, plan.workers))
    if plan.kill:
        say("kill -9 in the midst of encodes")
        with _folder(plan) as folder:
            report["kill"] = plain(kill(copy_store(store, folder), queries, plan.seconds, plan.workers))
    if plan.publish:
        say(f"{plan.publish} publications under load")
        with _folder(plan) as folder:
            copy = copy_store(store, folder)
            report["publish"] = plain(publish_under_load(copy, folder, queries, plan.publish, plan.workers))
    return report


def _overloads(store: Path, plan: ServicePlan, queries: list[str], say: Say) -> dict[str, Any]:
    with service(store, plan.workers) as started:
        say("capacity")
        found = capacity(started, queries)
        runs = []
        for deadline in plan.deadlines_ms:
            say(f"{twice(found):,.0f} searches a second with a deadline of {deadline:g} ms")
            runs.append(
                overload(
                    started, queries, rate=twice(found), seconds=plan.overload, deadline_ms=deadline,
                    connections=plan.connections,
                )
            )  # fmt: skip
    return {"capacity": found, "runs": plain(runs)}


@contextmanager
def _folder(plan: ServicePlan) -> Iterator[Path]:
    if plan.work is not None:
        plan.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="workbench-bench-", dir=plan.work) as folder:
        yield Path(folder)
