"""The most memory that a peer took: proportional set size of its process, its children, and its server.

Shared pages (mapped files, the buffers of a database server) count once, divided among those that share them: unique
set size would leave them out, resident set size would count them once for each process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import psutil

from workbench.experiments.load.processes import family

_SECONDS = 1.0


class MemoryPeak:
    """Samples each second from a thread of its own for as long as the `with` block lasts. `bytes` is the largest sum.

    `server` gives the process id of a server beside the process `pid`, None while there is none.
    """

    def __init__(self, pid: int, server: Callable[[], int | None], *, every: float = _SECONDS) -> None:
        self.bytes = 0
        self._pid, self._server, self._every = pid, server, every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory-peak", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def sample(self) -> None:
        """Look once."""
        server = self._server()
        processes = family(self._pid) + (family(server) if server else [])
        self.bytes = max(self.bytes, sum(_proportional(one) for one in processes))

    def _watch(self) -> None:
        self.sample()
        while not self._stop.wait(self._every):
            self.sample()


def _proportional(process: psutil.Process) -> int:
    try:
        found = process.memory_full_info()
        return int(getattr(found, "pss", found.rss))  # only Linux knows it
    except psutil.Error:
        return 0  # it ended meanwhile


def processor_seconds(pid: int) -> float:
    """Processor time of a process, of its descendants, and of those that have ended and were waited for."""
    total = 0.0
    for process in family(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total
