"""The metrics of the service: one application asked in this process, and two worker processes over sockets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from building import claude_export
from monitor.exposition import Samples
from starlette.testclient import TestClient

from workbench.experiments.load.service import free_port
from workbench.http_api import ServiceOptions, create_app
from workbench.monitor import FAMILIES
from workbench.settings import Settings
from workbench.workspace import Workbench

TEXTS = ("My loaf is flat", "Proof it longer.")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    return make_store(tmp_path_factory.mktemp("metrics"), cache)


def make_store(folder: Path, cache: Path) -> Path:
    memory = Workbench(Settings(store=folder / "store", cache=cache, ray="off"))
    memory.ingest(claude_export(folder / "conversations.json", {"bread": TEXTS}))
    return folder / "store"


@pytest.fixture
def client(store: Path) -> Iterator[TestClient]:
    with TestClient(create_app(ServiceOptions(store))) as client:
        yield client


def told(client: TestClient) -> Samples:
    return Samples.read(client.get("/metrics").text)


def test_searches_are_counted_with_their_stages_caches_and_embeddings(client: TestClient) -> None:
    before = told(client)
    for query in ("loaf", "loaf", "flat"):
        client.get("/search/rag", params={"q": query})
    client.get("/search/rag", params={"q": "flat", "assistant": "claude"})
    found = told(client)

    def grown(name: str, **labels: str) -> float:
        return found.total(name, **labels) - before.total(name, **labels)

    assert grown("search_duration_seconds_count", endpoint="/search/rag", assistant="all") == 3
    assert grown("search_duration_seconds_count", endpoint="/search/rag", assistant="claude") == 1
    assert grown("search_stage_duration_seconds_count", stage="vector") == 3
    assert grown("workbench_cache_hits_total", cache_type="answers") == 1
    assert grown("embedding_requests_total", provider="static") == 2
    assert grown("workbench_cache_hits_total", cache_type="vectors") == 1
    assert found.value("workbench_messages", assistant="claude") == len(TEXTS)
    assert found.value("workbench_generation") == 1


def test_requests_are_counted_by_the_template_of_their_route(client: TestClient) -> None:
    before = told(client)
    for path in ("/search/rag?q=loaf", "/search/rag", "/nowhere", "/api/v1/messages/no-such", "/health"):
        client.get(path)
    client.request("BREW", "/health")
    found = told(client)
    new = {
        tuple(dict(labels)[label] for label in ("route", "method", "status"))
        for (name, labels), value in found.values.items()
        if name == "workbench_http_requests_total" and value > before.values.get((name, labels), 0)
    }
    assert new == {
        ("/search/rag", "GET", "200"), ("/search/rag", "GET", "400"), ("unmatched", "GET", "404"),
        ("/api/v1/messages/{id}", "GET", "404"), ("/health", "GET", "200"), ("/health", "other", "405"),
        ("/metrics", "GET", "200"),
    }  # fmt: skip


def test_metrics_are_in_the_format_that_prometheus_asks_for(client: TestClient) -> None:
    answer = client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    named = {line.split()[2] for line in answer.text.splitlines() if line.startswith("# TYPE")}
    assert named <= {family.name for family in FAMILIES}


def test_the_live_figures_are_those_of_the_last_minute(client: TestClient) -> None:
    for _ in range(4):
        client.get("/search/rag", params={"q": "loaf"})
    live = client.get("/metrics/performance/live").json()
    assert live["search_latency"]["searches"] == 4
    assert 0 < live["search_latency"]["p50_ms"] <= live["search_latency"]["p99_ms"]
    assert live["cache_performance"]["search_hit_rate"] == 0.75
    assert live["corpus_stats"] == {
        "total_messages": 2, "total_conversations": 1, "total_embeddings": 2, "total_facts": 0, "total_labels": 0,
        "assistants": {"claude": 2},
    }  # fmt: skip
    assert live["generation"] == 1
    assert live["memory"]["private_bytes"] < live["memory"]["resident_bytes"]


def test_a_remembered_fact_is_counted_with_the_next_search(tmp_path: Path, cache: Path) -> None:
    store = make_store(tmp_path, cache)
    with TestClient(create_app(ServiceOptions(store))) as client:
        assert told(client).value("workbench_facts") == 0
        Workbench.open(store).remember("Bread is baked on Fridays", labels=["kitchen", "habits"])
        client.get("/search/rag", params={"q": "fridays"})
        found = told(client)
    assert found.value("workbench_facts") == 1
    assert found.value("workbench_labels") == 2


def test_the_description_of_the_api_names_both(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    assert set(described["paths"]["/metrics"]["get"]["responses"]["200"]["content"]) == {"text/plain"}
    schema = described["components"]["schemas"]["LivePerformance"]
    assert {"search_latency", "cache_performance", "database", "corpus_stats"} <= set(schema["required"])


# Two worker processes


def fetch(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        return str(answer.read(), "utf-8")


def until(seen: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until `seen`; a refused connection counts as not yet."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if seen():
                return
        except OSError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.1)


def worker_processes(parent: int) -> set[int]:
    """The children that have the store's files open: neither fork server nor resource tracker."""
    found = set()
    for child in psutil.Process(parent).children(recursive=True):
        if any(thing.path.endswith("catalog.duckdb") for thing in child.open_files()):
            found.add(child.pid)
    return found


