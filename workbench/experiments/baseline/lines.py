"""Baselines, comparisons and trends as text for a terminal, out of stored runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.experiments.baseline.comparison import REGRESSIONS
from workbench.experiments.baseline.trend import Series
from workbench.experiments.load.report import table
from workbench.experiments.runs import Run

_SAID = {
    "slower": "SLOWER", "faster": "faster", "same": "same within the threshold", "unsure": "too noisy to tell",
}  # fmt: skip


def baseline_lines(run: Run) -> Iterator[str]:
    """A table of workloads."""
    parameters = run.parameters
    yield (
        f"{parameters['rounds']} rounds of {parameters['turns']} turns on {run.store['messages']:,} messages, "
        f"{run.machine['cores']} cores"
    )
    rows = [
        (name, *(_figure(run, f"{name}: {what}") for what in ("x reference", "processor", "wall")))
        for name in parameters["workloads"]
    ]
    yield from table("One operation", ("workload", "x reference", "processor ms", "wall ms"), rows)


def comparison_lines(run: Run) -> Iterator[str]:
    """A table of workloads, remarks, and the outcome."""
    parameters = run.parameters
    how = "measured in turn" if parameters["paired"] else "each relative to its reference"
    clock = "processor time" if parameters["clock"] == "cpu" else "wall time"
    yield f"{parameters['after']} against {parameters['before']}, {how}, {clock}"
    rows = []
    for one in run.details["changes"]:
        ratio = one["ratio"]
        rows.append(
            (one["workload"], f"{one['before_ms']:.3f}", f"{one['after_ms']:.3f}", f"{ratio['estimate']:.3f}",
             f"{ratio['low']:.3f} to {ratio['high']:.3f}", _SAID[one["verdict"]])
        )  # fmt: skip
    head = ("workload", "before ms", "after ms", "ratio", "95 % interval", "")
    yield from table("One operation", head, rows)
    yield ""
    yield from run.details["remarks"]
    slower = [one["workload"] for one in run.details["changes"] if one["verdict"] == "slower"]
    planted = " A slowdown was planted." if run.figure(REGRESSIONS) is None else ""
    if slower:
        yield f"Slower by {parameters['threshold']:.0%} or more, and not by chance: {', '.join(slower)}.{planted}"
    else:
        yield f"Nothing is slower by {parameters['threshold']:.0%} or more beyond chance.{planted}"
    if noisy := sum(one["verdict"] == "unsure" for one in run.details["changes"]):
        yield f"{noisy} of {len(rows)} are too noisy to tell: more --rounds make their intervals narrower."


def self_test_lines(run: Run) -> Iterator[str]:
    """How often each workload was found, and whether the comparison keeps its word."""
    parameters = run.parameters
    rows = [
        (name, _figure(run, f"{name}: found"), _figure(run, f"{name}: spread of rounds"))
        for name in parameters["workloads"]
    ]
    title = f"{parameters['self_test']} comparisons, {parameters['slow_down']:.0%} planted"
    yield from table(title, ("workload", "found", "spread of rounds"), rows)
    yield ""
    for one in run.verdicts:
        limit = f"{'at least' if one['at_least'] else 'at most'} {one['limit']}"
        outcome = "met" if one["met"] else "MISSED"
        yield f"{one['name']}: {one['figure']} of {parameters['self_test']}, {limit}: {outcome}"


def trend_lines(found: Sequence[Series]) -> Iterator[str]:
    """A table of series, those that changed with their last change."""
    rows = []
    for one in found:
        last = one.points[-1]
        change = one.changes[-1] if one.changes else None
        rows.append(
            (
                f"{one.kind}: {one.figure}", one.label, f"{len(one.points)}", f"{last.value:,.4g} {one.unit}".rstrip(),
                f"{one.points[change.index].at:%Y-%m-%d %H:%M}" if change else "",
                f"{change.before:,.4g} → {change.after:,.4g}" if change else "", one.standing,
            )
        )  # fmt: skip
    head = ("figure", "of", "runs", "newest", "changed", "from → to", "")
    yield from table(f"{len(found)} series", head, rows)


def _figure(run: Run, name: str) -> str:
    value = run.figure(name)
    return "" if value is None else f"{value:,.4g}"
