"""Does the comparison keep its word? The same version twice, and once slowed down on purpose, many times over."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from workbench.experiments.baseline.baseline import plan_parameters
from workbench.experiments.baseline.comparison import KIND, THRESHOLD, Comparison, compare_sides
from workbench.experiments.baseline.material import Material
from workbench.experiments.baseline.measuring import measure
from workbench.experiments.baseline.plan import CPU, HERE, Plan, Side
from workbench.experiments.load.report import header
from workbench.experiments.runs import HIGHER, LOWER, Figure, Run
from workbench.snapshot import Snapshot

ALARMS_ALLOWED, FOUND_DEMANDED = 0.05, 0.90
ALARMS, FOUND = "A/A: comparisons with an alarm", "planted: comparisons that found it"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Comparisons of a version with itself, and of the same with itself slowed down by `slow_down`."""

    slow_down: float
    same: tuple[Comparison, ...]
    planted: tuple[Comparison, ...]
    plan: Plan

    @property
    def alarms(self) -> int:
        """Comparisons with itself that said of any workload that it became slower."""
        return sum(bool(one.slower) for one in self.same)

    @property
    def found(self) -> int:
        """Comparisons with the slowed one that said so of any workload."""
        return sum(bool(one.slower) for one in self.planted)

    @property
    def alarms_allowed(self) -> int:
        """One of twenty."""
        return math.floor(len(self.same) * ALARMS_ALLOWED)

    @property
    def found_demanded(self) -> int:
        """Eighteen of twenty."""
        return math.ceil(len(self.planted) * FOUND_DEMANDED)

    @property
    def met(self) -> bool:
        """Whether the comparison keeps its word."""
        return self.alarms <= self.alarms_allowed and self.found >= self.found_demanded


def run_self_test(
    plan: Plan, material: Material, times: int, *, slow_down: float = 0.15, code: Path = HERE, clock: str = CPU,
    threshold: float = THRESHOLD, say: Say = lambda _: None,
) -> SelfTest:  # fmt: skip
    """Measure a version, itself again, and itself slowed down, `times` times; compare the first with both."""
    sides = [Side("before", code), Side("again", code), Side("slowed down", code, slow_down)]
    same: list[Comparison] = []
    planted: list[Comparison] = []
    for number in range(times):
        found = measure(plan, material, sides)
        plan = replace(plan, operations=found.plan.operations)
        same.append(compare_sides(found, 0, 1, clock=clock, threshold=threshold))
        planted.append(compare_sides(found, 0, 2, clock=clock, threshold=threshold, planted=slow_down))
        say(
            f"{number + 1} of {times}: {', '.join(same[-1].slower) or 'no'} alarm; slowed down: "
            f"{len(planted[-1].slower)} of {len(plan.workloads)} workloads found"
        )
    return SelfTest(slow_down, tuple(same), tuple(planted), plan)


def self_test_run(test: SelfTest, snapshot: Snapshot, *, name: str = "") -> Run:
    """A self-test as a run of the kind "comparison"."""
    times = len(test.same)
    figures = [Figure(ALARMS, test.alarms, "", LOWER), Figure(FOUND, test.found, "", HIGHER)]
    for place, workload in enumerate(test.plan.workloads):
        slower = sum(workload in one.slower for one in test.planted)
        spread = sorted(one.changes[place].ratio.spread for one in test.same)[times // 2]
        figures += [
            Figure(f"{workload}: found", slower, "", HIGHER), Figure(f"{workload}: spread of rounds", spread, "", LOWER)
        ]  # fmt: skip
    verdicts = [
        {"name": ALARMS, "figure": test.alarms, "limit": test.alarms_allowed, "at_least": False,
         "met": test.alarms <= test.alarms_allowed},
        {"name": FOUND, "figure": test.found, "limit": test.found_demanded, "at_least": True,
         "met": test.found >= test.found_demanded},
    ]  # fmt: skip
    parameters = {**plan_parameters(test.plan), "self_test": times, "slow_down": test.slow_down}
    return Run.of(
        KIND, header(snapshot, parameters), figures, name=name or "self-test", verdicts=verdicts,
        details={"same": [asdict(one) for one in test.same], "planted": [asdict(one) for one in test.planted]},
    )  # fmt: skip
