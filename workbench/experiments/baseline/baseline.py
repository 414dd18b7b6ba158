"""A baseline: what each workload takes beside the reference, kept as a run that later code can be held against."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

import numpy as np

from workbench.errors import UsageError
from workbench.experiments.baseline.material import Material, material_of
from workbench.experiments.baseline.measuring import measure
from workbench.experiments.baseline.plan import CPU, HERE, WALL, Block, Measurement, Plan, Samples, Side
from workbench.experiments.baseline.workers import THREADS
from workbench.experiments.load.report import header
from workbench.experiments.runs import LOWER, Figure, Run
from workbench.snapshot import Snapshot, open_snapshot

KIND = "baseline"
_DIGITS = 7  # of seconds: a tenth of a microsecond
Say = Callable[[str], None]


def measure_baseline(
    store: Path, plan: Plan, *, name: str = "", slow_down: float = 0.0, say: Say = lambda _: None
) -> Run:
    """Measure this version of the code on a store, beside the reference.

    Raises:
        StoreMissingError: Nothing has been imported there.
        WorkbenchError: A process that measured failed.
    """
    with open_snapshot(store) as snapshot:
        material = material_of(store, snapshot, seed=plan.seed)
        found = measure(with_reference(plan), material, [Side("now", slow_down=slow_down)], say)
        return baseline_run(found, snapshot, name=name)


def baseline_run(found: Measurement, snapshot: Snapshot, *, name: str = "", side: int = 0) -> Run:
    """One side of a measurement as a run of the kind "baseline".

    Figures are medians over all blocks: of each workload milliseconds of processor and of wall time for one operation,
    and what one operation takes in rounds of the reference, if there was one.
    """
    samples = found.sides[side]
    figures = [one for workload in found.plan.workloads for one in _figures(found.plan, samples, workload)]
    blocks = {workload: [_row(block) for block in blocks] for workload, blocks in samples.blocks.items()}
    details = {"blocks": blocks, "commit": commit_of(HERE)}
    return Run.of(KIND, header(snapshot, plan_parameters(found.plan)), figures, name=name, details=details)


def with_reference(plan: Plan) -> Plan:
    """The plan, with the reference beside each block."""
    return Plan(**{**_fields(plan), "reference": True})


def plan_parameters(plan: Plan) -> dict[str, Any]:
    """The plan as plain values, with the threads that numeric libraries were allowed."""
    return {**_fields(plan), "workloads": list(plan.workloads), "threads": dict(THREADS)}


def plan_of(run: Run) -> Plan:
    """The plan that a baseline was measured by: by it others are measured that are to be compared with it."""
    _check(run)
    known = {key: value for key, value in run.parameters.items() if key in Plan.__dataclass_fields__}
    return Plan(**{**known, "workloads": tuple(known["workloads"])})


def samples_of(run: Run) -> Samples:
    """The blocks of a baseline.

    Raises:
        UsageError: The run is no baseline.
    """
    _check(run)
    rows: Mapping[str, list[list[Any]]] = run.details["blocks"]
    return Samples(run.name or run.id, {name: tuple(Block(*row) for row in of_it) for name, of_it in rows.items()})


def commit_of(code: Path) -> str:
    """Which commit a checkout is at, with a "+" where it has been changed since; empty where git knows nothing."""
    said = []
    for command in (("rev-parse", "--short=12", "HEAD"), ("status", "--porcelain", "--untracked-files=no")):
        try:
            done = subprocess.run(["git", "-C", str(code), *command], capture_output=True, text=True, check=False)
        except OSError:
            return ""
        if done.returncode:
            return ""
        said.append(done.stdout.strip())
    return said[0] + "+" * bool(said[1])


def material_for(store: Path, plan: Plan) -> Material:
    """What the plan works on, from the newest generation of a store."""
    with open_snapshot(store) as snapshot:
        return material_of(store, snapshot, seed=plan.seed)


def per_operation(plan: Plan, samples: Samples, workload: str, clock: str) -> float:
    """Milliseconds of one operation: the median over all blocks."""
    return float(np.median(samples.seconds(workload, clock))) * 1000 / plan.operations[workload]


def _figures(plan: Plan, samples: Samples, workload: str) -> list[Figure]:
    figures = [
        Figure(f"{workload}: processor", per_operation(plan, samples, workload, CPU), "ms", LOWER),
        Figure(f"{workload}: wall", per_operation(plan, samples, workload, WALL), "ms", LOWER),
    ]
    if plan.reference:
        ratios = samples.seconds(workload, CPU) / samples.reference(workload, CPU) / plan.operations[workload]
        figures.insert(0, Figure(f"{workload}: x reference", float(np.median(ratios)), "", LOWER))
    return figures


def _row(block: Block) -> list[float]:
    return [round(value, _DIGITS) for value in astuple(block)]


def _fields(plan: Plan) -> dict[str, Any]:
    return {**asdict(plan), "operations": dict(plan.operations)}


def _check(run: Run) -> None:
    if run.kind != KIND or "blocks" not in run.details:
        raise UsageError(
            f"{run.id} is no baseline but a run of the kind {run.kind!r}",
            "",
            "make one with `workbench bench baseline`",
        )
