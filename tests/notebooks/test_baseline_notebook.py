"""06_baseline_and_trend runs: with papermill on the samples."""

from __future__ import annotations

from pathlib import Path

import pytest
from notebook_files import REPOSITORY, SAMPLES

from workbench.experiments.runs import RunHistory
from workbench.notebooks import run_notebook

pytestmark = pytest.mark.slow
NOTEBOOK = REPOSITORY / "notebooks" / "06_baseline_and_trend.ipynb"


def test_it_keeps_a_baseline_and_two_comparisons_and_draws_them(tmp_path: Path) -> None:
    given = {
        "store": tmp_path / "store", "samples": SAMPLES, "runs": tmp_path / "kept", "workloads": ["embed a query"],
        "rounds": 2, "turns": 3, "slow_down": 0.6, "name": "tiny",
    }  # fmt: skip
    run = run_notebook(NOTEBOOK, output=tmp_path / "runs", parameters=given)
    history = RunHistory(tmp_path / "kept")
    assert history.find("tiny", "baseline").figure("embed a query: x reference") is not None
    same, planted = history.runs("comparison")
    assert {one.parameters["planted"] for one in (same, planted)} == {0.0, 0.6}
    assert run.html is not None
    page = run.html.read_text(encoding="utf-8")
    assert page.count("Plotly.newPlot(") >= 2
    assert "<script src" not in page
