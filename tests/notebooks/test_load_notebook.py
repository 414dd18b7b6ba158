"""04_load_experiment runs: with papermill on another load and with limits it cannot keep."""

from __future__ import annotations

from pathlib import Path

import pytest
from notebook_files import REPOSITORY, SAMPLES

from workbench.experiments.runs import RunHistory
from workbench.notebooks import run_notebook

pytestmark = pytest.mark.slow
NOTEBOOK = REPOSITORY / "notebooks" / "04_load_experiment.ipynb"


def test_it_puts_another_load_on_the_search_and_keeps_the_run(tmp_path: Path) -> None:
    given = {
        "store": tmp_path / "store", "samples": SAMPLES, "runs": tmp_path / "history", "target": "in-process",
        "arrival": "spike", "rate": 5.0, "to": 30.0, "seconds": 2.0, "users": 4, "requests": 0,
        "mix": "filtered", "limits": {"rate": 1e9}, "more": {"name": "a spike", "warmup": 0.1},
    }  # fmt: skip
    ran = run_notebook(NOTEBOOK, output=tmp_path / "runs", parameters=given)
    run = RunHistory(tmp_path / "history").find("a spike", "load")
    assert run.details["label"] == "5/s, spike 30/s over 4, filtered, in-process"
    assert run.met is False
    assert ran.html is not None
    page = ran.html.read_text(encoding="utf-8")
    assert page.count("Plotly.newPlot(") == 6
    assert "This run tried no other rates" in page
