"""What a process and all its descendants take of the machine, sampled from a thread while they work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import psutil

from workbench.errors import WorkbenchError
from workbench.experiments.load.processes import family

_SECONDS = 1.0
Live = Callable[[], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Resources:
    """One sample of all processes together; `at` is seconds since the watch began.

    `unique` (USS) are the bytes that would be freed if they ended, `resident` (RSS) counts shared pages once for each
    process. `cpu` is the mean number of cores used since the sample before (0 in the first). `connections` are
    established TCP connections. `live` are whatever figures the service itself gave, empty where it gave none.
    """

    at: float
    resident: int
    unique: int
    cpu: float
    threads: int
    open_files: int
    connections: int
    processes: int = 1
    live: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of all processes of a service together, as in `Resources`; each is the largest of the samples."""

    processes: int
    unique: int
    resident: int
    samples: int


class ResourceWatch:
    """Samples a process and its descendants for as long as the `with` block lasts, at its start and end too.

    `live` is called with every sample; where it raises a WorkbenchError that sample has no live figures, which
    `missed` counts. Nothing is sampled once the process has ended.
    """

    def __init__(self, pid: int, *, live: Live | None = None, every: float = _SECONDS) -> None:
        self.samples: list[Resources] = []
        self.missed = 0
        self._pid, self._live, self._every = pid, live, every
        self.begun = 0.0
        self._cpu: dict[int, float] = {}  # processor seconds by process, at the sample before
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="resource-watch", daemon=True)

    @property
    def peak(self) -> Memory:
        """The most memory so far."""
        seen = self.samples
        return Memory(
            max((one.processes for one in seen), default=0), max((one.unique for one in seen), default=0),
            max((one.resident for one in seen), default=0), len(seen),
        )  # fmt: skip

    def __enter__(self) -> Self:
        self.begun = time.perf_counter()
        self._sample()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._sample()

    def _watch(self) -> None:
        due = self.begun
        while not self._stop.wait(max(0.0, (due := due + self._every) - time.perf_counter())):
            self._sample()

    def _sample(self) -> None:
        at = time.perf_counter() - self.begun
        unique = resident = threads = files = connected = 0
        cpu: dict[int, float] = {}
        for process in family(self._pid):
            try:
                memory, times = process.memory_full_info(), process.cpu_times()
                counted = process.num_threads(), process.num_fds(), process.net_connections("tcp")
            except psutil.NoSuchProcess:
                continue  # it ended between being listed and being looked at
            unique, resident = unique + memory.uss, resident + memory.rss
            threads, files = threads + counted[0], files + counted[1]
            connected += sum(one.status == psutil.CONN_ESTABLISHED for one in counted[2])
            cpu[process.pid] = times.user + times.system
        if cpu:
            cores = self._cores(cpu, at)
            self.samples.append(
                Resources(at, resident, unique, cores, threads, files, connected, len(cpu), self._figures())
            )

    def _cores(self, cpu: Mapping[int, float], at: float) -> float:
        """A process that began since the last sample counts from its start, one that ended no more."""
        before, self._cpu = self._cpu, dict(cpu)
        if not self.samples:
            return 0.0
        used = sum(seconds - before.get(pid, 0.0) for pid, seconds in cpu.items())
        return used / max(at - self.samples[-1].at, 1e-9)

    def _figures(self) -> Mapping[str, float]:
        if self._live is None:
            return {}
        try:
            return self._live()
        except WorkbenchError:
            self.missed += 1
            return {}
