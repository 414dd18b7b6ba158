"""Comparisons: of two versions measured in turn, or of baselines that were measured at different times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from workbench.errors import UsageError
from workbench.experiments.baseline.baseline import per_operation, plan_of, plan_parameters, samples_of
from workbench.experiments.baseline.intervals import FASTER, SLOWER, Ratio, apart, paired
from workbench.experiments.baseline.plan import CPU, Measurement, Plan, Samples
from workbench.experiments.load.report import header
from workbench.experiments.runs import LOWER, Figure, Run
from workbench.snapshot import Snapshot

KIND = "comparison"
THRESHOLD = 0.05
REGRESSIONS = "regressions"
_SAME_OF_STORE = ("messages", "fingerprint", "profile")
_SAME_OF_PLAN = ("workloads", "operations", "seed", "threads")


@dataclass(frozen=True, slots=True)
class Change:
    """One workload: milliseconds of an operation before and after, their ratio, and what may be said of it."""

    workload: str
    before_ms: float
    after_ms: float
    ratio: Ratio
    verdict: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of each workload.

    `paired` tells whether both sides were measured in turn; else each is relative to its reference. `planted` is the
    share by which "after" was slowed down on purpose, `remarks` are differences that the comparison cannot see past.
    """

    before: str
    after: str
    paired: bool
    clock: str
    threshold: float
    changes: tuple[Change, ...]
    planted: float = 0.0
    remarks: tuple[str, ...] = ()

    @property
    def slower(self) -> tuple[str, ...]:
        """The workloads that became slower."""
        return tuple(one.workload for one in self.changes if one.verdict == SLOWER)

    @property
    def faster(self) -> tuple[str, ...]:
        """The workloads that became faster."""
        return tuple(one.workload for one in self.changes if one.verdict == FASTER)


def compare_sides(
    found: Measurement, before: int = 0, after: int = 1, *, clock: str = CPU, threshold: float = THRESHOLD,
    planted: float = 0.0,
) -> Comparison:  # fmt: skip
    """Two sides of one measurement, by their places in it."""
    first, second = found.sides[before], found.sides[after]
    ratios = {
        name: paired(first.seconds(name, clock), second.seconds(name, clock), workloads=len(found.plan.workloads))
        for name in found.plan.workloads
    }
    changes = _changes(found.plan, first, second, ratios, clock, threshold)
    return Comparison(first.side, second.side, True, clock, threshold, changes, planted)


def compare_baselines(
    before: Run, after: Run, *, clock: str = CPU, threshold: float = THRESHOLD, planted: float = 0.0
) -> Comparison:
    """Two baselines, each relative to the reference that was measured beside it.

    Raises:
        UsageError: One is no baseline, or they did not do the same work.
    """
    plan, first, second = plan_of(before), samples_of(before), samples_of(after)
    _check_same_work(before, after)
    ratios = {
        name: apart(_relative(first, name, clock), _relative(second, name, clock), workloads=len(plan.workloads))
        for name in plan.workloads
    }
    changes = _changes(plan, first, second, ratios, clock, threshold)
    remarks = tuple(_remarks(before, after))
    return Comparison(first.side, second.side, False, clock, threshold, changes, planted, remarks)


def comparison_run(comparison: Comparison, plan: Plan, snapshot: Snapshot, *, name: str = "") -> Run:
    """A comparison as a run. One with a planted slowdown has no figure "regressions": there was none."""
    said = {key: getattr(comparison, key) for key in ("before", "after", "paired", "clock", "threshold", "planted")}
    figures = [Figure(f"{one.workload}: after / before", one.ratio.estimate, "", LOWER) for one in comparison.changes]
    if not comparison.planted:
        figures.insert(0, Figure(REGRESSIONS, len(comparison.slower), "", LOWER))
    verdicts = [
        {"name": one.workload, "met": one.verdict != SLOWER, "verdict": one.verdict} for one in comparison.changes
    ]
    return Run.of(
        KIND, header(snapshot, {**plan_parameters(plan), **said}), figures, name=name, verdicts=verdicts,
        details={"changes": [asdict(one) for one in comparison.changes], "remarks": list(comparison.remarks)},
    )  # fmt: skip


def _changes(
    plan: Plan, before: Samples, after: Samples, ratios: Mapping[str, Ratio], clock: str, threshold: float
) -> tuple[Change, ...]:
    return tuple(
        Change(
            name, per_operation(plan, before, name, clock), per_operation(plan, after, name, clock), ratio,
            ratio.verdict(threshold),
        )
        for name, ratio in ratios.items()
    )  # fmt: skip


def _relative(samples: Samples, workload: str, clock: str) -> Any:
    return samples.seconds(workload, clock) / samples.reference(workload, clock)


def _check_same_work(before: Run, after: Run) -> None:
    differing = [
        *(f"the store's {name}" for name in _SAME_OF_STORE if before.store.get(name) != after.store.get(name)),
        *(name for name in _SAME_OF_PLAN if before.parameters.get(name) != after.parameters.get(name)),
        *("the reference" for run in (before, after) if not run.parameters.get("reference")),
    ]
    if differing:
        raise UsageError(
            f"{before.name or before.id} and {after.name or after.id} did not do the same work",
            f"they differ in {', '.join(dict.fromkeys(differing))}", "compare baselines of one store and plan",
        )  # fmt: skip


def _remarks(before: Run, after: Run) -> Sequence[str]:
    machines = [key for key, value in after.machine.items() if before.machine.get(key) != value]
    versions = [
        f"{key} {before.versions.get(key, 'none')} and {value}"
        for key, value in after.versions.items()
        if before.versions.get(key) != value
    ]
    out = []
    if machines:
        out.append(f"Another machine ({', '.join(machines)}): the reference makes up for some of that, not for all.")
    if versions:
        out.append(f"Other versions: {', '.join(versions)}.")
    return out
