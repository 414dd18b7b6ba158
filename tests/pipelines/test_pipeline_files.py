"""What belongs into a pipeline's file, and how a fault is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from notebook_files import REPOSITORY
from pipeline_project import Project

from workbench.errors import UsageError
from workbench.notebooks.pipelines import Condition, Keep, Step, read_pipeline
from workbench.notebooks.pipelines.placeholders import filled, names_in
from workbench.notebooks.pipelines.units import as_time, bytes_of, seconds_of

COMMITTED = sorted((REPOSITORY / "pipelines").glob("*.yaml"))

WHOLE = """\
name: trial
description: Everything that can be said
parameters: {people: 5, quick: true}
resources: [machine, gpu]
keep: {runs: 10, age: 30 d, size: 2.5 GB}
resume_within: 20 h
steps:
  - notebook: ../notebooks/01_first.ipynb
  - name: again
    notebook: ../notebooks/01_first.ipynb
    parameters: {times: "${people}", name: "${date}"}
    needs: [first]
    when: not ${quick}
    retries: 2
    timeout: 90 min
    allow_failure: true
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.notebook("01_first")
    return project


def test_everything_that_can_be_said_is_understood(project: Project) -> None:
    found = project.written(WHOLE)
    notebook = (project.folder / "notebooks" / "01_first.ipynb").resolve()
    assert found.steps == (
        Step("first", notebook),
        Step(
            "again", notebook, {"times": "${people}", "name": "${date}"}, ("first",),
            Condition("quick", "", negated=True), 2, 5400.0, True,
        ),
    )  # fmt: skip
    assert (found.resources, found.keep) == (("machine", "gpu"), Keep(10, 2_592_000.0, 2_500_000_000))
    assert (found.resume_within, found.parameters) == (72_000.0, {"people": 5, "quick": True})


FAULTS = [
    ("name: Trial\nsteps: []", ["line 1: the pipeline cannot be called 'Trial'", "line 2: there are no steps"]),
    ("name: history\nsteps: [{notebook: NB}]", ["line 1: the pipeline cannot be called 'history'"]),
    ("steps: [{notebook: NB}]", ["line 1: the pipeline needs a name"]),
    ("name: t\nstep: []", ["line 2: unknown key 'step', is it 'steps'?", "line 1: there are no steps"]),
    ("name: t\nname: u\nsteps: [{notebook: NB}]", ["line 2: 'name' is there twice"]),
    ("name: t\nsteps:\n- notebook: ../no.ipynb", ["line 3: there is no notebook ../no.ipynb beside trial.yaml"]),
    ("name: t\nsteps:\n- name: x", ["line 3: a step needs a notebook"]),
    ("name: t\nsteps:\n- NB", ["line 3: a step is a mapping"]),
    ("name: t\nsteps:\n- notebook: NB\n- notebook: NB", ["line 4: a second step is called 'first'"]),
    ("name: t\nsteps:\n- notebook: NB\n  needs: second", ["line 4: it needs 'second', which is no earlier step"]),
    ("name: t\nsteps:\n- notebook: NB\n  timeout: soon", ["line 4: 'soon' is not a number with one of s, min, h"]),
    ("name: t\nsteps:\n- notebook: NB\n  retries: yes", ["line 4: True is not a whole number"]),
    ("name: t\nsteps:\n- notebook: NB\n  retries: -1", ["line 4: retries cannot be below 0"]),
    ("name: t\nsteps:\n- notebook: NB\n  when: friday", ["line 4: `when` is ${parameter} or"]),
    ("name: t\nparameters: {p: 1}\nsteps:\n- notebook: NB\n  when: ${p}", ["line 5: `when` asks for 'p'"]),
    ("name: t\nparameters:\n  run: x\nsteps: [{notebook: NB}]", ["line 3: ${run} is the folder of this run"]),
    ("name: t\nparameters:\n  p: ${q}\nsteps: [{notebook: NB}]", ["line 3: ${q} is not known"]),
    ("name: t\nparameters:\n  p: 2026-01-02\nsteps: [{notebook: NB}]", ["line 3: p is a date: put it in quotes"]),
    ("name: t\nkeep: {runs: 0, old: 3}\nsteps: [{notebook: NB}]", ["line 2: at least 1 run", "unknown key 'old'"]),
    (
        "name: t\nsteps:\n- notebook: NB\n  parameters:\n    time: 3\n    times: often\n    name: ${peple}",
        [
            "line 5: 01_first.ipynb has no parameter 'time', is it 'times'?",
            "line 6: times of 01_first.ipynb cannot be 'often': its default is 2",
            "line 7: ${peple} is not known",
        ],
    ),
    ("name: [t\n", ["line 2: "]),
    ("- a\n- b", ["line 1: a pipeline has the keys name, description"]),
    ("", ["a pipeline has the keys"]),
    ("name: t\nsteps: &a [*a]", ["an alias (*name) holds itself"]),
]


@pytest.mark.parametrize(("written", "said"), FAULTS, ids=[said[-1][:40] for _, said in FAULTS])
def test_all_faults_are_named_with_their_lines(project: Project, written: str, said: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        project.written(written.replace("NB", "../notebooks/01_first.ipynb"))
    assert caught.value.what.endswith("trial.yaml is not a pipeline")
    for part in said:
        assert part in caught.value.why


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_pipeline(tmp_path / "no.yaml")


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_every_pipeline_of_the_project_is_whole(path: Path) -> None:
    found = read_pipeline(path)
    assert found.name == path.stem
    assert found.description
    assert found.keep != Keep(), "its runs would never be removed"


def test_the_pipelines_that_are_promised_are_there() -> None:
    assert {"demo", "nightly", "tune", "load", "stress", "tour"} <= {path.stem for path in COMMITTED}


def test_placeholders_are_filled_wherever_they_stand_and_keep_the_kind_of_what_they_stand_for() -> None:
    value = {"a": "${n}", "b": ["${n} of ${m}", 7], "c": {"d": "${other}"}, "e": None}
    assert sorted(names_in(value)) == ["m", "n", "n", "other"]
    assert filled(value, {"n": 3, "m": [1]}) == {"a": 3, "b": ["3 of [1]", 7], "c": {"d": "${other}"}, "e": None}


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["${a}", "${b}", "${c}", "$", "{", "}", "a", " "]), min_size=2))
def test_filling_replaces_what_is_known_and_nothing_else(parts: list[str]) -> None:
    values = {"${a}": "1", "${b}": "${a}"}
    unclosed = "".join(parts).replace("${c}", "").replace("${a}", "").replace("${b}", "")
    assume("${" not in unclosed)
    assert filled("".join(parts), {"a": 1, "b": "${a}"}) == "".join(values.get(part, part) for part in parts)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [(5, 5.0), ("5", 5.0), ("1.5 h", 5400.0), ("3min", 180.0), ("2 d", 172_800.0), ("1w", 604_800.0)],
)
def test_lengths_of_time_are_read(written: object, seconds: float) -> None:
    assert seconds_of(written) == seconds


@pytest.mark.parametrize("written", ["5 m", "h", "-3 s", 0, -1, True, None, "1e999", "5 GB", float("inf")])
def test_what_is_no_length_of_time_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r"is not"):
        seconds_of(written)


def test_sizes_are_read_and_times_are_written() -> None:
    assert [bytes_of(one) for one in ("2 GB", "1.5MB", 7)] == [2_000_000_000, 1_500_000, 7]
    assert [as_time(one) for one in (0.84, 12.4, 59.7, 185, 7380)] == [
        "0.8 s",
        "12 s",
        "60 s",
        "3 min 5 s",
        "2 h 3 min",
    ]
