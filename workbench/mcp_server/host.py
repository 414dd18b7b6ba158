"""What the server works on: who lends it a store, which caches there are, and what it has measured."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from statistics import quantiles
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from workbench.workspace import Workbench

Reading = Callable[[], AbstractAsyncContextManager["Workbench"]]
"""Gives an open store of one generation for the length of an `async with` block."""

_KEPT = 1_000


class Cached(Protocol):
    """A cache that can tell of itself and be emptied."""

    def statistics(self) -> Any:
        """A dataclass of figures."""

    def clear(self) -> int:
        """Forget everything; how many entries that were."""


def query_vectors(memory: Workbench) -> Mapping[str, Cached]:
    """The caches of an engine that nobody else shares."""
    return {"query_vectors": memory.engine.vectors}


def nothing_more() -> Mapping[str, Any]:
    """The figures of a server that runs by itself."""
    return {}


class Timings:
    """How long the last thousand calls of each tool took. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: dict[str, deque[float]] = {}
        self._calls: dict[str, int] = {}
        self._failed: dict[str, int] = {}

    def add(self, tool: str, seconds: float, *, failed: bool) -> None:
        """Note one call."""
        with self._lock:
            self._seconds.setdefault(tool, deque(maxlen=_KEPT)).append(seconds)
            self._calls[tool] = self._calls.get(tool, 0) + 1
            self._failed[tool] = self._failed.get(tool, 0) + failed

    def figures(self) -> dict[str, dict[str, float]]:
        """By tool: calls and failures since the start, and percentiles of the last thousand calls in milliseconds."""
        with self._lock:
            return {tool: self._of(tool) for tool in sorted(self._calls)}

    def _of(self, tool: str) -> dict[str, float]:
        kept = list(self._seconds[tool])
        cuts = quantiles(kept, n=100, method="inclusive") if len(kept) > 1 else kept * 99
        told = {f"p{percent}_ms": round(cuts[percent - 1] * 1000, 3) for percent in (50, 95, 99)}
        return {"calls": self._calls[tool], "failed": self._failed[tool], **told}


@dataclass(frozen=True, slots=True)
class Host:
    """Everything that tools need besides their arguments.

    `caches` names the caches behind an open store, `performance` adds figures of the process that hosts the server.
    """

    reading: Reading
    caches: Callable[[Workbench], Mapping[str, Cached]] = query_vectors
    performance: Callable[[], Mapping[str, Any]] = nothing_more
    timings: Timings = field(default_factory=Timings)
