"""A report of quality as a run."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from workbench.evaluation.figures import OVERALL
from workbench.evaluation.figures import Figure as Measured
from workbench.evaluation.report import QualityReport
from workbench.evaluation.targets import Verdict
from workbench.experiments.runs import HIGHER, Figure, Run


def to_run(report: QualityReport, *, name: str = "") -> Run:
    """A run of kind "quality" with the measures of every system on all queries of a set."""
    found = report.as_dict()
    figures = [Figure(_name(one), one.estimate.mean, "", HIGHER) for one in report.figures if one.category == OVERALL]
    messages = {run.dataset: run.messages for run in report.runs}
    header = {
        "made_at": datetime.now(UTC).isoformat("T", "seconds"), "machine": found["machine"],
        "versions": found["versions"], "store": {"sets": messages}, "parameters": found["parameters"],
    }  # fmt: skip
    verdicts = [{**asdict(one), "name": _name(one), "unit": ""} for one in report.verdicts]
    return Run.of("quality", header, figures, name=name, verdicts=verdicts, details={"worst": found["worst"]})


def _name(one: Measured | Verdict) -> str:
    where = f"{one.dataset}, {one.split}, {one.embedder}"
    return f"{where}: {one.system} {one.measure}" + (f", {one.category}" if one.category != OVERALL else "")
