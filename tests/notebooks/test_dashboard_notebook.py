"""07_dashboard runs: its board is one picture that was drawn again, not one for each look."""

from __future__ import annotations

from pathlib import Path

import pytest
from notebook_files import REPOSITORY, SAMPLES

from workbench.notebooks import run_notebook
from workbench.notebooks.files import read_notebook

pytestmark = pytest.mark.slow
NOTEBOOK = REPOSITORY / "notebooks" / "07_dashboard.ipynb"
FIGURE = "application/vnd.plotly.v1+json"


def test_the_board_is_one_picture_of_many_looks(tmp_path: Path) -> None:
    given = {"store": tmp_path / "store", "samples": SAMPLES, "seconds": 3.0, "every": 0.3}
    run = run_notebook(NOTEBOOK, output=tmp_path / "runs", parameters=given, html=False)
    pictures = [
        output["data"][FIGURE]
        for cell in read_notebook(run.executed).cells
        for output in cell.get("outputs", [])
        if FIGURE in output.get("data", {})
    ]
    assert len(pictures) == 1
    latency = pictures[0]["data"][0]
    assert latency["name"] == "p50 ms"
    assert len(latency["x"]) >= 2
