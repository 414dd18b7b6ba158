"""Many clients at once, in the process of the peer or in several: each asks again as soon as it has its answer."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np

from workbench.errors import ServiceError
from workbench.experiments.load.histogram import Latency, latency_of
from workbench.experiments.peers.adapters import peer
from workbench.experiments.peers.peer import Crowd, Ids, Question
from workbench.experiments.peers.questions import Questions

_START_SECONDS = 120.0
_WARM = 20
Search = Callable[[Sequence[Question]], Sequence[Ids]]


@dataclass(frozen=True, slots=True)
class Crowded:
    """So many clients together: answers a second, and how long each client waited. `failures` by kind."""

    clients: int
    crowd: Crowd
    answers: int
    seconds: float
    per_second: float
    latency: Latency
    failures: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loop:
    """What one process saw: seconds that each answer took, how long all of it went on, and what failed."""

    waited: list[float]
    seconds: float
    failures: dict[str, int]


def closed_loop(
    search: Search, questions: Sequence[Question], *, clients: int, seconds: float, crowd: Crowd, first: int = 0
) -> Loop:
    """Let `clients` ask for `seconds`, served by the threads of `crowd`; a client's wait for a thread counts.

    Queries are taken in turn from `first` on, and from the beginning again.
    """
    waiting: SimpleQueue[float] = SimpleQueue()
    numbers, waited, failed = count(first), list[float](), list[str]()
    begun = time.perf_counter()
    for _ in range(clients):
        waiting.put(begun)

    def work() -> None:
        while time.perf_counter() - begun < seconds:
            asked = _taken(waiting, crowd.batch)
            batch = [questions[next(numbers) % len(questions)] for _ in asked]
            try:
                search(batch)
            except Exception as error:  # noqa: BLE001 - it is part of the result
                failed.append(f"{type(error).__name__}: {str(error)[:120]}")
            else:
                done = time.perf_counter()
                waited.extend(done - since for since in asked)
            for _ in asked:
                waiting.put(time.perf_counter())

    workers = [threading.Thread(target=work) for _ in range(crowd.threads or clients)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return Loop(waited, time.perf_counter() - begun, dict(Counter(failed)))


def _taken(waiting: SimpleQueue[float], most: int) -> list[float]:
    """Since when up to `most` clients wait; one at least."""
    taken = [waiting.get()]
    try:
        while len(taken) < most:
            taken.append(waiting.get_nowait())
    except Empty:
        pass
    return taken


def crowded(name: str, folder: Path, work: Path, *, clients: int, seconds: float) -> Crowded:
    """Measure the peer `name`, built in `folder`, with the queries in `work`, in processes of its own.

    Raises:
        ServiceError: One of the processes died.
    """
    crowd = peer(name).crowd
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(min(crowd.processes, clients))
    ends, processes = [], []
    for number in range(barrier.parties):
        mine = clients // barrier.parties + (number < clients % barrier.parties)
        ours, theirs = context.Pipe(duplex=False)
        arguments = (name, folder, work, mine, seconds, number / barrier.parties, barrier, theirs)
        processes.append(context.Process(target=_client_process, args=arguments))
        processes[-1].start()
        theirs.close()
        ends.append(ours)
    loops = [_received(end) for end in ends]
    for process in processes:
        process.join()
    waited = np.array([one for loop in loops for one in loop.waited])
    longest = max(loop.seconds for loop in loops)
    failures = sum((Counter(loop.failures) for loop in loops), Counter[str]())
    return Crowded(clients, crowd, len(waited), longest, len(waited) / longest, latency_of(waited), dict(failures))


def _client_process(
    name: str, folder: Path, work: Path, clients: int, seconds: float, offset: float, barrier: Any, end: Any
) -> None:
    questions = Questions.read(work).asked()
    searcher = peer(name).open(folder)
    first = int(offset * len(questions))
    closed_loop(searcher.search, questions, clients=clients, seconds=1.0, crowd=peer(name).crowd, first=first + 7)
    searcher.search(questions[:_WARM])
    barrier.wait(_START_SECONDS)
    end.send(
        closed_loop(searcher.search, questions, clients=clients, seconds=seconds, crowd=peer(name).crowd, first=first)
    )
    searcher.close()


def _received(end: Any) -> Loop:
    try:
        loop: Loop = end.recv()
    except EOFError as error:
        raise ServiceError("a process with clients died", "", "its message is above") from error
    return loop
