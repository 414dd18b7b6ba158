"""Which runs go, and which never do."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pipeline_project import Executor, Project

from workbench.errors import PipelineError
from workbench.notebooks.pipelines import Keep, run_pipeline, runs_of, sweep
from workbench.notebooks.pipelines.folders import lock_file
from workbench.notebooks.pipelines.ledger import LEDGER_FILE
from workbench.record.file_lock import FileLock

NOW = datetime.now(UTC)


def stored(runs: Path, days_ago: int, state: str = "done", size: int = 0) -> str:
    """A run that began so long ago, with so many bytes beside its ledger."""
    begun = NOW - timedelta(days=days_ago)
    folder = runs / "trial" / f"{begun:%Y%m%dT%H%M%SZ}-{size:04x}"
    folder.mkdir(parents=True)
    at = begun.isoformat()
    steps = [{"name": "first", "notebook": "first.ipynb"}]
    events = [{"event": "begun", "at": at, "pipeline": "trial", "steps": steps, "digests": {}}]
    if state != "interrupted":
        events.append({"event": "ended", "at": at, "state": state})
    (folder / LEDGER_FILE).write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    (folder / "executed.ipynb").write_bytes(b" " * size)
    return folder.name


def left(runs: Path) -> list[str]:
    return [record.id for record in runs_of(runs, "trial")]


@pytest.mark.parametrize(
    ("keep", "days"),
    [
        (Keep(), [5, 4, 3, 2, 1]),
        (Keep(runs=2), [2, 1]),
        (Keep(runs=99), [5, 4, 3, 2, 1]),
        (Keep(age=3.5 * 86_400), [3, 2, 1]),
        (Keep(size=2_900_000), [2, 1]),
        (Keep(runs=4, age=2.5 * 86_400), [2, 1]),
        (Keep(runs=1, age=1, size=1), [1]),
    ],
    ids=str,
)
def test_the_oldest_go_until_no_limit_is_passed(tmp_path: Path, keep: Keep, days: list[int]) -> None:
    known = {day: stored(tmp_path, day, size=1_000_000) for day in (5, 4, 3, 2, 1)}
    gone = sweep(tmp_path, "trial", keep)
    assert left(tmp_path) == [known[day] for day in days]
    assert {one.id for one in gone} == {known[day] for day in known.keys() - set(days)}
    assert all(one.why for one in gone)


def test_the_newest_the_newest_that_succeeded_and_one_at_work_stay_whatever_the_limits(tmp_path: Path) -> None:
    at_work = stored(tmp_path, 9, "interrupted")
    stored(tmp_path, 8, "done")
    good = stored(tmp_path, 7, "done")
    stored(tmp_path, 6, "failed")
    newest = stored(tmp_path, 5, "failed")
    lock = FileLock(lock_file(tmp_path, "trial"))
    assert lock.take(run=at_work)
    sweep(tmp_path, "trial", Keep(runs=1, age=1, size=1))
    assert left(tmp_path) == [at_work, good, newest]
    lock.release()
    sweep(tmp_path, "trial", Keep(runs=1, age=1, size=1))
    assert left(tmp_path) == [good, newest]


def test_nothing_but_runs_of_this_pipeline_is_removed(tmp_path: Path) -> None:
    for day in (5, 4, 3):
        stored(tmp_path, day)
    others = [
        tmp_path / "history" / "20200101T000000Z-load-0000.json",
        tmp_path / "other" / "20200101T000000Z-0000" / LEDGER_FILE,
        tmp_path / "trial" / "notes" / "mine.txt",
        tmp_path / "02_explore.html",
        tmp_path / "elsewhere" / LEDGER_FILE,
    ]
    for path in others:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}", encoding="utf-8")
    linked = tmp_path / "trial" / "20200101T000000Z-link"
    linked.symlink_to(tmp_path / "elsewhere")
    sweep(tmp_path, "trial", Keep(runs=1, age=1, size=1))
    assert all(path.exists() for path in others)
    assert linked.is_symlink()
    assert len([one for one in left(tmp_path) if one != linked.name]) == 1


def test_every_run_sweeps_by_what_the_pipeline_and_the_call_say(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.notebook("first")
    for day in (5, 4, 3, 2):
        stored(project.runs, day)
    pipeline = project.pipeline(project.step("first"), keep={"runs": 4})
    said: list[str] = []
    run_pipeline(pipeline, project.options(), execute=Executor(), say=said.append)
    assert len(left(project.runs)) == 4
    assert said[-1].endswith("more than 4 runs.")
    with pytest.raises(PipelineError):
        run_pipeline(pipeline, project.options(keep=Keep(runs=2)), execute=Executor(failing={"first": 1}))
    assert [one.state for one in runs_of(project.runs, "trial")] == ["done", "failed"]
