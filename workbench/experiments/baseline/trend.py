"""Trends: every figure of stored runs over time, where the runs can be compared, and since when it is another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from workbench.experiments.baseline.change_points import ChangePoint, change_points
from workbench.experiments.runs import HIGHER, LOWER, Figure, Run

_LIKE = 1.2  # stores that differ by less in their number of messages are comparable
_NOT_COMPARED = ("operations", "name", "out", "runs", "work", "seed", "store")
_GIBI = 2**30
WORSE, BETTER, OTHER = "worse", "better", "other"


@dataclass(frozen=True, slots=True)
class Point:
    """One run in a series."""

    at: datetime
    value: float
    run: str
    name: str


@dataclass(frozen=True, slots=True)
class Series:
    """One figure over comparable runs, the oldest first: same kind, name, parameters, machine, model, like size.

    `changes` are those by more than the threshold; `label` tells the series of a figure apart from its others.
    """

    kind: str
    figure: str
    unit: str
    better: str
    label: str
    points: tuple[Point, ...]
    changes: tuple[ChangePoint, ...]

    def direction(self, change: ChangePoint) -> str:
        """Whether a change was for the "worse" or the "better"; "other" where the figure has no better side."""
        if self.better not in (LOWER, HIGHER) or change.after == change.before:
            return OTHER
        return WORSE if (change.after > change.before) == (self.better == LOWER) else BETTER

    @property
    def standing(self) -> str:
        """What the last change was; empty without one."""
        return self.direction(self.changes[-1]) if self.changes else ""


def trends(
    runs: Iterable[Run],
    *,
    kinds: Sequence[str] = (),
    figures: Sequence[str] = (),
    threshold: float = 0.05,
    fewest: int = 2,
) -> tuple[Series, ...]:
    """The series of all figures, of those kinds and names (patterns such as "*p95*") if any are given.

    `runs` come the oldest first. A change counts if it is by more than `threshold` (0.05: 5 %). Series of fewer than
    `fewest` runs are left out.
    """
    groups: dict[str, list[list[Run]]] = {}
    for run in runs:
        if not kinds or run.kind in kinds:
            _place(groups.setdefault(_signature(run), []), run)
    out = []
    for group in (one for of_signature in groups.values() for one in of_signature):
        names = dict.fromkeys(figure.name for run in group for figure in run.figures)
        for name in names:
            if not figures or any(fnmatchcase(name, pattern) for pattern in figures):
                series = _series(name, group, threshold)
                if len(series.points) >= fewest:
                    out.append(series)
    return tuple(sorted(out, key=lambda one: (one.kind, one.figure, one.label)))


def as_plain(series: Series) -> dict[str, Any]:
    """A series as plain values, times in ISO 8601."""
    return {
        "kind": series.kind, "figure": series.figure, "unit": series.unit, "better": series.better,
        "label": series.label, "standing": series.standing,
        "points": [
            {"at": one.at.isoformat(), "value": one.value, "run": one.run, "name": one.name} for one in series.points
        ],
        "changes": [
            {"index": one.index, "at": series.points[one.index].at.isoformat(), "before": one.before,
             "after": one.after, "ratio": one.ratio, "p": one.p, "direction": series.direction(one)}
            for one in series.changes
        ],
    }  # fmt: skip


def _series(name: str, group: Sequence[Run], threshold: float) -> Series:
    found = [(run, figure) for run in group for figure in run.figures if figure.name == name]
    points = tuple(Point(run.made_at, figure.value, run.id, run.name) for run, figure in found)
    changes = change_points([one.value for one in points])
    newest: Figure = found[-1][1]
    run = group[-1]
    return Series(
        run.kind, name, newest.unit, newest.better, _label(run), points,
        tuple(one for one in changes if abs(one.after - one.before) > threshold * abs(one.before)),
    )  # fmt: skip


def _place(groups: list[list[Run]], run: Run) -> None:
    """Put a run to those whose newest has a store of like size; a store that grows slowly stays in its series."""
    for group in groups:
        sizes = sorted((_messages(group[-1]), _messages(run)))
        if sizes[1] <= sizes[0] * _LIKE:
            group.append(run)
            return
    groups.append([run])


def _signature(run: Run) -> str:
    """What must be equal for two runs to be comparable."""
    machine = run.machine
    memory = machine.get("memory_bytes")
    kept = {key: value for key, value in run.parameters.items() if key not in _NOT_COMPARED}
    return json.dumps(
        [run.kind, machine.get("processor"), machine.get("cores"), memory and round(memory / _GIBI),
         run.store.get("embedder"), kept],
        sort_keys=True, default=str,
    )  # fmt: skip


def _messages(run: Run) -> float:
    store: Mapping[str, Any] = run.store
    return float(store.get("messages") or 0)


def _label(run: Run) -> str:
    return f"{_messages(run):,.0f} messages, {run.machine.get('cores', '?')} cores"
