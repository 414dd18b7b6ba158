"""The last minute of one process, second by second, in a mapped file that the other processes read.

Latencies are counted in buckets whose bounds grow by 2 %: what is read from them is at most 1 % off.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SECONDS = 60
_SLOTS = 64
_RECENT = 10  # seconds over which the rate of requests is taken
_EDGES = np.geomspace(1e-6, 60.0, 906)  # a factor of 1.02 from a microsecond to a minute
_MIDDLES = np.sqrt(_EDGES[:-1] * _EDGES[1:])
_SLOT = np.dtype(
    [
        ("second", "<i8"), ("requests", "<u4"), ("queries", "<u4"), ("query_seconds", "<f8"),
        ("searches", "<u4", (len(_MIDDLES),)),
    ]
)  # fmt: skip
_PATTERN = "window_*.bin"


@dataclass(frozen=True, slots=True)
class LastMinute:
    """What all processes did in the last minute.

    The percentiles are milliseconds of searches, `query_ms` the mean of reads of the database, each None where there
    was none; `requests_per_second` is taken over the last ten whole seconds.
    """

    searches: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    query_ms: float | None
    requests_per_second: float


class Window:
    """The last minute of this process, for one thread at a time."""

    def __init__(self, folder: Path, process: int) -> None:
        path = folder / f"window_{process}.bin"
        unfinished = path.with_suffix(".new")
        unfinished.write_bytes(bytes(_SLOTS * _SLOT.itemsize))
        unfinished.rename(path)
        self._slots = np.memmap(path, dtype=_SLOT, mode="r+", shape=(_SLOTS,))

    def add(self, now: float, requests: int, searches: NDArray[np.float64], queries: NDArray[np.float64]) -> None:
        """Count what has just happened, at the Unix time `now`; latencies in seconds."""
        second = int(now)
        slot = self._slots[second % _SLOTS]
        if slot["second"] != second:
            slot["second"] = 0
            for name in ("requests", "queries", "query_seconds", "searches"):
                slot[name] = 0
            slot["second"] = second
        slot["requests"] += requests
        slot["queries"] += len(queries)
        slot["query_seconds"] += queries.sum()
        if len(searches):
            places = np.clip(np.searchsorted(_EDGES, searches) - 1, 0, len(_MIDDLES) - 1)
            slot["searches"] += np.bincount(places, minlength=len(_MIDDLES)).astype(np.uint32)


def last_minute(folder: Path, now: float) -> LastMinute:
    """All processes together, those that ended within the minute included."""
    slots = [np.fromfile(path, dtype=_SLOT) for path in folder.glob(_PATTERN)]
    every = np.concatenate(slots) if slots else np.empty(0, _SLOT)
    age = int(now) - every["second"]
    recent = every[(age >= 0) & (age < SECONDS)]
    counts = recent["searches"].sum(axis=0, dtype=np.int64)
    queries = int(recent["queries"].sum())
    p50, p95, p99 = (_percentile(counts, share) for share in (0.50, 0.95, 0.99))
    whole = every[(age >= 1) & (age <= _RECENT)]
    return LastMinute(
        searches=int(counts.sum()),
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        query_ms=float(recent["query_seconds"].sum()) * 1000 / queries if queries else None,
        requests_per_second=int(whole["requests"].sum()) / _RECENT,
    )


def _percentile(counts: NDArray[np.int64], share: float) -> float | None:
    """The nearest-rank percentile in milliseconds."""
    total = int(counts.sum())
    if not total:
        return None
    rank = int(np.ceil(share * total))
    return float(_MIDDLES[int(np.searchsorted(np.cumsum(counts), rank))]) * 1000
