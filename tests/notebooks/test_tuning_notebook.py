"""03_search_tuning runs: with papermill on a store that is tuned badly."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_tuning import tuned
from notebook_files import REPOSITORY, SAMPLES

from workbench.experiments.runs import RunHistory
from workbench.notebooks import run_notebook
from workbench.record import WriterLock
from workbench.snapshot import StoreProfile, current_manifest, write_profile
from workbench.workspace import Workbench

pytestmark = pytest.mark.slow
NOTEBOOK = REPOSITORY / "notebooks" / "03_search_tuning.ipynb"


def test_it_finds_something_better_than_a_bad_profile_puts_it_to_use_and_shows_it_beside_older_runs(
    tmp_path: Path, memory: Workbench
) -> None:
    with WriterLock(memory.store):
        write_profile(memory.store, StoreProfile(search={"alpha": 1.0}))
    memory.ingest(SAMPLES)
    history = RunHistory(tmp_path / "kept")
    history.save(tuned(name="last year", made_at="2025-11-21"))
    given = {
        "store": memory.store, "samples": SAMPLES, "count": 60, "strategy": "halving", "apply": True, "name": "tonight",
        "space": {"alpha": [0.0, 0.3, 1.0], "own_prior": [0.0, 0.4]}, "runs": tmp_path / "kept",
        "compare": ["last year"],
    }  # fmt: skip
    run = run_notebook(NOTEBOOK, output=tmp_path / "runs", parameters=given)
    found = history.find("tonight", "tuning")
    assert found.details["outcome"] == "better"
    assert found.details["present"]["search"] == {"alpha": 1.0}
    manifest = current_manifest(memory.store)
    assert manifest is not None
    assert manifest.tuned_by["run"] == found.id
    assert manifest.search.get("alpha", 0.3) == found.details["chosen"]["search"].get("alpha", 0.3) < 1.0
    assert history.find("tonight", "statements").figure("search") == 0.0
    assert run.html is not None
    page = run.html.read_text(encoding="utf-8")
    assert page.count("Plotly.newPlot(") == 9
    assert "last year" in page
    assert "<script src" not in page
