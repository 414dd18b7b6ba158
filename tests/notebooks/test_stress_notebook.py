"""05_stress runs: with papermill through the planted faults, and with nbval as it is."""

from __future__ import annotations

import shutil
import subprocess
import sys
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
    assert found["planted and found: stall"]
    assert found["planted and found: memory jump"]
    assert run.html is not None
    page = run.html.read_text(encoding="utf-8")
    assert "faults that could be planted were found" in page
    assert "<script src" not in page


def test_its_outputs_are_what_the_code_gives(tmp_path: Path) -> None:
    """nbval, in a copy of the project."""
    shutil.copytree(SAMPLES, tmp_path / "data" / "samples")
    (tmp_path / "notebooks").mkdir()
    copy = shutil.copy(NOTEBOOK, tmp_path / "notebooks")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider", copy]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-6000:]
    [kept] = RunHistory(tmp_path / "data" / "runs").runs("stress")
    assert set(kept.details) == {"clients", "leak"}
