"""Measuring: blocks of the same work, one side right after the other, in an order that is turned around every turn."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import orjson

from workbench.experiments.baseline.material import Material, write_export
from workbench.experiments.baseline.plan import INGEST, ONCE, Block, Measurement, Plan, Samples, Side
from workbench.experiments.baseline.workers import Worker, workers
from workbench.settings import load_settings

_REFERENCES = 2  # rounds of the reference before a block, and as many after it
_MOST = 500  # operations of a block
_TRIED = 3
_SCRATCH = "scratch"
Say = Callable[[str], None]
Blocks = dict[str, list[Block]]


def measure(plan: Plan, material: Material, sides: Sequence[Side], say: Say = lambda _: None) -> Measurement:
    """Do all rounds of the plan with each of the `sides`, at the same time.

    In every round each side is a fresh process, since where its memory happens to lie makes a process slower or faster
    for as long as it lives (Kalibera and Jones, "Rigorous benchmarking in reasonable time", ISMM 2013). In every turn
    all sides do the same operations one after another, forwards and backwards in turn (ABBA), so that a machine that
    becomes slower is slower for all of them.

    Raises:
        WorkbenchError: A process failed; with what it said.
    """
    found: list[Blocks] = [{name: [] for name in plan.workloads} for _ in sides]
    with tempfile.TemporaryDirectory(prefix="workbench-baseline-") as folder:
        given = _written(plan, material, Path(folder))
        for number in range(plan.rounds):
            with workers(sides, given) as made:
                if not plan.operations:
                    plan = replace(plan, operations=_calibrated(plan, made[0]))
                _round(plan, number, made, found)
            shutil.rmtree(given.with_name(_SCRATCH), ignore_errors=True)
            say(f"round {number + 1} of {plan.rounds}")
    return Measurement(
        plan,
        tuple(
            Samples(side.name, {name: tuple(blocks) for name, blocks in of_side.items()})
            for side, of_side in zip(sides, found, strict=True)
        ),
    )


def _written(plan: Plan, material: Material, folder: Path) -> Path:
    """The file that tells workers what to work on; they write below the folder it lies in."""
    given = {
        "store": str(material.store), "workloads": plan.workloads, "queries": material.queries,
        "popular": material.popular, "conversations": material.conversations, "filters": {"role": "user"},
        "export": str(write_export(folder, seed=plan.seed)) if INGEST in plan.workloads else "",
        "scratch": str(folder / _SCRATCH), "cache": str(load_settings().cache.resolve()),
    }  # fmt: skip
    path = folder / "given.json"
    path.write_bytes(orjson.dumps(given))
    return path


def _calibrated(plan: Plan, worker: Worker) -> dict[str, int]:
    """How many operations of each workload take as long as a block should."""
    counts = {}
    for name in plan.workloads:
        count = 1
        if name not in ONCE:
            once = min(worker.block(name, number, 1)[0] for number in range(_TRIED))
            count = min(_MOST, max(1, round(plan.block_ms / 1000 / max(once, 1e-6))))
        counts[name] = count
    return counts


def _round(plan: Plan, number: int, made: Sequence[Worker], found: Sequence[Blocks]) -> None:
    for turn in range(plan.turns):
        for name in plan.workloads:
            if name in ONCE and turn:
                continue
            pairs = list(zip(made, found, strict=True))
            for worker, blocks in pairs if (number + turn) % 2 == 0 else reversed(pairs):
                blocks[name].append(_block(plan, name, number, turn, worker))


def _block(plan: Plan, name: str, number: int, turn: int, worker: Worker) -> Block:
    count = plan.operations[name]
    first = (number * plan.turns + turn) * count
    if not plan.reference:
        return Block(number, turn, *worker.block(name, first, count))
    before = worker.block(None, 0, _REFERENCES)
    work = worker.block(name, first, count)
    after = worker.block(None, 0, _REFERENCES)
    beside = [(one + other) / (2 * _REFERENCES) for one, other in zip(before, after, strict=True)]
    return Block(number, turn, *work, *beside)
