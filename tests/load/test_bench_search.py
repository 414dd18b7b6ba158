"""`workbench bench search` as a person runs it, and the pictures of its reports."""

from __future__ import annotations

import json
from pathlib import Path

import plotly.graph_objects as go
import pytest
from click.testing import CliRunner

from workbench.cli.bench.search import MISSED
from workbench.cli.bench.search import search as bench_search
from workbench.display.plots.latency import growth, latency_ecdf, latency_histogram, latency_over_time, save
from workbench.errors import UsageError
from workbench.experiments.load import report as reports
from workbench.experiments.runs import RunHistory
from workbench.workspace import Workbench


def run(*arguments: str, store: Path) -> tuple[int, str]:
    result = CliRunner().invoke(bench_search, ["--store", str(store), *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def measured(filled: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a short run of both services with both mixes, over a store of 1,200 messages."""
    path = tmp_path_factory.mktemp("reports") / "report.json"
    status, output = run(
        "--users", "1", "--users", "4", "--duration", "0.6", "--warmup", "0.2", "--repeat", "1", "--workers", "1",
        "--mix", "distinct", "--mix", "repeated", "--connections", "20", "--out", str(path), "--name", "short",
        "--runs", str(path.parent), store=filled.store,
    )  # fmt: skip
    assert status == 0, output
    assert "naive" in output
    return path


@pytest.mark.slow
def test_the_run_is_kept_with_the_figures_of_its_targets(measured: Path) -> None:
    kept = RunHistory(measured.parent).find("short", "search")
    assert kept.details == reports.read(measured)
    assert {one.name: one.value for one in kept.figures} == {
        one["name"]: one["figure"] for one in kept.verdicts if one["figure"] is not None
    }
    assert kept.store["messages"] == 1200


@pytest.mark.slow
def test_both_services_are_measured_with_the_same_load(measured: Path) -> None:
    report = reports.read(measured)
    distinct, repeated = report["http"]
    for one in distinct["comparisons"]:
        assert one["ours"]["scenario"] == one["naive"]["scenario"]
        assert one["ours"]["answers"] > 0
        assert one["naive"]["answers"] > 0
        assert one["ours"]["errors"] == one["naive"]["errors"] == {}
        assert one["ratio"] == pytest.approx(one["ours"]["throughput"] / one["naive"]["throughput"])
    assert distinct["shape"] == ""
    assert distinct["connections"]["connections_used"] == 20
    assert distinct["memory"]["unique"] > 0
    assert [one["naive"] for one in repeated["comparisons"]] == [None, None]


@pytest.mark.slow
def test_only_the_repeated_mix_is_answered_from_the_cache(measured: Path) -> None:
    distinct, repeated = reports.read(measured)["http"]
    assert [one["ours"]["cached_share"] for one in distinct["comparisons"]] == [0.0, 0.0]
    assert all(one["ours"]["cached_share"] > 0.3 for one in repeated["comparisons"])


@pytest.mark.slow
def test_a_report_is_drawn(measured: Path, tmp_path: Path) -> None:
    report = reports.read(measured)
    for draw in (latency_histogram, latency_ecdf, latency_over_time):
        picture = draw(report, users=4)
        assert isinstance(picture, go.Figure)
        assert picture.data
    larger = {**report, "store": {**report["store"], "messages": 12_000}}
    lines = growth([larger, report], users=(1, 4)).data
    assert [list(line.x) for line in lines] == [[1_200, 12_000]] * 4
    save(growth([report]), tmp_path / "growth.html")
    assert "1,200" in (tmp_path / "growth.html").read_text(encoding="utf-8")


def test_a_picture_of_what_was_not_measured_says_so() -> None:
    empty = {"store": {"messages": 10}, "machine": {"cores": 2}, "http": []}
    for picture in (latency_histogram(empty), latency_ecdf(empty), latency_over_time(empty), growth([empty])):
        assert not picture.data
        assert picture.layout.annotations[0].text


def test_an_unknown_kind_of_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"picture\.gif"):
        save(go.Figure(), tmp_path / "picture.gif")


def test_without_http_only_this_process_is_measured(filled: Workbench, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    status, output = run("--no-http", "--vector-recall", "--fuzz", "64", "--out", str(path), store=filled.store)
    assert status == 0, output
    report = json.loads(path.read_text())
    assert report["http"] == []
    assert report["fuzz"]["queries"] == 64
    assert report["vector_recall"][0]["recall"] == 1.0
    assert "not measured" in output


def test_check_fails_where_a_target_is_missed(filled: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.experiments.load import targets

    arguments = ("--no-http", "--vector-recall", "--check")
    impossible = targets.Target(5, "impossible", 2.0, "", lambda report, _: 1.0, at_least=True)
    monkeypatch.setattr(targets, "TARGETS", ())
    assert run(*arguments, store=filled.store)[0] == 0
    monkeypatch.setattr(targets, "TARGETS", (impossible,))
    status, output = run(*arguments, store=filled.store)
    assert status == MISSED
    assert "MISSED" in output


def test_a_rate_without_its_mode_is_refused(filled: Workbench) -> None:
    status, output = run("--rate", "100", store=filled.store)
    assert status == 2
    assert "--mode rate" in output


def test_a_missing_store_is_an_error_a_person_can_act_on(tmp_path: Path) -> None:
    status, output = run("--no-http", "--filters", store=tmp_path / "nowhere")
    assert status == 1
    assert "workbench ingest PATH" in output
