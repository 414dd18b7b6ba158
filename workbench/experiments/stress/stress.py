"""Runs the scenarios of a plan, one after another, and makes of what they find a run that is kept."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from workbench.experiments.corpus import write_corpus
from workbench.experiments.load.queries import known_items
from workbench.experiments.load.report import header, plain
from workbench.experiments.runs import HIGHER, LOWER, Figure, Run
from workbench.experiments.service_load.loads import copy_store
from workbench.experiments.stress.anomaly_hunt import anomaly_hunt
from workbench.experiments.stress.churn import churn
from workbench.experiments.stress.concurrent_clients import concurrent_clients
from workbench.experiments.stress.large_files import large_files
from workbench.experiments.stress.leak_hunt import leak_hunt
from workbench.experiments.stress.plan import (
    ANOMALIES,
    CHURN,
    CLIENTS,
    FILES,
    LEAK,
    SUSTAINED,
    Ground,
    Say,
    ScenarioResult,
    StressPlan,
)
from workbench.experiments.stress.sustained_load import sustained_load
from workbench.ingest import IngestOptions, Silent, ingest
from workbench.snapshot import open_snapshot

KIND = "stress"
_QUERIES, _QUERIES_PER_SECOND = 500, 25  # few enough for every cache of the service to hold them all
_RUN: Mapping[str, Callable[[Ground], ScenarioResult]] = {
    CLIENTS: concurrent_clients, FILES: large_files, SUSTAINED: sustained_load, CHURN: churn, LEAK: leak_hunt,
    ANOMALIES: anomaly_hunt,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StressReport:
    """What all scenarios found. `header` is what the figures depend on (`load.report.header`)."""

    header: Mapping[str, Any]
    results: tuple[ScenarioResult, ...]

    @property
    def met(self) -> bool:
        """Whether every criterion of every scenario is."""
        return all(one.met for one in self.results)


def run_stress(plan: StressPlan, say: Say) -> StressReport:
    """Run the scenarios in the order of the plan. The plan's store is not changed; `say` is told how it goes.

    Raises:
        StoreMissingError: There is no store.
        WorkbenchError: A service did not start.
    """
    with _folder(plan) as folder:
        store = _store(plan, folder, say)
        with open_snapshot(store) as snapshot:
            head = header(snapshot, _parameters(plan))
            queries = known_items(snapshot, min(_QUERIES, int(_QUERIES_PER_SECOND * plan.seconds)), seed=plan.seed)
        results = [_timed(name, Ground(plan, store, folder, queries, say)) for name in plan.scenarios]
    return StressReport(head, tuple(results))


def to_run(report: StressReport, *, name: str = "") -> Run:
    """What is kept of it: each criterion a figure and a verdict, and the series for pictures."""
    figures = [figure for one in report.results for figure in (*_judged(one), *one.figures)]
    verdicts = [{**plain(verdict), "scenario": one.name} for one in report.results for verdict in one.verdicts]
    details = {one.name: {**one.series, "seconds": one.seconds} for one in report.results}
    return Run.of(KIND, report.header, figures, name=name, verdicts=verdicts, details=details)


def _judged(result: ScenarioResult) -> Sequence[Figure]:
    return [
        Figure(f"{result.name}: {one.name}", one.figure, one.unit, HIGHER if one.at_least else LOWER)
        for one in result.verdicts
        if one.figure is not None
    ]


def _timed(name: str, ground: Ground) -> ScenarioResult:
    begun = time.perf_counter()
    ground.say(f"scenario {name}")
    result = _RUN[name](ground)
    return replace(result, seconds=time.perf_counter() - begun)


def _store(plan: StressPlan, folder: Path, say: Say) -> Path:
    """A copy of the plan's store, or one of generated messages."""
    if not plan.messages:
        return copy_store(plan.store, folder)
    say(f"importing {plan.messages:,} generated messages")
    write_corpus(folder / "corpus", plan.messages, seed=plan.seed)
    ingest([folder / "corpus"], IngestOptions(folder / "store", ray="off"), Silent())
    return folder / "store"


def _parameters(plan: StressPlan) -> dict[str, Any]:
    return {key: str(value) if isinstance(value, Path) else value for key, value in asdict(plan).items()}


@contextmanager
def _folder(plan: StressPlan) -> Iterator[Path]:
    if plan.work is not None:
        plan.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="workbench-stress-", dir=plan.work) as folder:
        yield Path(folder)
