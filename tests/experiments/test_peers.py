"""Peers are compared fairly: exact truth, everybody's wait counted, and what crashes costs only itself."""

from __future__ import annotations

import re
import threading
import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from building import publish_embedded, transcript
from click.testing import CliRunner

from workbench.cli import main
from workbench.display.plots.peers import peers_compared
from workbench.embedding import Embedder
from workbench.errors import ServiceError, UsageError
from workbench.experiments.peers import report
from workbench.experiments.peers.adapters import NAMES, peer
from workbench.experiments.peers.clients import closed_loop
from workbench.experiments.peers.corpus import UNTIMED, Corpus
from workbench.experiments.peers.measurement import PeerResult, Plan, measure_peers
from workbench.experiments.peers.peer import EXTRA, Crowd, Ids, NotInstalledError, Question, Window, fused, needed
from workbench.experiments.peers.questions import windows
from workbench.experiments.peers.truth import Truth, holds
from workbench.experiments.peers.worker import refuse_other_machines
from workbench.experiments.runs import Run, RunHistory
from workbench.record import WriterLock, open_record
from workbench.snapshot import open_snapshot

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "peers.md").read_text(encoding="utf-8")


def corpus_of(angles: Sequence[float], times: Sequence[int]) -> Corpus:
    """Messages whose vectors lie at these angles (degrees) around a mean of nothing."""
    turned = np.radians(angles)
    vectors = np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float16)
    table = pa.table({"row": range(len(angles)), "time": times, "content": [f"text {one}" for one in angles]})
    return Corpus(table, vectors, np.zeros(2, np.float32), np.array([str(one) for one in angles]))


def test_recall_is_counted_against_all_that_the_filter_allows() -> None:
    corpus = corpus_of([0, 10, 20, 30, 90], [1, 1, 2, 2, 2])
    truth, query = Truth(corpus), np.array([[1.0, 0.0]], np.float32)
    assert truth.recall([[0, 1]], query, 2).mean == 1.0
    assert truth.recall([[0, 2]], query, 2).mean == 0.5
    within = truth.recall([[2, 3]], query, 2, Window(2, 3))
    assert (within.mean, within.short, within.outside) == (1.0, 0, 0)
    wrong = truth.recall([[0]], query, 2, Window(2, 3))
    assert (wrong.mean, wrong.short, wrong.outside) == (0.0, 1, 1)


def test_a_message_found_twice_counts_once() -> None:
    corpus = corpus_of([0, 10, 20], [1, 1, 1])
    assert Truth(corpus).recall([[0, 0]], np.array([[1.0, 0.0]], np.float32), 2).mean == 0.5


def test_windows_keep_the_share_that_they_are_for_and_nothing_without_a_time() -> None:
    times = np.concatenate([np.arange(900), np.full(100, UNTIMED)])
    assert [one.kept for one in windows(times, (0.5, 0.1, 0.01))] == [500, 100, 10]
    assert windows(times, (0.95,)) == []


def test_known_items_are_recognised_whatever_stands_between_the_words() -> None:
    assert holds("A loaf, that did **not** rise!", "did not rise")
    assert not holds("did it not rise", "did not rise")
    assert not holds("undid not rise", "did not rise")


def test_fusion_puts_first_what_both_lists_have() -> None:
    assert fused([1, 2, 3], [4, 2], k=3) == [2, 1, 4]


