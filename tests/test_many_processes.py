"""Invariants 3 and 4 of the design, with real processes: readers beside a writer, and a writer that is killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from building import claude_export

from workbench.record import RECORD_FILE, connect_read_only
from workbench.settings import Settings
from workbench.workspace import Workbench

pytestmark = pytest.mark.slow

READERS = 3
KILLS = 20

READ = """
import json, sys, time
from pathlib import Path
from workbench.workspace import Workbench
store, stop = Path(sys.argv[1]), Path(sys.argv[2])
seen, searches, slowest = [], 0, 0.0
while not stop.exists():
    with Workbench.open(store) as memory:
        begun = time.perf_counter()
        result = memory.search("reminder about the garden", k=1000, alpha=0.5)
        slowest = max(slowest, time.perf_counter() - begun)
        counts = memory.snapshot.manifest.counts
        stored = memory.sql("SELECT count(*) AS n FROM messages")["n"].item()
        assert stored == counts["messages"] == len(memory.snapshot.columns.role), (stored, counts)
        assert len(memory.snapshot.lexical) == counts["searched"]
        assert all(hit.content for hit in result)
        state = [result.generation, counts["messages"]]
        if state not in seen:
            seen.append(state)
        searches += 1
print(json.dumps({"seen": seen, "searches": searches, "slowest": slowest}))
"""


def garden(folder: Path, name: str, conversations: int) -> Path:
    chats = {
        f"{name}-{i}": (f"reminder {i} about the garden, {name}", f"noted, number {i}") for i in range(conversations)
    }
    return claude_export(folder / f"{name}.json", chats)


@pytest.fixture
def readers(memory: Workbench, tmp_path: Path) -> Iterator[tuple[list[subprocess.Popen[str]], Path]]:
    memory.ingest(garden(tmp_path, "first", 300))
    stop = tmp_path / "stop"
    command = [sys.executable, "-c", READ, str(memory.store), str(stop)]
    environment = {**os.environ, "WORKBENCH_CACHE": str(memory.settings.cache)}
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        for _ in range(READERS)
    ]
    yield processes, stop
    for process in processes:
        process.kill()
        process.communicate()


def test_readers_see_old_or_new_and_never_half_while_imports_publish(
    memory: Workbench, readers: tuple[list[subprocess.Popen[str]], Path], tmp_path: Path
) -> None:
    processes, stop = readers
    for name in ("second", "third"):
        memory.ingest(garden(tmp_path, name, 300))
        time.sleep(1.5)  # let every reader search the new generation: what is tested is what they see meanwhile
    stop.touch()
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        report = json.loads(out)
        generations = [generation for generation, _ in report["seen"]]
        assert generations == sorted(set(generations))
        assert {tuple(state) for state in report["seen"]} <= {(1, 600), (2, 1200), (3, 1800)}
        assert report["seen"][-1] == [3, 1800]
        assert report["searches"] > 3


def test_a_killed_import_loses_nothing_committed_and_leaves_nothing_half_made(tmp_path: Path, cache: Path) -> None:
    """kill -9 at 20 random moments of an import; each time the next process opens the store and finds it whole."""
    randomness = random.Random(20)
    store = tmp_path / "store"
    exports = [garden(tmp_path, f"part-{i}", 400) for i in range(KILLS)]
    settings = Settings(store=store, cache=cache, ray="off")
    begun = time.perf_counter()
    assert not kill_an_import(garden(tmp_path, "base", 400), store, cache, after=120)
    whole = time.perf_counter() - begun
    committed, killed = 800, 0
    for number, export in enumerate(exports):
        killed += kill_an_import(export, store, cache, after=whole * randomness.uniform(0.3, 1.0))
        with Workbench(settings) as memory:
            assert [finding for finding in memory.verify() if not finding.ok] == [], f"after kill {number}"
            assert memory.search("reminder about the garden").hits
        with connect_read_only(store / RECORD_FILE) as record:
            messages = record.value("SELECT count(*) FROM messages")
        assert messages >= committed, f"after kill {number}"
        assert messages % 2 == 0  # a batch is there whole or not at all
        committed = messages
    assert killed >= KILLS // 2, "the imports ended before they could be killed"
    with Workbench(settings) as memory:
        memory.ingest(*exports)
        assert memory.stats().counts["messages"] == 800 + KILLS * 800
        assert memory.stats().counts["pending"] == 0
        assert memory.ingest(*exports).rows_written == 0
        assert [finding for finding in memory.verify() if not finding.ok] == []


def kill_an_import(export: Path, store: Path, cache: Path, *, after: float) -> bool:
    """Start an import and kill it `after` seconds; whether it was still running then."""
    command = [sys.executable, "-m", "workbench", "ingest", str(export), "--store", str(store), "--ray", "off"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "WORKBENCH_CACHE": str(cache)}
    )
    try:
        process.wait(timeout=after)
        return False
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
