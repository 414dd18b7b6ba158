"""Memory, processor time and connections of a process and all its children, sampled while it works."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psutil

_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of all processes of a service together.

    `unique` (USS) is what would be freed if they ended, `resident` (RSS) counts shared pages once for each process.
    Each is the largest of the samples.
    """

    processes: int
    unique: int
    resident: int
    samples: int


def family(pid: int) -> list[psutil.Process]:
    """The process and all its descendants that still run."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def processor_seconds(pid: int) -> float:
    """Seconds of processor time, user and system, that the process and its running descendants have used."""
    total = 0.0
    for process in family(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def connections(pid: int, port: int) -> tuple[int, ...]:
    """How many open connections to `port` each process of a service holds, the most first; those with none left out.

    Workers that share one listening socket take connections as they come, and keep them: seldom the same number each.
    """
    counts = []
    for process in family(pid):
        try:
            held = process.net_connections("tcp")
        except psutil.NoSuchProcess:
            continue
        counts.append(sum(one.status == psutil.CONN_ESTABLISHED and one.laddr.port == port for one in held))
    return tuple(sorted((count for count in counts if count), reverse=True))


class MemoryWatch:
    """Samples a service each second from a thread of its own, for as long as the `with` block lasts."""

    def __init__(self, pid: int, *, every: float = _SECONDS) -> None:
        self._pid, self._every = pid, every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory-watch", daemon=True)
        self._peak = Memory(0, 0, 0, 0)

    @property
    def peak(self) -> Memory:
        """The largest figures so far."""
        return self._peak

    def __enter__(self) -> Self:
        self.sample()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def sample(self) -> None:
        """Look once."""
        unique = resident = processes = 0
        for process in family(self._pid):
            try:
                info = process.memory_full_info()
            except psutil.NoSuchProcess:
                continue  # it ended between being listed and being looked at
            unique, resident, processes = unique + info.uss, resident + info.rss, processes + 1
        peak = self._peak
        self._peak = Memory(
            max(peak.processes, processes), max(peak.unique, unique), max(peak.resident, resident), peak.samples + 1
        )

    def _watch(self) -> None:
        while not self._stop.wait(self._every):
            self.sample()
