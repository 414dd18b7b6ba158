"""What a run does, goes on with, and says: with an executor that runs no kernel."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from notebook_files import code, text
from pipeline_project import Executor, Project

from workbench.errors import NotFoundError, PipelineBusyError, PipelineError, StoreError, UsageError
from workbench.experiments.runs import Figure, Run, RunHistory
from workbench.notebooks.pipelines import Pipeline, RunRecord, read_ledger, run_pipeline, runs_of
from workbench.notebooks.pipelines.folders import UNREADABLE, lock_file, resource_file
from workbench.notebooks.pipelines.ledger import LEDGER_FILE
from workbench.record.file_lock import FileLock

NAMES = ("first", "second", "third", "fourth")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    for name in NAMES:
        project.notebook(name)
    return project


def four(project: Project, **more: object) -> Pipeline:
    return project.pipeline(*(project.step(name) for name in NAMES), **more)


def run(project: Project, pipeline: Pipeline, executor: Executor, **options: object) -> tuple[RunRecord, list[str]]:
    said: list[str] = []
    return run_pipeline(pipeline, project.options(**options), execute=executor, say=said.append), said


def states(record: RunRecord) -> list[str]:
    return [step.state for step in record.steps]


def test_steps_run_in_order_with_their_parameters_and_leave_a_folder(project: Project) -> None:
    steps = [
        project.step("first", parameters={"name": "${run}", "times": "${n}"}),
        project.step("second", parameters={"name": "${date} in ${store}"}),
    ]
    executor = Executor()
    record, _ = run(project, project.pipeline(*steps, parameters={"n": 3}), executor, parameters={"n": 5})
    assert executor.ran == ["first", "second"]
    assert executor.given[0][1] == {"name": str(record.folder), "out": str(project.trace), "times": 5}
    assert record.started is not None
    day = f"{record.started.astimezone():%Y-%m-%d}"
    assert executor.given[1][1]["name"] == f"{day} in {project.folder / 'data' / 'store'}"
    assert record.folder.parent == project.runs / "trial"
    assert {path.name for path in record.folder.iterdir()} == {"01-first", "02-second", "index.html", LEDGER_FILE}
    assert (record.state, states(record)) == ("done", ["done", "done"])


def test_a_failed_run_goes_on_at_its_step_and_a_finished_one_begins_anew(project: Project) -> None:
    executor = Executor(failing={"third": 1})
    with pytest.raises(PipelineError) as caught:
        run(project, four(project), executor)
    assert caught.value.what == "trial failed in step 3 of 4, third: third.ipynb failed in cell 3"
    assert caught.value.why == "ValueError: no bread"
    assert "03-third" in caught.value.todo
    assert "the same command goes on at this step" in caught.value.todo
    [failed] = runs_of(project.runs, "trial")
    assert states(failed) == ["done", "done", "failed", "waiting"]
    record, said = run(project, four(project), executor)
    assert executor.ran == ["first", "second", "third", "third", "fourth"]
    assert (record.id, record.state, record.sessions) == (failed.id, "done", 2)
    assert "goes on at step 3 of 4, third; it was failed" in said[0]
    assert (record.folder / "03-third.2").is_dir()
    again, _ = run(project, four(project), executor)
    assert again.id != record.id
    assert executor.ran[5:] == list(NAMES)


def test_an_interrupted_run_says_so_and_goes_on(project: Project) -> None:
    executor = Executor(interrupting="second")
    with pytest.raises(KeyboardInterrupt):
        run(project, four(project), executor)
    [stopped] = runs_of(project.runs, "trial")
    assert stopped.state == "interrupted"
    assert states(stopped) == ["done", "interrupted", "waiting", "waiting"]
    executor.interrupting = ""
    record, _ = run(project, four(project), executor)
    assert record.id == stopped.id
    assert executor.ran == ["first", "second", "second", "third", "fourth"]


def test_a_step_is_tried_again_as_often_as_it_says(project: Project) -> None:
    pipeline = project.pipeline(project.step("first", retries=2), project.step("second"))
    executor = Executor(failing={"first": 2})
    record, said = run(project, pipeline, executor)
    assert executor.ran == ["first", "first", "first", "second"]
    assert record.steps[0].attempts == 3
    assert sum("tried again" in line for line in said) == 2
    with pytest.raises(PipelineError):
        run(project, pipeline, Executor(failing={"first": 3}))


def test_a_step_that_may_fail_stops_only_those_that_need_it(project: Project) -> None:
    steps = [
        project.step("first", allow_failure=True), project.step("second", needs=["first"]),
        project.step("third", needs=["second"]), project.step("fourth"),
    ]  # fmt: skip
    executor = Executor(failing={"first": 1})
    record, _ = run(project, project.pipeline(*steps), executor)
    assert executor.ran == ["first", "fourth"]
    assert (record.state, states(record)) == ("done", ["failed", "skipped", "skipped", "done"])
    assert record.steps[1].reason == "it needs first, which failed"
    assert record.steps[2].reason == "it needs second, which was skipped"


@pytest.mark.parametrize(
    ("when", "wanted", "ran"),
    [
        ("${wanted}", True, True), ("${wanted}", False, False), ("not ${wanted}", False, True),
        ("exists ../data/raw/*", True, False), ("not exists ../data/raw/*", True, True),
        ("exists ${run}/ledger.jsonl", True, True),
    ],
)  # fmt: skip
def test_a_condition_decides_whether_a_step_runs(project: Project, when: str, wanted: bool, ran: bool) -> None:
    (project.folder / "data" / "raw").mkdir(parents=True)
    (project.folder / "data" / "raw" / ".gitkeep").touch()
    executor = Executor()
    run(project, project.pipeline(project.step("first", when=when), parameters={"wanted": wanted}), executor)
    assert executor.ran == ["first"] * ran


def edit_notebook(project: Project) -> None:
    project.notebook("first", code("1 + 1"))


def edit_text(project: Project) -> None:
    project.notebook("first", text("Only words."))


@pytest.mark.parametrize(
    ("edit", "more", "options", "why"),
    [
        (edit_notebook, {}, {}, "first.ipynb was edited"),
        (None, {"parameters": {"n": 2}}, {}, "n is 2, was 1"),
        (None, {}, {"parameters": {"n": 2}}, "n is 2, was 1"),
        (None, {}, {"fresh": True}, "--fresh asks for it"),
        (None, {"resume_within": 1e-9}, {}, "began more than 0.0 s ago"),
        (edit_text, {"keep": {"runs": 3}}, {}, ""),
        (None, {"description": "Other words"}, {}, ""),
    ],
)
def test_a_pipeline_that_is_another_begins_a_new_run_and_says_why(
    project: Project,
    edit: Callable[[Project], None] | None,
    more: dict[str, object],
    options: dict[str, object],
    why: str,
) -> None:
    with pytest.raises(PipelineError):
        run(project, four(project, parameters={"n": 1}), Executor(failing={"third": 1}))
    if edit:
        edit(project)
    executor = Executor()
    record, said = run(project, four(project, **{"parameters": {"n": 1}, **more}), executor, **options)
    assert executor.ran == (list(NAMES) if why else ["third", "fourth"])
    assert len(runs_of(project.runs, "trial")) == 1 + bool(why)
    assert why in said[0]
    assert said[0].startswith("A new run: ") == bool(why)
    assert record.state == "done"


def test_an_edited_step_is_said_to_be_edited(project: Project) -> None:
    with pytest.raises(PipelineError):
        run(project, four(project), Executor(failing={"third": 1}))
    steps = [project.step(name, timeout=9 if name == "fourth" else 8) for name in NAMES]
    _, said = run(project, project.pipeline(*steps), Executor())
    assert "step first was edited; step second was edited" in said[0]
    with pytest.raises(PipelineError):
        run(project, project.pipeline(*steps), Executor(failing={"third": 1}))
    _, said = run(project, project.pipeline(*steps[1:]), Executor())
    assert "the steps are others" in said[0]


def test_a_named_run_goes_on_from_the_first_step_that_is_another_one(project: Project) -> None:
    with pytest.raises(PipelineError):
        run(project, four(project), Executor(failing={"fourth": 1}))
    [failed] = runs_of(project.runs, "trial")
    project.notebook("second", code("1 + 1"))
    executor = Executor()
    record, _ = run(project, four(project), executor, resume=failed.id[:-2])
    assert executor.ran == ["second", "third", "fourth"]
    assert (record.id, record.steps[1].folder) == (failed.id, "02-second.2")
    with pytest.raises(UsageError, match=r"cannot be gone on with\. It is done"):
        run(project, four(project), executor, resume="latest")
    with pytest.raises(NotFoundError, match="no run called 'x'"):
        run(project, four(project), executor, resume="x")


def test_a_line_that_a_killed_process_left_unfinished_does_no_harm(project: Project) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(project, four(project), Executor(interrupting="second"))
    [stopped] = runs_of(project.runs, "trial")
    ledger = stopped.folder / LEDGER_FILE
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join(lines[:-2]) + b'{"event": "step", "st')  # killed while it noted something of step 2
    [killed] = runs_of(project.runs, "trial")
    assert (killed.state, states(killed)) == ("interrupted", ["done", "interrupted", "waiting", "waiting"])
    executor = Executor()
    record, _ = run(project, four(project), executor)
    assert (record.id, executor.ran) == (stopped.id, ["second", "third", "fourth"])
    assert all(json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines())


def test_a_damaged_ledger_begins_a_new_run_and_is_listed(project: Project) -> None:
    record, _ = run(project, four(project), Executor())
    ledger = record.folder / LEDGER_FILE
    ledger.write_bytes(b"broken\n" + ledger.read_bytes())
    with pytest.raises(StoreError, match=r"line 1 of .* is damaged"):
        read_ledger(record.folder)
    assert [one.state for one in runs_of(project.runs, "trial")] == [UNREADABLE]
    again, said = run(project, four(project), Executor())
    assert again.id != record.id
    assert "line 1 of" in said[0]


def test_the_second_is_told_who_runs_and_what(project: Project) -> None:
    told: list[str] = []

    class Nested(Executor):
        def __call__(self, notebook: Path, **options: object) -> object:
            if notebook.stem == "third":
                with pytest.raises(PipelineBusyError) as caught:
                    run(project, four(project), Executor())
                told.append(str(caught.value))
                [running] = runs_of(project.runs, "trial")
                told.extend([running.id, running.state, *states(running)])
            return super().__call__(notebook, **options)

    record, _ = run(project, four(project), Nested())
    assert told[0].startswith("trial is being run already. By process")
    for part in (
        f"process {os.getpid()} on ",
        " since 20",
        f"run {record.id}",
        "in step 3 of 4, third",
        "--wait SECONDS",
    ):
        assert part in told[0]
    assert told[1:] == [record.id, "running", "done", "done", "running", "waiting"]
    assert PipelineBusyError.exit_code == 75


def test_two_pipelines_that_use_the_same_thing_do_not_meet(project: Project) -> None:
    lock = FileLock(resource_file(project.runs, "machine"))
    assert lock.take(pipeline="nightly", run="r1", step="2 of 5, quality")
    with pytest.raises(PipelineBusyError, match=r"the machine is in use\. .*pipeline nightly, run r1, in step 2 of 5"):
        run(project, four(project), Executor())
    assert not FileLock(resource_file(project.runs, "x")).path.exists()
    run(project, four(project, resources=[]), Executor())  # it says that it uses nothing
    lock.release()
    run(project, four(project), Executor())


def test_who_waits_begins_when_the_other_has_ended(project: Project) -> None:
    lock = FileLock(lock_file(project.runs, "trial"))
    assert lock.take()
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        lock.release()

    record = run_pipeline(four(project), project.options(wait=60), execute=Executor(), say=say)
    assert record.state == "done"
    assert said[0].startswith("Waiting: trial is being run already")


@pytest.mark.parametrize(
    ("given", "said"),
    [({"m": 1}, "trial has no parameter 'm'"), ({"n": "x"}, "the parameter n cannot be 'x'. Its default is 1")],
)
def test_a_parameter_that_is_not_known_is_refused_before_anything_runs(
    project: Project, given: dict[str, object], said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        run(project, four(project, parameters={"n": 1}), Executor(), parameters=given)
    assert said in str(caught.value)
    assert runs_of(project.runs, "trial") == []


def test_the_page_of_a_run_shows_steps_reasons_and_what_experiments_found(project: Project) -> None:
    header = {"made_at": "2026-01-02T03:04:05+00:00", "machine": {}, "versions": {}, "store": {}, "parameters": {}}
    verdicts = [{"name": "p95 <under> load", "met": False}, {"name": "recall", "met": True}]

    class Measuring(Executor):
        def __call__(self, notebook: Path, **options: object) -> object:
            if notebook.stem == "second":
                found = Run.of("load", header, [Figure("p95", 9.0, "ms")], verdicts=verdicts, name="evening")
                RunHistory(project.runs).save(found)
            return super().__call__(notebook, **options)

    with pytest.raises(PipelineError):
        run(project, four(project, parameters={"secret": "<b>"}), Measuring(failing={"third": 1}))
    [record] = runs_of(project.runs, "trial")
    assert [len(step.kept) for step in record.steps] == [0, 1, 0, 0]
    page = (record.folder / "index.html").read_text(encoding="utf-8")
    assert '<a href="02-second/second.ipynb">second</a>' in page
    assert "ValueError: no bread" in page
    assert "missed: p95 &lt;under&gt; load" in page
    assert "recall" not in page
    assert "&lt;b&gt;" in page
    assert "<script" not in page
    assert 'http-equiv="refresh"' not in page
