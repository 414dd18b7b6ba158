"""What all experiments on the service share: a store that may be changed, services on it, and what came of a load."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from workbench.experiments.load.arrivals import constant, due_times
from workbench.experiments.load.generator import run_load
from workbench.experiments.load.job import LoadJob, LoadSamples
from workbench.experiments.load.processes import family
from workbench.experiments.load.queries import search_targets
from workbench.experiments.load.service import HOST, Service, free_port, running, workbench_command
from workbench.record import WriterLock
from workbench.snapshot.generations import link_or_copy, snapshots_folder

ENCODE, RECALL = "/api/v1/encode", "/api/v1/recall"
CREATED = 201


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of requests: how many were answered, and by kind how many were not."""

    answered: int
    errors: dict[str, int]

    @classmethod
    def of(cls, parts: Iterable[LoadSamples]) -> Outcome:
        """All of several loads together."""
        answered, errors = 0, Counter[str]()
        for one in parts:
            answered += len(one.done)
            errors.update(one.errors)
        return cls(answered, dict(errors))


@contextmanager
def service(store: Path, workers: int, *options: str, cache: bool = False, port: int = 0) -> Iterator[Service]:
    """`workbench serve`, ready."""
    port = port or free_port()
    command = workbench_command(store, port, workers, *options, cache=cache)
    with running("workbench", command, port, workers) as started:
        yield started


def copy_store(store: Path, folder: Path) -> Path:
    """A copy in `folder` that may be changed. Its generations, which nobody changes, are shared with the store.

    Raises:
        StoreLockedError: Somebody is writing to the store.
    """
    target = folder / "store"
    with WriterLock(store):
        for path in store.rglob("*"):
            if path.is_dir() or path.name == "writer.lock":
                continue
            there = target / path.relative_to(store)
            there.parent.mkdir(parents=True, exist_ok=True)
            if path.parent != snapshots_folder(store) and path.is_relative_to(snapshots_folder(store)):
                link_or_copy(path, there)
            else:
                shutil.copy2(path, there)
    return target


def searches(queries: Sequence[str], count: int, *, timeout_ms: float | None = None) -> list[str]:
    """`count` targets that ask for `queries`, over and over."""
    more = "" if timeout_ms is None else f"&timeout_ms={timeout_ms:g}"
    return [target + more for target in islice(cycle(search_targets(list(queries))), count)]


def memory_of(number: int, query: str) -> str:
    """The text of the memory that an experiment keeps as its `number`-th; each is another."""
    return f"Experiment {number}: {query}"


def to_encode(number: int, query: str) -> str:
    """What is sent to keep it."""
    return json.dumps({"content": memory_of(number, query), "category": "experiment", "labels": ["bench"]})


def to_recall(query: str) -> str:
    """What is sent to recall by a query."""
    return json.dumps({"query": query, "k": 10})


def load(
    port: int, targets: Sequence[str], connections: int, seconds: float, *, rate: float = 0.0, warmup: float = 0.0,
    bodies: Sequence[str] = (), good: Sequence[int] = (200,),
) -> LoadSamples:  # fmt: skip
    """Put one load on the service at `port`."""
    due = due_times(constant(rate, seconds, warmup=warmup)).tolist() if rate else ()
    return run_load(LoadJob(HOST, port, targets, connections, seconds, warmup, due, bodies=bodies, good=good))


def unique_bytes(pid: int) -> int:
    """Memory that would be free if the process and its descendants ended (USS)."""
    return sum(process.memory_full_info().uss for process in family(pid))
