"""Import, forget, import again while others search: everything returns to what it was, and nothing piles up.

A cycle is: an export is imported; its conversations are forgotten; it is imported again, which must leave them out; and
with the next cycle it is imported so that they come back. The service goes on answering all the time.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from workbench.experiments.corpus import write_corpus
from workbench.experiments.load.job import LoadSamples
from workbench.experiments.load.processes import family
from workbench.experiments.load.service import Service, fetch
from workbench.experiments.runs import LOWER, Figure
from workbench.experiments.service_load.loads import Outcome, copy_store, load, searches, service
from workbench.experiments.stress.commands import workbench
from workbench.experiments.stress.memory import anonymous_bytes, warm_up
from workbench.experiments.stress.plan import CHURN, Ground, ScenarioResult, at_least, at_most
from workbench.snapshot import generations, open_snapshot, verify

IMPORTED, FORGOTTEN, LEFT_OUT = "imported", "forgotten", "left out"
MOST_DISK, MOST_MEMORY = 1.1, 1.3  # times what it was after the first cycle
MOST_FILES = 8  # more open than after the first cycle
MOST_GENERATIONS = 2
_MESSAGES = 200  # of the export
_PART_SECONDS = 3.0
_RATE = 20.0  # searches a second meanwhile
_CONNECTIONS = 8
_NOTICED_SECONDS = 60.0  # a service looks for a new generation twice a second


@dataclass(frozen=True, slots=True)
class Step:
    """The state after one step: messages in the store and how many there should be, bytes on the disk, generations,
    the most files that a process of the service has open, its anonymous memory, and how many of the export's
    conversations the service still finds. `seconds` is what the command took."""

    cycle: int
    step: str
    messages: int
    expected: int
    disk: int
    generations: int
    open_files: int
    memory: int
    found: int
    seconds: float


def churn(ground: Ground) -> ScenarioResult:
    """`plan.cycles` cycles on a copy of the store."""
    plan = ground.plan
    (ground.folder / "churn").mkdir()
    store = copy_store(ground.store, ground.folder / "churn")
    export = ground.folder / "churn" / "export"
    write_corpus(export, _MESSAGES, seed=plan.seed + 1_000, assistants=("claude",))
    with service(store, plan.workers) as started:
        warm_up(started.port, ground.queries)
        churning = _Churning(ground, started, store, export)
        searching = _Searching(started.port, ground.queries)
        searching.start()
        try:
            steps = [step for cycle in range(plan.cycles) for step in churning.cycle(cycle)]
        finally:
            searching.end()
    faults = [asdict(one) for one in verify(store) if not one.ok]
    shutil.rmtree(ground.folder / "churn")
    return _result(steps, Outcome.of(searching.parts), faults)


class _Churning:
    """Does the steps and looks at the store after each."""

    def __init__(self, ground: Ground, started: Service, store: Path, export: Path) -> None:
        self._say, self._started, self._store, self._export = ground.say, started, store, export
        self._before, self._there = _conversations(store)
        self._ids: list[str] = []
        self._query = ""

    def cycle(self, number: int) -> list[Step]:
        """One cycle."""
        back = ("--restore-forgotten",) if number else ()
        ingest = ("ingest", self._export, "--store", self._store, "--ray", "off")
        imported = workbench(*ingest, *back).seconds
        if not number:
            self._remember_what_came()
        full = self._step(number, IMPORTED, self._there + _MESSAGES, imported)
        forgotten = workbench("forget", *self._ids, "--store", self._store, "--yes", good=(0, 3)).seconds
        empty = self._step(number, FORGOTTEN, self._there, forgotten)
        again = workbench(*ingest).seconds
        return [full, empty, self._step(number, LEFT_OUT, self._there, again)]

    def _remember_what_came(self) -> None:
        now, _ = _conversations(self._store)
        self._ids = sorted(now - self._before)
        with open_snapshot(self._store) as snapshot:
            self._query = str(snapshot.catalog.value(
                "SELECT title FROM conversations WHERE id = ?", [self._ids[0]]
            ))  # fmt: skip

    def _step(self, cycle: int, step: str, expected: int, seconds: float) -> Step:
        _wait_until_noticed(self._started, self._store)
        with open_snapshot(self._store) as snapshot:
            messages = snapshot.manifest.counts["messages"]
        found = orjson.loads(fetch(self._started.port, searches([self._query], 1)[0]))["contexts"]
        done = Step(
            cycle, step, messages, expected, _disk(self._store), len(generations.folders(self._store)),
            max(process.num_fds() for process in family(self._started.pid)), anonymous_bytes(self._started.pid),
            sum(hit["conversation_id"] in self._ids for hit in found), seconds,
        )  # fmt: skip
        self._say(
            f"cycle {cycle + 1}, {step}: {messages:,} messages, {done.disk / 1e6:,.0f} MB on the disk, "
            f"{done.open_files} files open, {done.found} of the export found, {seconds:.1f} s"
        )
        return done


class _Searching(threading.Thread):
    """Searches at a constant rate until it is told to end."""

    def __init__(self, port: int, queries: Sequence[str]) -> None:
        super().__init__(name="searching", daemon=True)
        self.parts: list[LoadSamples] = []
        self._port, self._queries = port, queries
        self._told = threading.Event()

    def run(self) -> None:
        """Part of threading.Thread."""
        targets = searches(self._queries, int(_RATE * _PART_SECONDS) + 1, timeout_ms=30_000.0)
        while not self._told.is_set():
            self.parts.append(load(self._port, targets, _CONNECTIONS, _PART_SECONDS, rate=_RATE))

    def end(self) -> None:
        """Let the part that runs be the last."""
        self._told.set()
        self.join()


def _conversations(store: Path) -> tuple[set[str], int]:
    """The ids of all conversations, and the number of messages."""
    with open_snapshot(store) as snapshot:
        ids = {row[0] for row in snapshot.catalog.rows("SELECT id FROM conversations")}
        return ids, snapshot.manifest.counts["messages"]


def _wait_until_noticed(started: Service, store: Path) -> None:
    """Until all workers answer from the newest generation, and older ones are gone; or a minute."""
    wanted = generations.current_generation(store)
    deadline = time.monotonic() + _NOTICED_SECONDS
    while time.monotonic() < deadline:
        served = {orjson.loads(fetch(started.port, "/health"))["generation"] for _ in range(4 * started.workers)}
        if served == {wanted}:
            return
        time.sleep(0.2)


def _disk(store: Path) -> int:
    """Bytes that the store takes; a file with several names counts once."""
    sizes = {}
    for path in store.rglob("*"):
        try:
            found = path.stat()
        except FileNotFoundError:  # an old generation is being removed
            continue
        if path.is_file():
            sizes[found.st_ino] = found.st_blocks * 512
    return sum(sizes.values())


def _result(steps: Sequence[Step], outcome: Outcome, faults: Sequence[Any]) -> ScenarioResult:
    first, last = steps[2], steps[-1]
    emptied = [one for one in steps if one.step != IMPORTED]
    filled = [one for one in steps if one.step == IMPORTED]
    verdicts = (
        at_most(CHURN, "searches that failed", sum(outcome.errors.values()), 0),
        at_least(CHURN, "searches answered meanwhile", outcome.answered, 1),
        at_most(CHURN, "steps after which the number of messages is wrong",
                sum(one.messages != one.expected for one in steps), 0),
        at_most(CHURN, "forgotten conversations that are found", sum(one.found for one in emptied), 0),
        at_most(CHURN, "imports whose conversations are not found", sum(not one.found for one in filled), 0),
        at_most(CHURN, "faults that `workbench verify` finds", len(faults), 0),
        at_most(CHURN, "size on disk against the first cycle", last.disk / first.disk, MOST_DISK, "times"),
        at_most(CHURN, "open files more than after the first cycle", last.open_files - first.open_files, MOST_FILES),
        at_most(CHURN, "generations, most", max(one.generations for one in emptied), MOST_GENERATIONS),
        at_most(CHURN, "memory against the first cycle", last.memory / first.memory, MOST_MEMORY, "times"),
    )  # fmt: skip
    figures = (
        Figure("churn: size on disk", last.disk / 1e6, "MB", LOWER),
        Figure("churn: seconds of a forgetting, longest",
               max(one.seconds for one in steps if one.step == FORGOTTEN), "s", LOWER),
        Figure("churn: searches answered", outcome.answered),
    )  # fmt: skip
    return ScenarioResult(
        CHURN,
        verdicts,
        figures,
        {
            "steps": [asdict(one) for one in steps],
            "faults": list(faults),
            "errors": outcome.errors,
        },
    )
