"""08_quality runs: with papermill on the samples and on a set of others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from labelled_files import write_scifact
from notebook_files import REPOSITORY, SAMPLES

from workbench.errors import NotebookError
from workbench.notebooks import run_notebook

pytestmark = pytest.mark.slow
NOTEBOOK = REPOSITORY / "notebooks" / "08_quality.ipynb"


def test_it_measures_the_sets_it_is_given_and_writes_what_it_found(tmp_path: Path) -> None:
    write_scifact(tmp_path / "sets")
    given = {
        "sets": ["samples", "scifact"], "datasets": tmp_path / "sets", "samples": SAMPLES, "out": tmp_path / "q.json",
    }  # fmt: skip
    run = run_notebook(NOTEBOOK, output=tmp_path / "runs", parameters=given)
    report = json.loads((tmp_path / "q.json").read_text(encoding="utf-8"))
    assert [one["dataset"] for one in report["runs"]] == ["samples", "scifact"]
    assert run.html is not None
    page = run.html.read_text(encoding="utf-8")
    assert page.count("Plotly.newPlot(") == 5
    assert "found instead" in page
    assert "<script src" not in page


def test_a_set_that_is_not_there_fails_and_says_what_to_do(tmp_path: Path) -> None:
    given = {"sets": ["locomo"], "out": tmp_path / "q.json"}
    with pytest.raises(NotebookError, match=r"08_quality\.ipynb failed in cell .*needs a folder of labelled sets"):
        run_notebook(NOTEBOOK, output=tmp_path / "runs", parameters=given, html=False)
