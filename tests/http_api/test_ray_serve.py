"""The service on a real Ray Serve: two replicas on this machine, asked over HTTP, and one of them killed."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import psutil
import pytest
from starlette.testclient import TestClient

from workbench.errors import StoreMissingError, UsageError
from workbench.experiments.load.service import free_port
from workbench.http_api import ServiceOptions, create_app
from workbench.settings import Settings
from workbench.workspace import Workbench

pytest.importorskip("ray.serve", reason="Ray Serve is not installed: pip install '.[serve]'")

SAMPLES = Path(__file__).parent.parent.parent / "data" / "samples"
QUESTIONS = ("sourdough does not rise", "assistant:claude has:code", "the old cat", "Leipzig flat", '"index scan"')
TOKEN = "a-token-for-tests-only"
_READY_SECONDS = 60.0


@pytest.fixture(scope="module", autouse=True)
def _token() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_TOKEN", TOKEN)
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
        yield


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ray-serve") / "store"
    Workbench(Settings(store=folder, ray="off")).ingest(SAMPLES)
    return folder


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"stroe": "x"}, "no argument 'stroe'"),
        ({"replicas": "many"}, "replicas is 'many'"),
        ({"replicas": "4-2"}, "replicas is '4-2'"),
        ({"replicas": 0}, "replicas is 0"),
        ({"cpus": "none"}, "cpus is 'none'"),
        ({"token_file": "nowhere"}, "nowhere"),
    ],
)
def test_an_argument_that_means_nothing_is_said(store: Path, arguments: dict[str, Any], message: str) -> None:
    from workbench.http_api.ray_serve import build

    with pytest.raises(UsageError, match=message):
        build({"store": str(store), **arguments})


def test_there_is_always_a_token(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.http_api.ray_serve import build

    monkeypatch.delenv("WORKBENCH_TOKEN")
    with pytest.raises(UsageError, match="there is no token"):
        build({"store": str(store)})


def test_a_folder_without_a_store_is_said(tmp_path: Path) -> None:
    from workbench.http_api.ray_serve import build

    with pytest.raises(StoreMissingError, match="workbench ingest"):
        build({"store": str(tmp_path)})


@pytest.fixture(scope="module")
def port(store: Path) -> Iterator[int]:
    """The port of Ray Serve's proxy, with two replicas behind it."""
    import ray
    from ray import serve

    from workbench.http_api.ray_serve import build

    chosen = free_port()
    ray.init(
        address="local", num_cpus=2, object_store_memory=100_000_000, include_dashboard=False, log_to_driver=False,
        _system_config={"metrics_report_interval_ms": 0},
    )  # fmt: skip
    try:
        serve.start(http_options={"host": "127.0.0.1", "port": chosen})
        serve.run(build({"store": str(store), "replicas": 2, "cpus": 0.5}))
        yield chosen
    finally:
        serve.shutdown()
        ray.shutdown()


def ask(port: int, question: str) -> dict[str, Any]:
    address = f"http://127.0.0.1:{port}/search/rag?" + urllib.parse.urlencode({"q": question})
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def replicas() -> set[int]:
    """The processes of the replicas."""
    alive = [one for one in psutil.Process().children(recursive=True) if one.status() != psutil.STATUS_ZOMBIE]
    return {one.pid for one in alive if "ServeReplica" in " ".join(one.cmdline())}


@pytest.mark.ray
@pytest.mark.slow
def test_two_replicas_answer_as_one_process_does(port: int, store: Path) -> None:
    assert len(replicas()) == 2
    with TestClient(create_app(ServiceOptions(store))) as alone:
        for question in QUESTIONS:
            expected = alone.get("/search/rag", params={"q": question}).json()
            assert expected["contexts"]
            for _ in range(6):
                assert ask(port, question) == expected


class Load(threading.Thread):
    """Asks the same question again and again, once more where that fails, and counts."""

    def __init__(self, port: int, question: str, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.port, self.question, self.stop = port, question, stop
        self.answered = 0
        self.failed: list[Exception] = []
        self.start()

    def run(self) -> None:
        while not self.stop.is_set():
            for attempt in range(2):
                try:
                    assert ask(self.port, self.question)["contexts"]
                    self.answered += 1
                    break
                except (OSError, ValueError, HTTPException) as error:  # of which HTTPError, for a 5xx, is one
                    if attempt:
                        self.failed.append(error)


@pytest.mark.ray
@pytest.mark.slow
def test_no_request_fails_after_a_retry_when_a_replica_is_killed(port: int) -> None:
    before = replicas()
    stop = threading.Event()
    load = [Load(port, question, stop) for question in QUESTIONS[:4]]
    while sum(one.answered for one in load) < 100:
        time.sleep(0.05)
    victim = next(iter(before))
    os.kill(victim, signal.SIGKILL)
    deadline = time.monotonic() + _READY_SECONDS
    while len(replicas() - {victim}) < 2:  # Ray Serve starts another
        assert time.monotonic() < deadline
        time.sleep(0.1)
    by_then = sum(one.answered for one in load)
    while sum(one.answered for one in load) < by_then + 200:
        time.sleep(0.05)
    stop.set()
    for one in load:
        one.join()
    assert [error for one in load for error in one.failed] == []
