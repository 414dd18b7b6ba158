"""`workbench bench service` on a small store: real services that are overloaded, killed, and published to."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from workbench.cli import main
from workbench.experiments.load.report import header, plain
from workbench.experiments.load.targets import judge
from workbench.experiments.service_load import SERVICE_TARGETS, ServicePlan, lines, measure_service
from workbench.experiments.service_load.loads import copy_store
from workbench.workspace import Workbench


def measured(store: Path, plan: ServicePlan) -> dict[str, Any]:
    report = measure_service(store, plan, {}, lambda _: None)
    report["verdicts"] = plain(judge(report, targets=SERVICE_TARGETS))
    return report


def text_of(report: dict[str, Any]) -> str:
    return "\n".join(lines(report))


def test_what_to_measure_has_to_be_said(filled: Workbench) -> None:
    result = CliRunner().invoke(main, ["bench", "service", "--store", str(filled.store)])
    assert result.exit_code == 2
    assert "--overload" in result.output


def test_a_copy_of_a_store_can_be_changed_without_changing_it(filled: Workbench, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in filled.store.rglob("*") if path.name != "writer.lock"}
    with Workbench.open(copy_store(filled.store, tmp_path)) as copy:
        copy.remember("Only the copy knows this")
        copy.rebuild()
        assert copy.search("Only the copy knows this").hits[0].content == "Only the copy knows this"
        assert copy.snapshot.generation == filled.snapshot.generation + 1
        assert all(finding.ok for finding in copy.verify())
    after = {path: path.stat().st_mtime_ns for path in filled.store.rglob("*") if path.name != "writer.lock"}
    assert after == before


def test_a_report_without_figures_says_what_was_not_measured(filled: Workbench) -> None:
    report = header(filled.snapshot, {})
    assert text_of(report).count("\n") == 0
    assert {verdict.met for verdict in judge(report, targets=SERVICE_TARGETS)} == {None}


@pytest.mark.slow
def test_at_twice_the_capacity_from_500_connections_all_is_answered_or_refused(filled: Workbench) -> None:
    report = measured(filled.store, ServicePlan(overload=5.0, deadlines_ms=(1_000.0, 20.0)))
    patient, urgent = report["overload"]["runs"]
    for run in (patient, urgent):
        assert run["errors"] == {}
        assert run["accepted"] > 0
        assert run["memory_peak"] < run["memory_before"] + 200_000_000
    assert urgent["refused"] > 0
    assert "Twice the capacity" in text_of(report)


@pytest.mark.slow
def test_publications_fail_no_request(filled: Workbench, tmp_path: Path) -> None:
    report = measured(filled.store, ServicePlan(publish=2, work=tmp_path / "work"))
    found = report["publish"]
    assert found["published"] == 2
    assert found["outcome"]["errors"] == {}
    assert found["outcome"]["answered"] > 100
    assert found["served"] == (found["wanted"],) == (filled.snapshot.generation + 2,)
    assert list((tmp_path / "work").iterdir()) == []
    assert "Publications under load" in text_of(report)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")
def test_a_redis_that_is_killed_and_restarted_fails_no_request(filled: Workbench) -> None:
    pytest.importorskip("redis", reason="the extra redis is not installed")
    report = measured(filled.store, ServicePlan(restart_redis=True, seconds=6.0))
    assert report["restart_redis"]["outcome"]["errors"] == {}
    assert report["restart_redis"]["outcome"]["answered"] > 100
    assert report["restart_redis"]["cached_share"] > 0.3
    assert "Redis killed" in text_of(report)


@pytest.mark.slow
def test_memories_are_kept_and_recalled_and_outlive_a_kill(filled: Workbench) -> None:
    report = measured(filled.store, ServicePlan(mixed=30.0, kill=True, seconds=8.0))
    assert report["mixed"]["outcome"]["errors"] == {}
    assert min(report["mixed"][name]["count"] for name in ("encode", "recall")) > 50
    killed = report["kill"]
    assert (killed["lost"], killed["not_recalled"]) == (0, 0)
    assert 0 < killed["before_the_kill"] < killed["acknowledged"]
    assert killed["recalled"] > 10
    assert "kill -9" in text_of(report)


@pytest.mark.slow
def test_starts_are_timed_alone_and_together(filled: Workbench) -> None:
    report = measured(filled.store, ServicePlan(startup=True))
    assert [one["workers"] for one in report["startup"]] == [1, 2]
    assert all(0 < min(one["starts"]) <= one["ready_seconds"] for one in report["startup"])
    assert all(0 < one["unique"] < one["resident"] for one in report["startup"])
    assert "MB unique" in text_of(report)
