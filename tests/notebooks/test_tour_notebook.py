"""10_tour runs: each claim is a cell that measures it, and what is measured is in its report."""

from __future__ import annotations

from pathlib import Path

import pytest
from notebook_files import REPOSITORY, SAMPLES

from workbench.experiments.runs import RunHistory
from workbench.notebooks import run_notebook

pytestmark = pytest.mark.slow


def test_the_tour_ends_with_a_report_of_what_it_measured(tmp_path: Path) -> None:
    given = {
        "messages": 400, "users": 4, "seconds": 1.0, "folder": tmp_path / "tour", "samples": SAMPLES,
        "runs": tmp_path / "kept",
    }  # fmt: skip
    run_notebook(REPOSITORY / "notebooks" / "10_tour.ipynb", output=tmp_path / "runs", parameters=given, html=False)
    names = {run.name: run for run in RunHistory(tmp_path / "kept").runs("load")}
    page = (tmp_path / "tour" / "400" / "report.html").read_text(encoding="utf-8")
    assert {"tour, every query new", "tour, 85 % asked before"} == set(names)
    assert all(run.id in page for run in names.values())
