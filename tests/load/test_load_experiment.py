"""A load experiment from end to end, and what its figures are made of."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from load.servers import response, serving

from workbench.cli import main
from workbench.display import plots
from workbench.errors import UsageError, WorkbenchError
from workbench.experiments.load.experiment import measure_load
from workbench.experiments.load.generator import run_load
from workbench.experiments.load.histogram import decoded, encoded
from workbench.experiments.load.job import LoadJob, LoadSamples
from workbench.experiments.load.outcome import lines, to_run
from workbench.experiments.load.plan import plan_of
from workbench.experiments.load.queries import filtered, read_queries
from workbench.experiments.load.resources import ResourceWatch
from workbench.experiments.load.stages import IN_LINE, WAITING, latency_by_stage, parse_timing
from workbench.experiments.runs import RunHistory
from workbench.workspace import Workbench

HOST = "127.0.0.1"
TARGETS = [f"/search/rag?q={number}" for number in range(5_000)]


async def timed(_: int) -> bytes:
    return response(headers='Server-Timing: lexical;dur=2.50, vector;desc="x";dur=1, total;dur=4\r\n')


def test_each_user_asks_as_often_as_wanted_and_the_run_ends_with_the_last_answer() -> None:
    with serving(timed) as port:
        job = LoadJob(HOST, port, TARGETS, 7, 60.0, per_user=5, think=0.002, timings=4)
        samples = run_load(job)
    assert len(samples.done) == 35
    assert samples.used == 7
    assert samples.errors == {}
    assert samples.window < 10.0
    assert [place for place, _ in samples.timings] == list(range(0, 35, 4))
    assert not samples.waited.any()


def test_of_more_than_one_connection_can_take_all_but_the_first_wait() -> None:
    with serving(timed) as port:
        samples = run_load(LoadJob(HOST, port, TARGETS, 1, 1.5, due=[0.1] * 20, headers={"X-Any": "thing"}))
    assert len(samples.done) == 20
    assert int(samples.waited.sum()) == 19


def test_the_stages_of_an_answer_add_up_to_its_latency() -> None:
    assert parse_timing("a;dur=1.5, b;desc=x;dur=2,c") == {"a": 1.5, "b": 2.0}
    told = "lexical;dur=2, vector;dur=1, total;dur=4"
    sent = np.array([0.01, 0.0])
    samples = LoadSamples(np.zeros(2), sent, sent + np.array([0.010, 0.005]), timings=[(0, told), (1, told)])
    bands = latency_by_stage(samples)
    slowest = bands[-1].milliseconds
    assert sum(slowest.values()) == pytest.approx(20.0)
    assert slowest[IN_LINE] == pytest.approx(10.0)
    assert slowest[WAITING] == pytest.approx(6.0)
    assert latency_by_stage(LoadSamples(sent, sent, sent)) == ()


def test_a_histogram_comes_back_from_its_text() -> None:
    seconds = np.random.default_rng(1).lognormal(-5.0, 1.0, 2_000)
    milliseconds, percent = decoded(encoded(seconds))
    assert percent[-1] == 100.0
    assert milliseconds[percent >= 95.0][0] == pytest.approx(np.percentile(seconds, 95) * 1000, rel=0.01)


def test_queries_of_a_file_and_with_filters(filled: Workbench, tmp_path: Path) -> None:
    plain, marked = tmp_path / "q.txt", tmp_path / "q.jsonl"
    plain.write_text("one thing\n\nanother\n")
    marked.write_text('{"id": 1, "query": "third"}\n')
    assert read_queries(plain) + read_queries(marked) == ["one thing", "another", "third"]
    marked.write_text("{}\n")
    with pytest.raises(UsageError, match="cannot be read"):
        read_queries(marked)
    narrowed = filtered(["words"] * 9, filled.snapshot)
    assert {"words role:user", *(f"words assistant:{one}" for one in filled.snapshot.manifest.assistants)} <= {
        *narrowed
    }


def test_what_a_process_takes_is_sampled_with_its_children_and_its_own_figures() -> None:
    import os

    told = iter([{"queue": 1.0}])

    def live() -> dict[str, float]:
        for one in told:
            return one
        raise WorkbenchError("nothing more")

    with ResourceWatch(os.getpid(), live=live, every=60.0) as watch:
        waiting = threading.Event()
        threading.Thread(target=waiting.wait, daemon=True).start()
    waiting.set()
    first, last = watch.samples
    assert (dict(first.live), dict(last.live), watch.missed) == ({"queue": 1.0}, {}, 1)
    assert first.resident >= first.unique > 0
    assert last.at > first.at >= 0.0
    assert last.threads > first.threads - 1
    assert watch.peak.unique == max(first.unique, last.unique)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "in-process", "cache": "warm"}, "no answers are kept"),
        ({"target": "http://127.0.0.1:1", "cache": "off"}, "cannot be chosen"),
        ({"target": "ray", "cache": "off"}, "always kept"),
        ({"mix": "file"}, "no queries"),
        ({"cache": "hot"}, "hot"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plan_of(Path("store"), **options)  # type: ignore[arg-type]


def test_the_state_of_the_cache_follows_from_mix_and_target() -> None:
    store = Path("store")
    assert plan_of(store).cache == "off"
    assert plan_of(store, mix="repeated").cache == "warm"
    assert plan_of(store, mix="repeated", target="in-process").cache == "off"
    assert plan_of(store, target="http://127.0.0.1:1").cache == "as it is"
    assert plan_of(store, cache="cold", warmup=3.0).scenario.warmup == 0.0


def test_in_process_a_ramp_is_measured_kept_and_drawn(filled: Workbench, tmp_path: Path) -> None:
    plan = plan_of(
        filled.store, target="in-process", arrival="ramp", rate=4.0, to=12.0, seconds=1.0, warmup=0.1, users=3,
        mix="filtered", limits={"rate": 1e9},
    )  # fmt: skip
    result = measure_load(plan)
    run = to_run(result, name="a ramp")
    assert 7 <= run.details["run"]["answers"] <= 8
    assert run.met is False
    assert {one["name"]: one["met"] for one in run.verdicts}["requests that failed"] is True
    assert result.generator is None
    kept = RunHistory(tmp_path).find(str(RunHistory(tmp_path).save(run)))
    assert kept.figures == run.figures
    for draw in (plots.load_histogram, plots.load_ecdf, plots.load_over_time, plots.load_stages, plots.load_resources):
        assert draw(kept).data
    assert plots.load_sweep(kept).layout.annotations[0].text == "This run tried no other rates."
    assert "MISSED" in "\n".join(lines(kept))


@pytest.mark.slow
def test_the_service_is_put_under_load_from_the_command_line(filled: Workbench, tmp_path: Path) -> None:
    arguments = [
        "bench", "load", "--store", str(filled.store), "--users", "6", "--requests", "30", "--mix", "repeated",
        "--workers", "1", "--sweep", "4", "--sweep-duration", "0.5", "--p95", "5000", "--warmup", "0.2",
        "--name", "short", "--runs", str(tmp_path), "--json",
        "--export", str(tmp_path / "a.hgrm"), "--export", str(tmp_path / "a.hlog"),
    ]  # fmt: skip
    done = CliRunner(catch_exceptions=False).invoke(main, arguments)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    run = RunHistory(tmp_path).find("short", "load")
    assert run.id == told["id"]
    assert run.details["run"]["answers"] == 180
    assert run.details["run"]["errors"] == {}
    assert run.figure("6 users × 30, repeated, cache warm: cache hit share") > 0.5  # type: ignore[operator]
    assert run.details["generator"]["alone"] > 0
    assert run.details["resources"][0]["live"]["workers"] == 1.0
    assert len(run.details["sweep"]["steps"]) >= 3
    assert plots.load_sweep(run).data
    assert (tmp_path / "a.hgrm").read_text().lstrip().startswith("Value")
    whole = HdrHistogram(1, 600_000_000, 3)
    HistogramLogReader(str(tmp_path / "a.hlog"), whole).add_next_interval_histogram(whole)
    assert 0 < whole.get_total_count() <= 180
