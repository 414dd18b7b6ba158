"""Several real processes that share one folder, as the workers of a service do."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from monitor.exposition import Samples

from workbench.monitor import Corpus, Observer, ObserverOptions, forget_worker

REQUESTS = 100


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("metrics")


def work(folder: Path, generation: int, channel: Connection) -> None:
    observer = Observer(ObserverOptions(folder))
    observer.corpus(Corpus(folder, generation, 1.7e9, 1, {"claude": 4}, 4, 0))
    for number in range(REQUESTS):
        observer.request("/search/rag", "GET", 200, 0.001)
        observer.answered_from_cache(0.001 if number % 10 else 0.1, "/search/rag")
    observer.queue(3)
    observer.flush()
    channel.send("done")
    if channel.recv() == "end":
        observer.close()


@contextmanager
def worker(folder: Path, generation: int) -> Iterator[tuple[BaseProcess, Connection]]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=work, args=(folder, generation, theirs))
    process.start()
    assert ours.recv() == "done"
    try:
        yield process, ours
    finally:
        if process.is_alive():
            ours.send("end")
        process.join()


def test_workers_add_up_and_only_those_alive_have_gauges(folder: Path) -> None:
    reader = Observer(ObserverOptions(folder))
    reader.corpus(Corpus(folder, 3, 1.7e9, 1, {"claude": 4}, 4, 0))

    def told() -> Samples:
        return Samples.read(reader.render()[0].decode())

    with worker(folder, 1) as (first, channel), worker(folder, 2) as (second, _):
        both = told()
        assert both.total("workbench_http_requests_total") == 2 * REQUESTS
        assert both.value("search_duration_seconds_count", endpoint="/search/rag", assistant="all") == 2 * REQUESTS
        assert both.value("workbench_workers") == 3
        assert both.value("workbench_queue_depth") == 6
        assert both.value("workbench_generation") == 1
        assert both.value("workbench_messages", assistant="claude") == 4

        live = reader.live()
        assert live["search_latency"]["searches"] == 2 * REQUESTS
        assert live["search_latency"]["p50_ms"] == pytest.approx(1, rel=0.02)
        assert live["search_latency"]["p99_ms"] == pytest.approx(100, rel=0.02)
        assert live["workers"] == 3

        os.kill(first.pid or 0, signal.SIGKILL)
        first.join()
        channel.close()
        forget_worker(folder, first.pid or 0)
        one = told()
        assert one.total("workbench_http_requests_total") == 2 * REQUESTS
        assert one.value("workbench_workers") == 2
        assert one.value("workbench_queue_depth") == 3
        assert one.value("workbench_generation") == 2
        assert reader.live()["search_latency"]["searches"] == 2 * REQUESTS

    assert second.exitcode == 0  # it was told to end, and took its gauges with it
    none = told()
    assert none.value("workbench_workers") == 1
    assert none.value("workbench_generation") == 3
    assert none.total("workbench_http_requests_total") == 2 * REQUESTS
    reader.close()
