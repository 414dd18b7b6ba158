"""The reports of `workbench bench search` and `bench service` as runs."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.experiments.load.report import plain
from workbench.experiments.load.targets import Report, Verdict
from workbench.experiments.runs import HIGHER, LOWER, Figure, Run


def to_run(kind: str, report: Report, verdicts: Sequence[Verdict], *, name: str = "") -> Run:
    """A run of `kind` with a figure for each target that was measured."""
    figures = [
        Figure(one.name, one.figure, one.unit, HIGHER if one.at_least else LOWER)
        for one in verdicts
        if one.figure is not None
    ]
    return Run.of(kind, report, figures, name=name, verdicts=plain(list(verdicts)), details=report)