class Counting:
    """A search that only counts, and fails at every tenth call."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.most = self.now = 0
        self._lock = threading.Lock()

    def search(self, questions: Sequence[Question]) -> list[Ids]:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.calls.append(len(questions))
            number = len(self.calls)
        try:
            if number % 10 == 0:
                raise RuntimeError("no more memory")
            return [[0] for _ in questions]
        finally:
            with self._lock:
                self.now -= 1


@pytest.mark.parametrize(("crowd", "threads"), [(Crowd(threads=1, batch=8), 1), (Crowd(threads=2), 2), (Crowd(), 6)])
def test_clients_share_threads_and_every_query_is_answered_or_counted_as_failed(crowd: Crowd, threads: int) -> None:
    counting, vector = Counting(), np.zeros(2, np.float32)
    loop = closed_loop(
        counting.search, [Question("x", vector, vector)], clients=6, seconds=0.05, crowd=crowd
    )  # fmt: skip
    failed = sum(loop.failures.values())
    assert list(loop.failures) == ["RuntimeError: no more memory"]
    assert failed == len(counting.calls) // 10
    assert len(loop.waited) + sum(counting.calls[9::10]) == sum(counting.calls)
    assert counting.most <= threads
    assert max(counting.calls) <= crowd.batch


def test_what_is_not_installed_says_how_to_install_it() -> None:
    with pytest.raises(NotInstalledError, match="memory-workbench\\[peers\\]"):
        needed("no_such_module_anywhere")
    with pytest.raises(UsageError, match="Known are: workbench, lancedb"):
        peer("oracle")


def test_the_extra_holds_every_package_that_a_peer_needs_and_the_page_says_what_was_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = dict(
        re.match(r"([\w-]+)[^>]*>=([\d.]+)", one).groups() for one in project["optional-dependencies"]["peers"]
    )  # type: ignore[union-attr]
    wanted = {package for name in NAMES if peer(name).modules for package in peer(name).packages}
    assert wanted == set(pinned)
    tested = dict(re.findall(r"\b(lancedb|sqlite-vec|apsw|pgserver|psycopg|chromadb) (\d[\d.]*\d)", PAGE))
    assert all(tested[package].startswith(version) for package, version in pinned.items())


def test_no_peer_reaches_another_machine() -> None:
    with pytest.raises(ServiceError, match=r"192\.0\.2\.1"):
        refuse_other_machines("socket.connect", (None, ("192.0.2.1", 443)))
    refuse_other_machines("socket.connect", (None, ("127.0.0.1", 443)))
    refuse_other_machines("socket.connect", (None, "/tmp/.s.PGSQL.5432"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Run:
    """A small comparison in which one peer crashes and one is not installed, or is."""
    store, work = tmp_path_factory.mktemp("store"), tmp_path_factory.mktemp("work")
    talks = [
        transcript(f"talk {day}", f"the bread of day {day} did not rise", f"feed the starter on day {day}", days=day)
        for day in range(40)
    ]
    with WriterLock(store), open_record(store) as record:
        publish_embedded(record, store, embedder, *talks)
    (work / "brute-force").write_text("a file where a folder is to be made")
    plan = Plan(("brute-force", "workbench"), queries=20, judged=10, clients=(1, 4), seconds=0.3)
    with open_snapshot(store) as snapshot:
        return report.to_run(snapshot, plan, measure_peers(snapshot, embedder, plan, work, lambda _: None), name="x")


@pytest.mark.slow
def test_a_peer_that_crashes_costs_only_itself(run: Run) -> None:
    crashed, ours = run.details["peers"]
    assert crashed["error"].startswith("build ended with status 1: FileExistsError")
    assert not ours["error"]
    assert ours["vector"]["recall"]["mean"] == 1.0
    assert [one["recall"]["mean"] for one in ours["filtered"]] == [1.0, 1.0, 1.0]
    assert ours["known_items"] >= 0.9
    assert ours["added_seconds"] > 0
    assert [crowd["clients"] for crowd in ours["crowds"]] == [4]
    assert run.figure("Memory Workbench: vector recall@10") == 1.0
    assert run.figure("brute force (numpy): build") is None


@pytest.mark.slow
def test_a_kept_run_is_shown_and_drawn_again(run: Run, tmp_path: Path) -> None:
    RunHistory(tmp_path).save(run)
    said = CliRunner().invoke(
        main, ["bench", "peers", "--show", "x", "--markdown", "--runs", str(tmp_path),
               "--picture", str(tmp_path / "peers.html")],
    )  # fmt: skip
    assert said.exit_code == 0, said.output
    assert "| Memory Workbench |" in said.output
    assert "- brute force (numpy): build ended with status 1" in said.output
    assert (tmp_path / "peers.html").stat().st_size > 10_000


def test_a_run_in_which_nothing_could_be_measured_says_why() -> None:
    missing = PeerResult("lancedb", "LanceDB", "", "", {}, {}, error=f"not installed: {EXTRA}")
    header = {"made_at": "2026-11-21T10:00:00+00:00", "machine": {"cores": 2, "processor": "x", "memory_bytes": 1},
              "versions": {}, "store": {"messages": 7, "dimensions": 2, "embedder": "static"},
              "parameters": {"clients": [1], "shares": [], "queries": 1}}  # fmt: skip
    run = Run.of("peers", header, [], details={"peers": [asdict(missing)]})
    assert f"- LanceDB: not installed: {EXTRA}" in list(report.markdown(run))
    assert "could be measured" in peers_compared(run).layout.annotations[0].text
