"""Fuzzed queries, what becomes of them, and the table of targets."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from workbench.errors import QueryError, UsageError
from workbench.experiments.load import report as reports
from workbench.experiments.load.fuzz import fuzz, fuzzed
from workbench.experiments.load.in_process import batches, one_user, threads
from workbench.experiments.load.queries import known_items
from workbench.experiments.load.targets import TARGETS, Target, failed, judge
from workbench.model import Query
from workbench.workspace import Workbench


def test_fuzzed_queries_are_the_same_for_the_same_seed() -> None:
    assert list(fuzzed(200, seed=3)) == list(fuzzed(200, seed=3))
    assert list(fuzzed(200, seed=3)) != list(fuzzed(200, seed=4))


def test_fuzzed_queries_reach_every_corner() -> None:
    texts = list(fuzzed(3_000))
    joined = "".join(texts)
    assert max(map(len, texts)) == 10_000
    assert any(not text.strip() for text in texts)
    for piece in ("before:2025-02-30", '"open phrase', "(a+)+", "SELECT", "東京", "\x00", "مرحبا"):
        assert piece in joined
    assert any(0x1F300 <= ord(character) <= 0x1FAFF for character in joined)


def test_search_survives_fuzzed_queries(filled: Workbench) -> None:
    found = fuzz(filled.engine.search_many, 400, timeout_ms=60_000.0)
    assert found.failures == {}, found.examples
    assert found.queries == 400 == found.answered + found.refused
    assert found.answered > 200


def test_exceptions_and_lateness_are_counted(filled: Workbench) -> None:
    def fragile(queries):
        time.sleep(0.002)
        answers = filled.engine.search_many([Query("soup")])
        return [ValueError("boom") if "a" in one.text else QueryError("no") if "e" in one.text else answers[0]
                for one in queries]  # fmt: skip

    found = fuzz(fragile, 100, batch=5, timeout_ms=1.0)
    assert set(found.failures) == {"ValueError: boom"}
    assert "a" in found.examples["ValueError: boom"]
    assert found.failed + found.refused + found.answered == found.queries == found.late == 100
    assert found.refused > 0


def test_an_exception_of_the_whole_call_fails_all_its_queries() -> None:
    def broken(queries):
        raise RuntimeError("down")

    assert fuzz(broken, 10, batch=4).failures == {"RuntimeError: down": 10}


def test_stages_threads_and_batches_are_measured_on_every_query(filled: Workbench) -> None:
    queries = [Query(text) for text in known_items(filled.snapshot, 40)]
    alone = one_user(filled.engine.search, queries, warmup=10)
    assert alone.latency.count == 30
    assert {"lexical", "vector", "fetch", "total"} <= {stage.name for stage in alone.stages}
    assert batches(filled.engine.search_many, queries, 16).latency.count == 40
    assert threads(lambda query: filled.engine.search_many([query])[0], queries, 1).latency.count == 40


def test_an_exception_in_a_thread_is_counted_not_lost() -> None:
    def fails(query):
        raise ValueError("boom")

    found = threads(fails, [Query("a"), Query("b")], 2)
    assert found.failures == {"ValueError: boom": 2}
    assert found.latency.count == 0


def sample_report(**figures) -> dict:
    latency = {"p50": 1.0, "p95": 20.0, "p99": 5.0}
    run = {"latency": latency, "throughput": 2_500.0, "errors": {}, "connections_used": 500, "partial_share": 0.0}
    comparisons = [
        {"scenario": {"mix": "distinct", "users": users, "mode": "closed"}, "ours": run, "ratio": 6.0}
        for users in (1, 50)
    ]
    http = {"mix": "distinct", "comparisons": comparisons, "connections": run, "memory": {"unique": 8e8}}
    return {"store": {"messages": 250_000}, "http": [http], **figures}


def test_a_report_that_meets_everything_it_measured_has_no_failures() -> None:
    verdicts = judge(sample_report())
    assert failed(verdicts) == []
    assert {one.name for one in verdicts if one.met is None} >= {"50 users, repeated: p95", "vectors: recall@10"}
    assert sum(one.met is True for one in verdicts) >= 8


def test_a_figure_past_its_limit_is_a_failure() -> None:
    report = sample_report()
    report["http"][0]["comparisons"][1]["ours"] = {
        "latency": {"p95": 31.0},
        "throughput": 1_999.0,
        "errors": {"x": 1},
        "partial_share": 0.0,
    }
    assert {one.name for one in failed(judge(report))} == {
        "50 users, distinct: p95", "50 users, distinct: throughput", "requests that failed",
    }  # fmt: skip


def test_growth_is_judged_against_the_smaller_store() -> None:
    large, small = sample_report(store={"messages": 1_000_000}), sample_report()
    small["http"][0]["comparisons"][0]["ours"]["latency"] = {"p95": 9.0}
    name = "1 user: p95 against 250,000 messages"
    [alone] = [one for one in judge(large) if one.name == name]
    [beside] = [one for one in judge(large, small) if one.name == name]
    assert alone.met is None
    assert beside.met is False
    assert beside.figure == pytest.approx(20 / 9)


def test_targets_for_a_size_apply_near_that_size_only() -> None:
    target = Target(2, "x", 1, "", lambda report, other: 0.0, messages=250_000)
    assert [target.applies(size) for size in (10_000, 240_000, 1_000_000)] == [False, True, False]


def test_every_section_of_the_demands_has_targets() -> None:
    assert {target.section for target in TARGETS} == {2, 3, 4, 5, 6}


def test_a_report_comes_back_from_its_file(tmp_path: Path, filled: Workbench) -> None:
    report = {**reports.header(filled.snapshot, {"users": (1, 50)}), "http": []}
    path = tmp_path / "new" / "report.json"
    reports.write(report, path)
    found = reports.read(path)
    assert found["store"]["messages"] == 1_200
    assert found["parameters"] == {"users": [1, 50]}
    assert found["machine"]["cores"] >= 1
    assert next(reports.lines(found)).startswith("1,200 messages")


def test_a_file_that_is_no_report_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text("[1]")
    with pytest.raises(UsageError, match="not a report"):
        reports.read(path)
