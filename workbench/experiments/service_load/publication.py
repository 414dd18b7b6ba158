"""New generations, published by imports, while searches go on."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from workbench.errors import WorkbenchError
from workbench.experiments.load.histogram import Latency, latency_of
from workbench.experiments.load.job import LoadSamples
from workbench.experiments.load.processes import family
from workbench.experiments.service_load.loads import Outcome, load, searches, service, unique_bytes

_CONNECTIONS = 24
_PART_SECONDS = 5.0
_NOTICED_SECONDS = 30.0  # a service looks for a new generation twice a second
_MOST_PER_SECOND = 6_000


@dataclass(frozen=True, slots=True)
class Publications:
    """`published` generations while `outcome.answered` searches were answered; `latency` is that of these.

    `served` is the generation that all answers came from at the end, `wanted` the newest. `files` are the most open
    files of one process after the first and after the last, `memory` bytes (USS) of all processes likewise.
    """

    published: int
    seconds: float
    outcome: Outcome
    latency: Latency
    wanted: int
    served: tuple[int, ...]
    files: tuple[int, int]
    memory: tuple[int, int]


def publish_under_load(store: Path, folder: Path, queries: Sequence[str], count: int, workers: int) -> Publications:
    """Import `count` small exports, one after another, while 24 users search. The store is changed.

    Raises:
        WorkbenchError: An import failed.
    """
    with service(store, workers) as started:
        importing = _Importing(store, folder, count, started.pid)
        parts: list[LoadSamples] = []
        begun = time.perf_counter()
        importing.start()
        while importing.is_alive():
            targets = searches(queries, int(_PART_SECONDS * _MOST_PER_SECOND))
            parts.append(load(started.port, targets, _CONNECTIONS, _PART_SECONDS))
        seconds = time.perf_counter() - begun
        importing.join()
        if importing.fault:
            raise WorkbenchError("an import failed", importing.fault)
        wanted = importing.generations[-1]
        served = _served(started.port, wanted, 4 * workers)
    took = np.concatenate([part.done - part.sent for part in parts])
    return Publications(
        len(importing.generations), seconds, Outcome.of(parts), latency_of(took), wanted, served,
        (importing.files[0], importing.files[-1]), (importing.memory[0], importing.memory[-1]),
    )  # fmt: skip


class _Importing(threading.Thread):
    """Imports one small export after another, and looks at the service after each."""

    def __init__(self, store: Path, folder: Path, count: int, pid: int) -> None:
        super().__init__(name="importing", daemon=True)
        self._store, self._folder, self._count, self._pid = store, folder, count, pid
        self.generations: list[int] = []
        self.files: list[int] = []
        self.memory: list[int] = []
        self.fault = ""

    def run(self) -> None:
        """Part of threading.Thread."""
        for number in range(self._count):
            command = [sys.executable, "-m", "workbench", "ingest", str(_export(self._folder, number)), "--ray", "off"]
            command += ["--store", str(self._store), "--json"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                self.fault = (done.stdout + done.stderr).strip()[-500:]
                return
            self.generations.append(int(json.loads(done.stdout)["generation"]))
            time.sleep(1.0)  # time enough to move on to it
            self.files.append(max(process.num_fds() for process in family(self._pid)))
            self.memory.append(unique_bytes(self._pid))


def _served(port: int, wanted: int, count: int) -> tuple[int, ...]:
    """The generations that answers come from, once `wanted` is among them; asked over `count` connections."""
    from workbench.experiments.load.service import fetch

    deadline = time.monotonic() + _NOTICED_SECONDS
    while True:
        found = {int(json.loads(fetch(port, "/health"))["generation"]) for _ in range(count)}
        if found == {wanted} or time.monotonic() > deadline:
            return tuple(sorted(found))
        time.sleep(0.2)


def _export(folder: Path, number: int) -> Path:
    """A Claude export of one conversation."""
    at = datetime.now(UTC).isoformat()
    messages = [
        {"uuid": f"bench-{at}-{i}", "sender": sender, "text": text, "content": [{"type": "text", "text": text}],
         "created_at": at, "attachments": [], "files": []}
        for i, (sender, text) in enumerate([
            ("human", f"What did publication {number} bring?"), ("assistant", f"One conversation, made at {at}."),
        ])
    ]  # fmt: skip
    element: dict[str, Any] = {
        "uuid": f"bench-{at}", "name": f"Publication {number}", "created_at": at, "updated_at": at,
        "chat_messages": messages,
    }  # fmt: skip
    path = folder / f"publication-{number}.json"
    path.write_text(json.dumps([element]), encoding="utf-8")
    return path
