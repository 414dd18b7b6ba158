"""05_stress runs: with papermill through the planted faults."""

from __future__ import annotations

from pathlib import Path

import pytest
from notebook_files import REPOSITORY, SAMPLES

from workbench.experiments.runs import RunHistory
from workbench.notebooks import run_notebook

pytestmark = pytest.mark.slow
NOTEBOOK = REPOSITORY / "notebooks" / "05_stress.ipynb"


def test_planted_faults_are_found_and_drawn_and_the_run_is_kept(tmp_path: Path) -> None:
    given = {
        "scenarios": ["anomalies"], "seconds": 9.0, "rate": 200.0, "store": tmp_path / "store", "samples": SAMPLES,
        "runs": tmp_path,
    }  # fmt: skip
    run = run_notebook(NOTEBOOK, output=tmp_path / "out", parameters=given)
    kept = RunHistory(tmp_path).find("latest", "stress")
    found = {one["name"]: one["met"] for one in kept.verdicts}
    assert found["planted and found: stall"] is not False  # None where others keep the machine busy
    assert found["planted and found: memory jump"]
    assert run.html is not None
    page = run.html.read_text(encoding="utf-8")
    assert "faults that could be planted were found" in page
    assert "<script src" not in page
