"""`workbench bench baseline`, `compare` and `trend` as a person runs them, with real processes that do real work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from notebook_files import REPOSITORY

from workbench.cli import main
from workbench.cli.bench.search import MISSED
from workbench.errors import WorkbenchError
from workbench.experiments.baseline import REGRESSIONS, Material, Plan, Side, measure, run_self_test, self_test_run
from workbench.experiments.runs import RunHistory
from workbench.workspace import Workbench

QUICK = ("--rounds", "3", "--turns", "5", "--workload", "embed a query")

FAKE = {
    "__init__.py": "",
    "settings.py": "class Settings: ...",
    "model.py": "class Query: ...",
    "workspace/__init__.py": """
from pathlib import Path
class Workbench:
    @classmethod
    def open(cls, path): return cls()
    @property
    def engine(self): return self
    @property
    def embedder(self): return self
    def search(self, text, **filters):
        with Path({log!r}).open("a") as log: log.write({name!r} + " " + text + chr(10))
""",
}


def other_version(folder: Path, name: str, log: Path) -> Side:
    """A checkout of its own, of which only the facade is there; it writes down what it is asked."""
    for path, text in FAKE.items():
        place = folder / name / "workbench" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text.replace("{log!r}", repr(str(log))).replace("{name!r}", repr(name)), encoding="utf-8")
    return Side(name, (folder / name).resolve())


def bench(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["bench", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_both_sides_do_the_same_work_with_their_own_code_and_take_turns(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    sides = [other_version(tmp_path, name, log) for name in ("old", "new")]
    plan = Plan(("search, distinct",), rounds=2, turns=2, operations={"search, distinct": 1})
    queries = tuple(f"q{number}" for number in range(300))
    found = measure(plan, Material(tmp_path, queries, ("popular",), ()), sides)
    warm_up = {f"q{number}" for number in range(150, 300)}
    asked = [line.split() for line in log.read_text(encoding="utf-8").splitlines()]
    assert [one for one in asked if one[1] not in warm_up] == [
        ["old", "q0"], ["new", "q0"], ["new", "q3"], ["old", "q3"],
        ["new", "q6"], ["old", "q6"], ["old", "q9"], ["new", "q9"],
    ]  # fmt: skip
    assert [side.seconds("search, distinct", "cpu").shape for side in found.sides] == [(2, 2), (2, 2)]


def test_a_version_that_fails_is_named_with_what_it_said(tmp_path: Path) -> None:
    side = other_version(tmp_path, "broken", tmp_path / "log.txt")
    (side.code / "workbench" / "__init__.py").write_text("raise RuntimeError('no luck')", encoding="utf-8")
    with pytest.raises(WorkbenchError, match=r"that measures broken failed\. RuntimeError: no luck"):
        measure(Plan(("embed a query",), rounds=2), Material(tmp_path, ("q",), ("q",), ()), [side])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "it is not said what to compare with"),
        (("x", "--checkout", "."), "BASELINE and --checkout cannot be compared at once"),
        (("--against", "x"), "--against is the later of two baselines"),
        (("--checkout", "docs"), "holds no checkout of Workbench"),
        (("--slow-down", "15"), "is not between 0% and 100%"),
        (("--slow-down", "much"), "is no share such as 15% or 0.15"),
        (("--slow-down", "15%", "--workload", "fly"), "there is no workload 'fly'"),
    ],
)
def test_what_cannot_be_compared_is_said(
    filled: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(REPOSITORY)
    status, output = bench("compare", *arguments, "--store", str(filled.store), "--runs", str(tmp_path))
    assert status == 2
    assert said in output


def test_a_baseline_that_is_not_there_is_said(filled: Workbench, tmp_path: Path) -> None:
    status, output = bench("compare", "monday", "--store", str(filled.store), "--runs", str(tmp_path))
    assert status == 1
    assert "there is no baseline run called 'monday'" in output


@pytest.mark.slow
def test_a_planted_slowdown_fails_against_a_baseline_and_against_a_checkout(filled: Workbench, tmp_path: Path) -> None:
    place = ("--store", str(filled.store), "--runs", str(tmp_path))
    status, output = bench("baseline", "--name", "monday", *QUICK, *place)
    assert status == 0, output
    assert "embed a query" in output
    for arguments in (("monday",), ("--checkout", str(REPOSITORY), *QUICK)):
        status, output = bench("compare", *arguments, "--slow-down", "90%", *place)
        assert status == MISSED, output
        assert "not by chance: embed a query. A slowdown was planted." in output
    history = RunHistory(tmp_path)
    for run in history.runs("comparison"):
        assert run.met is False
        assert run.figure(REGRESSIONS) is None
        assert run.figure("embed a query: after / before") == pytest.approx(1.9, abs=0.5)
    status, output = bench("trend", "--runs", str(tmp_path), "--json")
    assert (status, json.loads(output)) == (0, [])


@pytest.mark.slow
def test_every_workload_is_measured_and_leaves_the_store_as_it_was(filled: Workbench, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in filled.store.rglob("*")}
    status, output = bench(
        "baseline", "--rounds", "2", "--turns", "1", "--json", "--store", str(filled.store), "--runs", str(tmp_path)
    )
    assert status == 0, output
    [kept] = RunHistory(tmp_path).runs("baseline")
    ratios: dict[str, Any] = {one.name: one.value for one in kept.figures if one.name.endswith("x reference")}
    assert len(ratios) == len(kept.parameters["workloads"]) == 7
    assert all(value > 0 for value in ratios.values())
    assert {path: path.stat().st_mtime_ns for path in filled.store.rglob("*")} == before


def test_a_self_test_counts_alarms_and_what_was_found(filled: Workbench, tmp_path: Path) -> None:
    code = other_version(tmp_path, "any", tmp_path / "log.txt").code
    plan = Plan(("search, distinct",), rounds=2, turns=1)
    test = run_self_test(plan, Material(tmp_path, ("q",), ("q",), ()), 2, slow_down=0.5, code=code)
    run = self_test_run(test, filled.snapshot)
    assert (test.alarms_allowed, test.found_demanded) == (0, 2)
    assert run.met == test.met == (test.alarms == 0 and test.found == 2)
    assert [len(run.details[kind]) for kind in ("same", "planted")] == [2, 2]
