"""Real kernels: a run that is killed goes on at its step, and nothing that it started is left."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from notebook_files import code
from pipeline_project import Project, wait_until

from workbench.errors import NotebookError, PipelineBusyError
from workbench.notebooks import run_notebook
from workbench.notebooks.pipelines import read_pipeline, run_pipeline, runs_of

pytestmark = pytest.mark.slow

START_SERVICE = "import subprocess\nservice = subprocess.Popen(['sleep', '600'], start_new_session=True)"
TELL = 'with open("pids", "w") as stream:\n    stream.write(f"{os.getpid()} {service.pid}")'
HANG = "while stop_me:\n    pass"


def started(project: Project, *arguments: str) -> subprocess.Popen[str]:
    """`workbench run` on the trial, in a process of its own."""
    command = [sys.executable, "-m", "workbench", "run", "pipelines/trial.yaml", "--runs", "data/runs", *arguments]
    return subprocess.Popen(
        command, cwd=project.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    )


def hanging(project: Project) -> None:
    """Four steps, of which the third starts a service and then hangs, unless a file says that it need not."""
    for name in ("first", "second", "fourth"):
        project.notebook(name)
    free = "import os\nstop_me = not os.path.exists('free')"
    project.notebook("third", code(free), code(START_SERVICE), code(TELL), code(HANG), code("service.kill()"))
    project.pipeline(*(project.step(name) for name in ("first", "second", "third", "fourth")))


def processes(project: Project) -> list[int]:
    """The kernel of the third step and its service, once they are there."""
    pids = project.folder / "notebooks" / "pids"
    wait_until(lambda: pids.exists() and len(pids.read_text(encoding="utf-8").split()) == 2)
    return [int(pid) for pid in pids.read_text(encoding="utf-8").split()]


def gone(process: int) -> bool:
    try:
        return psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_run_killed_in_step_3_goes_on_there_and_the_second_is_told_who_runs(tmp_path: Path) -> None:
    project = Project(tmp_path)
    hanging(project)
    runner = started(project)
    kernel, service = processes(project)
    with pytest.raises(PipelineBusyError) as caught:
        run_pipeline(read_pipeline(project.folder / "pipelines" / "trial.yaml"), project.options())
    assert f"trial is being run already. By process {runner.pid} on " in str(caught.value)
    assert "in step 3 of 4, third" in str(caught.value)
    runner.kill()
    runner.wait()
    for process in (kernel, service):
        wait_until(lambda process=process: gone(process), 10)
    (project.folder / "notebooks" / "free").touch()
    again = started(project)
    said, _ = again.communicate(timeout=60)
    assert again.returncode == 0
    assert "goes on at step 3 of 4, third; it was interrupted" in said
    assert project.traced == ["first", "second", "third", "third", "fourth"]
    [record] = runs_of(project.runs, "trial")
    assert (record.state, record.sessions, record.steps[2].attempts) == ("done", 2, 2)
    for step in record.steps:
        assert (record.folder / step.folder / f"{step.name}.html").is_file()


def test_a_run_that_is_stopped_ends_its_kernel_and_says_so(tmp_path: Path) -> None:
    project = Project(tmp_path)
    hanging(project)
    project.pipeline(project.step("third"))
    runner = started(project)
    left = processes(project)
    runner.send_signal(signal.SIGTERM)
    _, said = runner.communicate(timeout=60)
    assert runner.returncode == 130
    assert "stopped. What was finished is kept; the same command goes on from there." in said
    for process in left:
        wait_until(lambda process=process: gone(process), 10)
    [record] = runs_of(project.runs, "trial")
    assert (record.state, record.steps[0].state) == ("interrupted", "interrupted")


def test_a_notebook_that_takes_too_long_is_stopped_where_it_is(tmp_path: Path) -> None:
    project = Project(tmp_path)
    cells = code("import os\nstop_me = True"), code(START_SERVICE), code(TELL), code(HANG)
    notebook = project.notebook("slow", *cells)
    with pytest.raises(NotebookError) as caught:
        run_notebook(notebook, output=tmp_path / "runs", parameters={"out": str(project.trace)}, html=False, timeout=5)
    assert caught.value.what.startswith("slow.ipynb failed in cell ")
    assert caught.value.why == "it was stopped: it took longer than 5 s"
    for process in processes(project):
        wait_until(lambda process=process: gone(process), 10)
