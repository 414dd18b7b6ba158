"""Memories kept and recalled: how fast, and whether what was acknowledged outlives kill -9."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.errors import WorkbenchError
from workbench.experiments.load.histogram import Latency, latency_of
from workbench.experiments.load.job import LoadSamples
from workbench.experiments.load.service import HOST, Service, free_port
from workbench.experiments.service_load.loads import (
    CREATED,
    ENCODE,
    RECALL,
    Outcome,
    load,
    memory_of,
    service,
    to_encode,
    to_recall,
)
from workbench.model import NewMemory
from workbench.snapshot import open_snapshot
from workbench.snapshot.tail import JournalTail

_CONNECTIONS = 16
_WRITERS = 8
_MOST_PER_SECOND = 4_000
_RECALLED = 100


@dataclass(frozen=True, slots=True)
class Mixed:
    """Encodes and recalls turn by turn at `rate` a second; latencies count from when each was due."""

    rate: float
    seconds: float
    outcome: Outcome
    encode: Latency
    recall: Latency


@dataclass(frozen=True, slots=True)
class Killed:
    """`acknowledged` memories before and after the service was killed; how many of them were not in the store then.

    Of `recalled` of them, `not_recalled` were not among the first ten that a recall of their text gave.
    """

    acknowledged: int
    before_the_kill: int
    lost: int
    recalled: int
    not_recalled: int


def mixed(store: Path, queries: Sequence[str], rate: float, seconds: float, workers: int) -> Mixed:
    """Keep and recall at a constant rate. The store is changed."""
    warmup = min(2.0, seconds / 4)
    count = int(rate * (seconds + warmup + 1)) + 2
    chosen = [queries[number % len(queries)] for number in range(count)]
    targets = [RECALL if number % 2 else ENCODE for number in range(count)]
    bodies = [to_recall(one) if number % 2 else to_encode(number, one) for number, one in enumerate(chosen)]
    with service(store, workers) as started:
        samples = load(
            started.port, targets, _CONNECTIONS, seconds, rate=rate, warmup=warmup, bodies=bodies, good=(200, CREATED)
        )  # fmt: skip
    took = samples.done - samples.scheduled
    encoded = samples.number % 2 == 0
    return Mixed(rate, seconds, Outcome.of([samples]), latency_of(took[encoded]), latency_of(took[~encoded]))


def kill(store: Path, queries: Sequence[str], seconds: float, workers: int) -> Killed:
    """Keep memories for `seconds`, kill the service with all its processes in the midst, and start it again.

    The store is changed.
    """
    port = free_port()
    count = int(seconds * _MOST_PER_SECOND)
    texts = [queries[number % len(queries)] for number in range(count)]
    bodies = [to_encode(number, text) for number, text in enumerate(texts)]
    found: list[LoadSamples] = []

    def write() -> None:
        found.append(load(port, [ENCODE] * count, _WRITERS, seconds, bodies=bodies, good=(CREATED,)))

    with ExitStack() as stack:
        doomed = stack.enter_context(ExitStack())
        victim = doomed.enter_context(service(store, workers, port=port))
        writing = threading.Thread(target=write)
        writing.start()
        time.sleep(seconds / 2)
        _kill(victim, doomed)
        stack.enter_context(service(store, workers, port=port))
        writing.join()
        samples = found[0]
        kept = [NewMemory(memory_of(int(one), texts[one]), "experiment") for one in samples.number.tolist()]
        there = _remembered(store)
        lost = [one for one in kept if one.id not in there]
        some = kept[:: max(1, len(kept) // _RECALLED)][:_RECALLED]
        missed = [one for one in some if not _is_recalled(port, one)]
    away = np.diff(samples.done)  # nothing was answered while it was not there
    before = int(away.argmax()) + 1 if len(away) else len(kept)
    return Killed(len(kept), before, len(lost), len(some), len(missed))


def _kill(victim: Service, doomed: ExitStack) -> None:
    """Kill all processes of the service at once: they are a group of their own."""
    os.killpg(victim.pid, signal.SIGKILL)
    with suppress(WorkbenchError):  # it says that the service has ended, which is as it should be
        doomed.close()


def _remembered(store: Path) -> set[str]:
    """The ids of all messages that a search of the store looks through, memories not yet published among them."""
    with open_snapshot(store) as snapshot:
        return {str(one, "ascii") for one in JournalTail(snapshot, None).view().texts.ids.tolist()}


def _is_recalled(port: int, memory: NewMemory) -> bool:
    request = urllib.request.Request(
        f"http://{HOST}:{port}{RECALL}", to_recall(memory.content).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return any(hit["content"] == memory.content for hit in json.load(answer)["contexts"])
