"""Memories that wait are published in the background, by a process of its own."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from building import claude_export

from workbench.http_api.writing import publishing
from workbench.http_api.writing.publishing import Publisher
from workbench.settings import Settings
from workbench.workspace import Workbench


@pytest.fixture
def memory(tmp_path: Path, cache: Path) -> Workbench:
    memory = Workbench(Settings(store=tmp_path / "store", cache=cache, ray="off"))
    memory.ingest(claude_export(tmp_path / "conversations.json", {"bread": ("My loaf is flat", "Proof it longer.")}))
    return memory


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "_LOOK_SECONDS", 0.0)


def wait_until(publisher: Publisher, done: Callable[[], bool]) -> None:
    """Look again and again, as the service does each second."""
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        publisher.look()
        time.sleep(0.02)


def test_what_waits_is_counted_until_it_is_published(memory: Workbench) -> None:
    publisher = Publisher(memory.store, 100)
    assert publisher.waiting() == 0
    for number in range(3):
        memory.remember(f"Fact number {number}")
    assert publisher.waiting() == 3
    memory.rebuild()
    assert publisher.waiting() == 0
    memory.remember("One more")
    assert publisher.waiting() == 1
    publisher.close()


def test_enough_memories_are_published_by_a_process_of_low_priority(memory: Workbench) -> None:
    publisher = Publisher(memory.store, 3)
    for number in range(2):
        memory.remember(f"Fact number {number}")
    publisher.look()
    assert publisher._process is None
    memory.remember("Fact number 2")
    publisher.look()
    assert publisher._process is not None
    assert os.getpriority(os.PRIO_PROCESS, publisher._process.pid) == 10
    wait_until(publisher, lambda: publisher.waiting() == 0 and publisher._process is None)
    memory.refresh()
    assert memory.snapshot.generation == 2
    assert memory.search("Fact number 2").hits[0].content == "Fact number 2"
    publisher.close()


def test_it_is_done_never_where_that_is_wished(memory: Workbench) -> None:
    publisher = Publisher(memory.store, 0)
    memory.remember("Fact")
    publisher.look()
    assert publisher._process is None
    publisher.close()


def test_a_failure_is_said_and_tried_again_later(memory: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    failing = [sys.executable, "-c", "import sys; print('the disk is full', file=sys.stderr); sys.exit(1)"]
    publisher = Publisher(memory.store, 1, command=failing)
    memory.remember("Fact")
    with caplog.at_level(logging.WARNING):
        publisher.look()
        assert publisher._process is not None
        publisher._process.wait(20)
        publisher.look()
    assert "status 1" in caplog.text
    assert "the disk is full" in caplog.text
    publisher.look()
    assert publisher._process is None  # not before a minute is over
    publisher.close()


def test_what_is_under_way_ends_with_the_service(memory: Workbench) -> None:
    publisher = Publisher(memory.store, 1, command=[sys.executable, "-c", "import time; time.sleep(60)"])
    memory.remember("Fact")
    publisher.look()
    assert publisher._process is not None
    process = psutil.Process(publisher._process.pid)
    publisher.close()
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
