"""`workbench alerts` as a schedule runs it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from building import claude_export
from click.testing import CliRunner
from live_service import listening

from workbench.cli import main
from workbench.experiments.load.service import free_port
from workbench.experiments.runs import Figure, Run, RunHistory
from workbench.http_api import ServiceOptions
from workbench.monitor.alerting import DEFAULT_FILE, load_rules
from workbench.workspace import Workbench

RULES = """
[[rule]]
name = "Slower"
kind = "comparison"
figure = "regressions"
above = 0
summary = "{value} slower"
[[rule]]
name = "Missed"
kind = "load"
figure = "missed"
above = 0
runs = 2
[[output]]
kind = "file"
path = "alerts.jsonl"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "alerts.toml").write_text(RULES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_RUNS", "data/runs")
    return tmp_path


def alerts(*arguments: str) -> tuple[int, str]:
    result = CliRunner(catch_exceptions=False).invoke(main, ["alerts", *arguments])
    return result.exit_code, result.stdout


def kept(folder: Path, day: int, kind: str, regressions: float, *, met: bool = True) -> None:
    made_at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=day)
    verdicts = ({"name": "p95", "met": met},)
    figures = (Figure("regressions", regressions),)
    RunHistory(folder / "data" / "runs").save(
        Run(kind, made_at, {}, {}, {}, {}, figures, verdicts, id=f"{made_at:%Y%m%dT%H%M%SZ}-{kind}-x")
    )


def told(folder: Path) -> list[tuple[str, str]]:
    lines = (folder / "alerts.jsonl").read_text(encoding="utf-8").splitlines()
    return [(one["rule"], one["state"]) for one in map(json.loads, lines)]


def test_a_regression_is_told_once_and_its_end_once(folder: Path) -> None:
    kept(folder, 1, "comparison", 2)
    for _ in range(2):
        status, output = alerts("--rules", "alerts.toml")
        assert status == 4, output
        assert "firing   Slower: regressions is 2, limit above 0" in output
    kept(folder, 2, "comparison", 0)
    assert [alerts("--rules", "alerts.toml")[0] for _ in range(2)] == [0, 0]
    assert told(folder) == [("Slower", "firing"), ("Slower", "resolved")]


def test_missed_targets_are_counted_from_the_verdicts(folder: Path) -> None:
    kept(folder, 1, "load", 0, met=False)
    assert alerts("--rules", "alerts.toml")[0] == 0
    kept(folder, 2, "load", 0, met=False)
    status, output = alerts("--rules", "alerts.toml", "--json")
    assert status == 4
    [event] = json.loads(output)["events"]
    assert (event["rule"], event["value"]) == ("Missed", 1.0)


def test_a_test_goes_to_every_output_and_says_which_failed(folder: Path) -> None:
    assert alerts("--rules", "alerts.toml", "--test") == (0, "file alerts.jsonl: arrived\n")
    assert told(folder) == [("Test", "test")]
    nowhere = f'[[output]]\nkind = "webhook"\ntries = 1\nurl = "http://127.0.0.1:{free_port()}/geheim"\n'
    (folder / "alerts.toml").write_text(nowhere, encoding="utf-8")
    status, output = alerts("--rules", "alerts.toml", "--test")
    assert status == 4
    assert output == "webhook 127.0.0.1: failed, ConnectionRefusedError\n"


def test_the_rules_that_are_printed_are_a_file_of_rules(folder: Path) -> None:
    status, output = alerts("--print-rules")
    assert status == 0
    (folder / "mine.toml").write_text(output, encoding="utf-8")
    assert load_rules(folder / "mine.toml") == load_rules()
    assert DEFAULT_FILE.is_file()


def test_a_service_that_does_not_answer_is_down(folder: Path) -> None:
    rule = '[[rule]]\nname = "Down"\nfigure = "up"\nbelow = 1\n'
    (folder / "alerts.toml").write_text(rule, encoding="utf-8")
    status, output = alerts("--rules", "alerts.toml", "--url", f"http://127.0.0.1:{free_port()}")
    assert status == 4
    assert "Down: up is 0" in output
    assert alerts("--rules", "alerts.toml", "--url", "nowhere")[0] == 2


@pytest.mark.slow
def test_every_live_figure_of_the_default_rules_is_one_that_a_service_has(folder: Path, memory: Workbench) -> None:
    memory.ingest(claude_export(folder / "conversations.json", {"a": ["Soup with miso", "Stir it in at the end"]}))
    memory.search("miso")
    with listening(ServiceOptions(memory.store)) as port:
        status, output = alerts("--url", f"http://127.0.0.1:{port}", "--json")
    assert status == 0
    found = {one["name"]: one for one in json.loads(output)["rules"]}
    known = {"WorkbenchDown": 1.0, "WorkbenchWorkerMissing": 1.0, "WorkbenchEmbeddingsPending": 0.0}
    assert {name: found[name]["value"] for name in known} == known
    assert found["WorkbenchGenerationOld"]["value"] < 600
    assert found["WorkbenchMemoryHigh"]["value"] > 1e6
