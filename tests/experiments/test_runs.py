"""Runs are kept whole, found again, and never mistaken for something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import NotFoundError, UsageError
from workbench.experiments.runs import LOWER, Figure, Run, RunHistory, read_run

HEADER = {
    "made_at": "2026-11-21T10:00:00+00:00", "machine": {"cores": 2}, "versions": {"python": "3.11"},
    "store": {"messages": 7}, "parameters": {"users": 50},
}  # fmt: skip


def run(kind: str = "load", name: str = "", day: int = 21, met: bool | None = True) -> Run:
    header = {**HEADER, "made_at": f"2026-11-{day}T10:00:00+00:00"}
    figures = [Figure("p95", 4.25, "ms", LOWER)]
    return Run.of(kind, header, figures, name=name, verdicts=[{"name": "p95", "met": met}], details={"curve": [1, 2]})


def test_a_run_that_is_kept_is_read_back_equal(tmp_path: Path) -> None:
    made = run()
    assert read_run(RunHistory(tmp_path).save(made)) == made


def test_runs_come_oldest_first_and_by_kind(tmp_path: Path) -> None:
    history = RunHistory(tmp_path)
    for made in (run(day=22), run("stress", day=20), run(day=21)):
        history.save(made)
    assert [one.made_at.day for one in history.runs()] == [20, 21, 22]
    assert [one.made_at.day for one in history.runs("load")] == [21, 22]


def test_a_run_is_found_by_name_by_the_beginning_of_its_id_and_as_the_latest(tmp_path: Path) -> None:
    history = RunHistory(tmp_path)
    old, new = run(name="before", day=20), run(day=21)
    path = history.save(old)
    history.save(new)
    assert history.find("before") == history.find(old.id[:10]) == history.find(str(path)) == old
    assert history.find("latest") == new
    with pytest.raises(NotFoundError, match="no stress run called 'before'"):
        history.find("before", "stress")


def test_verdicts_that_were_not_measured_do_not_count() -> None:
    assert run(met=True).met is True
    assert run(met=False).met is False
    assert run(met=None).met is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}', '{"format": 1, "figures": [{}]}'])
def test_a_file_that_is_no_run_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"x\.json"):
        read_run(tmp_path / "x.json")
