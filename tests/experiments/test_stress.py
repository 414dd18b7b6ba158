"""`workbench bench stress`: plans, what is kept of a run, and short runs with real services and imports."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from workbench.cli import main
from workbench.cli.bench.search import MISSED
from workbench.display import plots
from workbench.embedding import Embedder
from workbench.errors import UsageError, WorkbenchError
from workbench.experiments.corpus import write_corpus
from workbench.experiments.runs import RunHistory
from workbench.experiments.stress import SCENARIOS, ScenarioResult, StressPlan, StressReport, lines, run_stress, to_run
from workbench.experiments.stress import planted as planting
from workbench.experiments.stress.commands import workbench
from workbench.experiments.stress.large_files import exports
from workbench.experiments.stress.memory import anonymous_bytes
from workbench.experiments.stress.plan import Ground, at_least, at_most
from workbench.settings import Settings
from workbench.workspace import Workbench

HEADER = {
    "made_at": "2026-11-21T10:00:00+00:00", "machine": {"cores": 2}, "versions": {}, "store": {"messages": 7},
    "parameters": {"rate": 50.0, "workers": 2},
}  # fmt: skip
PICTURES = (
    plots.stress_clients, plots.stress_files, plots.stress_memory, plots.stress_latency, plots.stress_churn,
    plots.stress_anomalies,
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, cache: Path, embedder: Embedder) -> Path:
    """A store of 600 messages; nobody changes it."""
    folder = tmp_path_factory.mktemp("stress")
    write_corpus(folder / "corpus", 600)
    with Workbench(Settings(store=folder / "store", cache=cache, ray="off")) as memory:
        memory.ingest(folder / "corpus")
    return folder / "store"


def test_a_plan_with_an_unknown_scenario_or_no_time_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such scenario: flood"):
        StressPlan(tmp_path, ("flood",))
    with pytest.raises(UsageError, match="1 seconds are too few"):
        StressPlan(tmp_path, seconds=1.0)


def test_criteria_become_figures_and_verdicts_of_a_run_that_is_kept(tmp_path: Path) -> None:
    result = ScenarioResult("leak", (at_most("leak", "slope", 300.0, 256, "bytes"),), (), {"told": "a leak"}, 4.0)
    other = ScenarioResult("churn", (at_least("churn", "answered", None, 1),), (), {"faults": []}, 2.0)
    report = StressReport(HEADER, (result, other))
    run = to_run(report, name="mine")
    RunHistory(tmp_path).save(run)
    found = RunHistory(tmp_path).find("mine", "stress")
    assert (found.figure("leak: slope"), found.figures[0].better) == (300.0, "lower")
    assert [(one["scenario"], one["section"], one["met"]) for one in found.verdicts] == [
        ("leak", 5, False), ("churn", 4, None),
    ]  # fmt: skip
    told = "\n".join(lines(found))
    assert all(piece in told for piece in ("MISSED", "not measured", "a leak", "≤ 256 bytes"))


def test_what_could_not_be_measured_is_not_met() -> None:
    assert not ScenarioResult("churn", (at_least("churn", "answered", None, 1),)).met
    assert ScenarioResult("churn", (at_least("churn", "answered", 1, 1),)).met


def test_pictures_of_scenarios_that_were_not_run_say_so() -> None:
    run = to_run(StressReport(HEADER, ()))
    for picture in PICTURES:
        assert "has no scenario" in picture(run).layout.annotations[0].text


def test_a_planted_leak_keeps_so_many_bytes_for_each_query(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planting, "_kept", kept := [])
    search = planting.leaking(lambda engine, queries: [query.upper() for query in queries], 100)
    assert search(None, ["a", "b"]) == ["A", "B"]
    assert [len(one) for one in kept] == [100, 100]


def test_anonymous_memory_grows_with_what_is_kept() -> None:
    before = anonymous_bytes(os.getpid())
    kept = b"\x01" * 32_000_000
    assert anonymous_bytes(os.getpid()) - before > 0.9 * len(kept)


def test_a_command_that_fails_says_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match=r"`workbench stats` failed with status 1.*no published store"):
        workbench("stats", "--store", tmp_path / "nowhere")


@pytest.mark.slow
def test_the_large_exports_hold_as_many_messages_as_they_say(memory: Workbench, tmp_path: Path) -> None:
    plan = StressPlan(memory.store, megabytes=(0.1,))
    found = {}
    for name, folder, messages in exports(Ground(plan, memory.store, tmp_path, [], print)):
        found[name] = messages
        assert memory.ingest(folder, dry_run=True).total("messages_new") == messages
    assert list(found)[-2:] == ["one huge conversation", "one huge message"]
    assert found["one huge message"] == 2


@pytest.mark.slow
def test_a_planted_leak_of_a_kilobyte_is_found_in_the_real_service(store: Path, tmp_path: Path) -> None:
    options = ["--scenario", "leak", "--seconds", "3", "--plant-leak", "1024", "--runs", str(tmp_path), "--check"]
    result = CliRunner().invoke(main, ["bench", "stress", "--store", str(store), *options, "--json"])
    assert result.exit_code == MISSED, result.output
    run = json.loads(result.stdout)
    leak = run["details"]["leak"]
    assert leak["verdict"] == "leak", leak["told"]
    assert next(one["value"] for one in run["figures"] if one["name"] == "leak: memory a query leaves behind") > 900
    assert plots.stress_memory(RunHistory(tmp_path).find(run["id"])).layout.title.text.startswith("Leak: ")


@pytest.mark.slow
def test_what_is_imported_and_forgotten_leaves_nothing_behind(store: Path, tmp_path: Path) -> None:
    report = run_stress(StressPlan(store, ("churn",), seconds=3.0, cycles=1, workers=1, work=tmp_path), lambda _: None)
    missed = {one.name for one in report.results[0].verdicts if not one.met}
    run = to_run(report)
    statuses = {kind for kind in run.details["churn"]["errors"] if kind.startswith("status")}
    assert statuses <= {"status 429"}  # a busy machine may make the service refuse, but not fail
    assert missed <= {"searches that failed"}
    assert [one["messages"] for one in run.details["churn"]["steps"]] == [800, 600, 600]
    assert plots.stress_churn(run).layout.title.text == "Every count returned exactly"
    assert list(tmp_path.iterdir()) == []


def test_every_scenario_has_its_place_on_the_command_line() -> None:
    told = CliRunner().invoke(main, ["bench", "stress", "--help"]).output
    assert all(name in told for name in SCENARIOS)
