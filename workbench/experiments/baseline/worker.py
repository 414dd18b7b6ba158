"""The process that does the work which is timed, with whichever version of Workbench stands first on its path.

It is started as a script, from this checkout, with PYTHONPATH naming the checkout to be measured: so that an older
version, which has no such module, can be measured too. Of Workbench it uses the facade alone.

    python -P worker.py GIVEN SLOW_DOWN

GIVEN is a JSON file: what to work on. When it is ready it says so in a line of JSON; then it reads which block to do,
a JSON object a line, and answers each with a line.
"""

from __future__ import annotations

import gc
import json
import os
import sqlite3
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import numpy as np

BATCH = 8
REPEATED = "search, repeated"
_WARM = 20  # operations of each workload before anything is timed
_WARM_SECONDS = 0.15  # or fewer, where they take that long
_REFERENCE_ROWS = 2_000
Operation = Callable[[int], object]
"""Does the n-th operation of a workload; the same n is the same work in every process."""


class Work:
    """The workloads, ready to be done block by block."""

    def __init__(self, given: Mapping[str, Any], slow_down: float) -> None:
        # By name: which version stands on the path is not this package's to know.
        workbench = import_module("workbench.workspace").Workbench
        query, settings = import_module("workbench.model").Query, import_module("workbench.settings").Settings

        self._slow_down = slow_down
        self._wanted: Sequence[str] = given["workloads"]
        memory = workbench.open(Path(given["store"]))
        # Each way to search has queries of its own: none finds the vector of another in the cache.
        distinct, filtered, batched = (given["queries"][start::3] or given["queries"] for start in range(3))
        popular, filters = given["popular"], given["filters"]
        conversations, export, scratch = given["conversations"], Path(given["export"]), Path(given["scratch"])
        cache = Path(given["cache"])
        engine, embedder = memory.engine, memory.engine.embedder
        if embedder is None:
            raise ValueError("the model that the store was made with cannot be loaded")

        def ingest(number: int) -> None:
            store = scratch / f"{os.getpid()}-{number}-{time.monotonic_ns()}"
            with workbench(settings(store=store, cache=cache, ray="off")) as fresh:
                fresh.ingest(export)

        self._operations: dict[str, Operation] = {
            "search, distinct": lambda n: memory.search(_at(distinct, n)),
            REPEATED: lambda n: memory.search(_at(popular, n)),
            "search, filtered": lambda n: memory.search(_at(filtered, n), **filters),
            f"search, {BATCH} at once": lambda n: engine.search_many(
                [query(_at(batched, n * BATCH + place)) for place in range(BATCH)]
            ),
            "embed a query": lambda n: embedder.embed([_at(distinct, n)]),
            "read a conversation": lambda n: memory.conversation(_at(conversations, n)),
            "ingest": ingest,
        }
        self._reference = Reference()
        self.warm_up()

    def warm_up(self) -> None:
        """Do each workload a few times, the popular queries all, so that caches are as they will be."""
        for name in self._wanted:
            begun = time.perf_counter()
            for number in range(_WARM):
                self._operations[name](-1 - number)
                if time.perf_counter() - begun > _WARM_SECONDS and name != REPEATED:
                    break
        self._reference(1)
        gc.collect()
        gc.freeze()  # what is there by now is walked by no collection in a timed block

    def block(self, workload: str, first: int, count: int) -> tuple[float, float]:
        """Processor and wall seconds of `count` operations, from the `first` on."""
        operation = self._operations[workload]
        wall, cpu = time.perf_counter(), time.process_time()
        for number in range(first, first + count):
            operation(number)
        if self._slow_down:
            _burn(cpu + (time.process_time() - cpu) * (1 + self._slow_down))
        return time.process_time() - cpu, time.perf_counter() - wall

    def reference(self, count: int) -> tuple[float, float]:
        """Processor and wall seconds of `count` rounds of the reference."""
        wall, cpu = time.perf_counter(), time.process_time()
        self._reference(count)
        return time.process_time() - cpu, time.perf_counter() - wall


class Reference:
    """Work of the kinds that a search does, without any code of ours: what it takes tells how fast the machine is.

    Words looked up in a dict and joined, arrays gathered and sorted, a matrix multiplied, an aggregate of SQLite.
    """

    def __init__(self) -> None:
        random = np.random.default_rng(7)
        self._words = [f"word{number:x}" for number in random.integers(0, 50_000, 4_000).tolist()]
        self._counts = {word: number for number, word in enumerate(self._words)}
        self._scores = random.random(400_000, dtype=np.float32)
        self._places = random.integers(0, len(self._scores), 20_000)
        self._matrix = random.random((256, 256), dtype=np.float32)
        self._rows = sqlite3.connect(":memory:", check_same_thread=False)
        self._rows.execute("CREATE TABLE t (k INTEGER, v REAL)")
        rows = random.integers(0, 50, _REFERENCE_ROWS).tolist()
        self._rows.executemany("INSERT INTO t VALUES (?, ?)", ((key, key * 0.5) for key in rows))

    def __call__(self, count: int) -> None:
        """Do it `count` times."""
        for _ in range(count):
            " ".join(sorted(word for word in self._words if self._counts[word] % 3))
            np.argsort(self._scores[self._places])
            self._matrix @ self._matrix
            self._rows.execute("SELECT k, sum(v) FROM t GROUP BY k ORDER BY 2").fetchall()


def _at(values: Sequence[Any], number: int) -> Any:
    return values[number % len(values)]


def _burn(until: float) -> None:
    """Use the processor up to so many seconds of processor time of this process."""
    while time.process_time() < until:
        sum(range(50))


def serve(given: Mapping[str, Any], slow_down: float, lines: IO[str], out: IO[str]) -> None:
    """Get ready, say so, and do blocks until there are no more lines. What goes wrong is said, and ends it."""

    def say(what: Mapping[str, Any]) -> None:
        out.write(json.dumps(what) + "\n")
        out.flush()

    try:
        work = Work(given, slow_down)
        code = import_module("workbench.workspace").__file__ or ""
        say({"code": str(Path(code).resolve().parents[2])})
        for line in lines:
            asked = json.loads(line)
            if asked["workload"] is None:
                cpu, wall = work.reference(asked["count"])
            else:
                cpu, wall = work.block(asked["workload"], asked["first"], asked["count"])
            say({"cpu": cpu, "wall": wall})
    except Exception as error:  # noqa: BLE001 - the parent tells the person
        traceback.print_exc()
        say({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints must not stand among the answers
    serve(json.loads(Path(sys.argv[1]).read_bytes()), float(sys.argv[2]), sys.stdin, answers)
    os._exit(0)  # what it holds is the system's to take back: that takes no time