@pytest.mark.slow
def test_two_workers_add_up_exactly_and_a_killed_one_leaves_its_counts(store: Path, tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "workbench", "serve", "--store", str(store), "--port", str(port), "--workers", "2"]
    service = subprocess.Popen(command, cwd=tmp_path)  # what it says is shown where the test fails

    def metrics() -> Samples:
        assert service.poll() is None
        return Samples.read(fetch(port, "/metrics"))

    sent = 0

    def search() -> None:
        nonlocal sent
        fetch(port, "/search/rag?q=loaf")
        sent += 1

    def counted() -> float:
        return metrics().total("workbench_http_requests_total", route="/search/rag", status="200")

    def both_have_searched() -> bool:
        search()
        search()  # connections are handed out in turn: of two, one comes to each worker that is ready
        return metrics().total("workbench_cache_misses_total", cache_type="answers") == 2

    try:
        until(lambda: metrics().value("workbench_workers") == 2)
        until(both_have_searched)
        for _ in range(20):
            search()
        until(lambda: counted() == sent)
        found = metrics()
        assert found.total("search_duration_seconds_count", endpoint="/search/rag") == sent
        assert found.total("workbench_cache_hits_total", cache_type="answers") == sent - 2

        before = worker_processes(service.pid)
        os.kill(min(before), signal.SIGKILL)
        until(lambda: metrics().value("workbench_workers") == 2 and len(worker_processes(service.pid) - before) == 1)
        assert counted() == sent
        search()
        until(lambda: counted() == sent)
    finally:
        service.terminate()
        service.wait(30)


@pytest.mark.slow
def test_the_log_has_the_ids_of_the_answers_and_not_what_was_searched_for(store: Path, tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "workbench", "serve", "--store", str(store), "--port", str(port), "--log", "json"]
    with (tmp_path / "log").open("wb") as log:
        service = subprocess.Popen(command, stderr=log, cwd=tmp_path)
    try:
        until(lambda: bool(fetch(port, "/health")))
        asked = urllib.request.Request(
            f"http://127.0.0.1:{port}/search/rag?q=gossip", headers={"X-Request-Id": "mine-1"}
        )
        with urllib.request.urlopen(asked, timeout=20) as answer:
            assert answer.headers["X-Request-Id"] == "mine-1"
    finally:
        service.terminate()
        service.wait(30)
    written = (tmp_path / "log").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    (line,) = [line for line in lines if line.get("request_id") == "mine-1"]
    assert (line["route"], line["status"], line["method"]) == ("/search/rag", 200, "GET")
    assert line["version"].startswith("1.")
    assert "gossip" not in written
