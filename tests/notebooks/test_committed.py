"""The first three notebooks run with papermill and other parameters."""

from __future__ import annotations

from pathlib import Path

import pytest
from notebook_files import NOTEBOOKS, REPOSITORY, SAMPLES

from workbench.notebooks import known_parameters, run_notebook
from workbench.settings import Settings
from workbench.workspace import Workbench

pytestmark = pytest.mark.slow
FIRST_THREE = [path for path in NOTEBOOKS if path.name < "03"]
each = pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in FIRST_THREE])


@each
def test_it_runs_with_other_parameters_and_gives_a_page_for_itself(path: Path, tmp_path: Path, cache: Path) -> None:
    places = {"store": tmp_path / "store", "samples": SAMPLES, "exports": SAMPLES}
    given = {name: places[name] for name in known_parameters(path) if name in places}
    run = run_notebook(path, output=tmp_path / "runs", parameters=given)
    with Workbench(Settings(store=tmp_path / "store", cache=cache)) as memory:
        assert memory.stats().counts["conversations"] > 50
    assert run.html is not None
    assert "<script src" not in run.html.read_text(encoding="utf-8")


def test_a_dry_run_of_the_import_writes_nothing(tmp_path: Path) -> None:
    given = {"store": tmp_path / "store", "exports": SAMPLES, "dry_run": True}
    run_notebook(REPOSITORY / "notebooks" / "01_ingest.ipynb", output=tmp_path / "runs", parameters=given, html=False)
    assert not (tmp_path / "store").exists()


def test_an_import_of_nothing_fails_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    given = {"store": tmp_path / "store", "exports": tmp_path / "empty"}
    with pytest.raises(Exception, match=r"01_ingest\.ipynb failed in cell .*no conversation was found"):
        run_notebook(REPOSITORY / "notebooks" / "01_ingest.ipynb", output=tmp_path / "runs", parameters=given)
