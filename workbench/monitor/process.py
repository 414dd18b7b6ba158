"""What this process takes of the machine."""

from __future__ import annotations

from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Usage:
    """`resident` and `private` bytes (private: without what is mapped from files or shared), processor seconds."""

    resident: int
    private: int
    cpu_seconds: float


class ThisProcess:
    """Reads the figures of the process it was made in."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self.started = self._process.create_time()
        """Unix time."""

    def usage(self) -> Usage:
        """The figures now."""
        memory = self._process.memory_info()
        mapped = getattr(memory, "shared", None)  # Linux has it; elsewhere it is worked out, more slowly
        private = self._process.memory_full_info().uss if mapped is None else memory.rss - mapped
        times = self._process.cpu_times()
        return Usage(memory.rss, private, times.user + times.system)
