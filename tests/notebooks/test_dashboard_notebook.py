"""07_dashboard runs: its board is one picture that was drawn again, not one for each look."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from notebook_files import REPOSITORY, SAMPLES

from workbench.notebooks import run_notebook
from workbench.notebooks.files import read_notebook

pytestmark = pytest.mark.slow
NOTEBOOK = REPOSITORY / "notebooks" / "07_dashboard.ipynb"
FIGURE = "application/vnd.plotly.v1+json"


def test_the_board_is_one_picture_of_many_looks(tmp_path: Path) -> None:
    given = {"store": tmp_path / "store", "samples": SAMPLES, "seconds": 1.5, "every": 0.3}
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
    assert len(latency["x"]) >= 3


def test_its_outputs_are_what_the_code_gives(tmp_path: Path) -> None:
    """nbval, in a copy of the project."""
    shutil.copytree(SAMPLES, tmp_path / "data" / "samples")
    (tmp_path / "notebooks").mkdir()
    copy = shutil.copy(NOTEBOOK, tmp_path / "notebooks")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider", copy]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-6000:]
