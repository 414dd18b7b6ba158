"""Every committed notebook gives what it is committed with: nbval, each in a project of its own with an empty store.

So neither the repository's own store is needed nor touched. One process runs them all, to start pytest once.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from notebook_files import NOTEBOOKS, SAMPLES

from workbench.experiments.runs import RunHistory

pytestmark = pytest.mark.slow
KEPT = {"03": "tuning", "04": "load", "05": "stress", "06": "baseline", "10": "load"}


def project(folder: Path, notebook: Path) -> Path:
    (folder / "notebooks").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "data" / "samples").symlink_to(SAMPLES)
    copy = folder / "notebooks" / notebook.name
    copy.write_bytes(notebook.read_bytes())
    return copy


def test_outputs_are_what_the_code_gives(tmp_path: Path) -> None:
    copies = [project(tmp_path / notebook.name[:2], notebook) for notebook in NOTEBOOKS]
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")  # not ours: its options are for our tests
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider"]
    ran = subprocess.run([*command, *copies], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-6000:]
    for number, kind in KEPT.items():
        assert any(RunHistory(tmp_path / number / "data" / "runs").runs(kind)), f"notebook {number} kept no {kind} run"
    assert (tmp_path / "08" / "data" / "runs" / "quality.json").is_file()
