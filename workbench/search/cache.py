"""Answers and query vectors kept for a while.

Keys hold everything that an answer depends on: the generation, the model, the ranking's constants and the query. So a
publish invalidates by key: what was cached of an older generation is never asked for again, and ages out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from cachetools import TTLCache

Value = TypeVar("Value")
DEFAULT_TTL = 300.0  # seconds
DEFAULT_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CacheStatistics:
    """What a cache did since it was made. `bytes` and `entries` are now; `evicted` counts entries put out for room."""

    hits: int
    misses: int
    evicted: int
    entries: int
    bytes: int
    capacity_bytes: int
    ttl_seconds: float

    @property
    def hit_ratio(self) -> float:
        """Share of lookups that were answered, 0 before the first."""
        return self.hits / max(1, self.hits + self.misses)


class Cache(Generic[Value]):
    """Least recently used entries go when `capacity_bytes` are full, all go after `ttl_seconds`. For any thread.

    `size_of` says how many bytes a value takes. A value larger than a tenth of the capacity is not kept.
    """

    def __init__(
        self,
        size_of: Callable[[Value], int],
        *,
        capacity_bytes: int = DEFAULT_BYTES,
        ttl_seconds: float = DEFAULT_TTL,
        timer: Callable[[], float] | None = None,
    ) -> None:
        timing = {} if timer is None else {"timer": timer}
        self._entries: TTLCache[Hashable, tuple[Value, int]] = TTLCache(
            capacity_bytes, ttl_seconds, getsizeof=lambda entry: entry[1], **timing
        )
        self._size_of = size_of
        self._lock = threading.Lock()
        self._capacity, self._ttl = capacity_bytes, ttl_seconds
        self._hits = self._misses = self._evicted = 0

    def __contains__(self, key: Hashable) -> bool:
        """Whether something is kept under `key`; counted neither as a hit nor as a miss."""
        with self._lock:
            return key in self._entries

    def get(self, key: Hashable) -> Value | None:
        """What is kept under `key`, None if there is nothing (any more)."""
        with self._lock:
            try:
                value = self._entries[key][0]
            except KeyError:
                self._misses += 1
                return None
            self._hits += 1
            return value

    def put(self, key: Hashable, value: Value) -> None:
        """Keep `value` under `key`."""
        size = max(1, self._size_of(value))
        if size > self._capacity // 10:
            return
        with self._lock:
            self._entries.expire()
            before = len(self._entries) - (key in self._entries)
            self._entries[key] = (value, size)
            self._evicted += before + 1 - len(self._entries)

    def clear(self) -> int:
        """Forget everything; how many entries that were."""
        with self._lock:
            count = len(self._entries)
            self._entries.clear()
            return count

    def statistics(self) -> CacheStatistics:
        """Counts since the cache was made."""
        with self._lock:
            self._entries.expire()
            return CacheStatistics(
                self._hits, self._misses, self._evicted, len(self._entries), int(self._entries.currsize),
                self._capacity, self._ttl,
            )  # fmt: skip
