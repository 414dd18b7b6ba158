"""`workbench run`, as it is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pipeline_project import Executor, Project

from workbench.cli import main
from workbench.errors import PipelineError
from workbench.notebooks.pipelines import run_pipeline


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_RUNS", "data/runs")
    project = Project(tmp_path)
    for name in ("first", "second"):
        project.notebook(name)
    steps = [project.step("first", parameters={"times": "${n}"}), project.step("second")]
    with pytest.raises(PipelineError):
        run_pipeline(
            project.pipeline(*steps, parameters={"n": 1}), project.options(), execute=Executor(failing={"second": 1})
        )
    return project


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["run", *arguments])


def test_a_dry_run_says_what_would_be_done_and_does_nothing(project: Project) -> None:
    plan = call("pipelines/trial.yaml", "--dry-run", "--store", "data/store")
    assert plan.exit_code == 0, plan.output
    assert "trial would go on with run 2" in plan.stdout
    assert "1/2 first (is done)" in plan.stdout
    assert "    times = 1\n" in plan.stdout
    other = json.loads(call("pipelines/trial.yaml", "--dry-run", "-p", "n", "7", "--json").stdout)
    assert [step["run"] for step in other["steps"]] == [True, True]
    assert other["steps"][0]["parameters"]["times"] == 7
    assert "n is 7, was 1" in other["why"]
    assert project.traced == []
    assert not Path(other["folder"]).exists()


def test_runs_are_listed_with_where_they_stopped(project: Project) -> None:
    for arguments in (("--list",), ("--list", "trial"), ("--list", "pipelines/trial.yaml")):
        shown = call(*arguments).stdout
        assert "second: second.ipynb failed in cell 3. ValueError: no bread" in shown
        assert "  1 of 2 steps  " in shown
    [record] = json.loads(call("--list", "--json").stdout)
    assert (record["pipeline"], record["state"]) == ("trial", "failed")
    assert [step["state"] for step in record["steps"]] == ["done", "failed"]
    assert "There are no runs" in call("--list", "other").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "there is no pipeline to run"),
        (("no.yaml",), "the pipeline no.yaml cannot be read"),
        (("pipelines/trial.yaml", "--fresh", "--resume", "latest"), "exclude each other"),
        (("pipelines/trial.yaml", "-p", "n", "many"), "the parameter n cannot be 'many'"),
        (("pipelines/trial.yaml", "-p", "m", "1"), "trial has no parameter 'm'"),
        (("pipelines/trial.yaml", "--keep", "age", "long"), "--keep cannot be understood"),
        (("pipelines/trial.yaml", "--keep", "runs", "0"), "--keep cannot be understood"),
    ],
)
def test_a_wrong_call_is_answered_in_words(project: Project, arguments: tuple[str, ...], said: str) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert project.traced == []
