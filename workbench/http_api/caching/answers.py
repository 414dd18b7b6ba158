"""The answers of the service, kept as the bytes that are sent: in this process, and behind it in a shared cache.

A key is (version, what was asked). The version names generation and newest memory, so that what was kept of an older
one is never asked for again and ages out. Equal queries that wait together are searched once by the Batcher.
"""

from __future__ import annotations

from collections import OrderedDict

from workbench.http_api.caching.shared_cache import SharedCache
from workbench.search.cache import DEFAULT_BYTES, DEFAULT_TTL, Cache, CacheStatistics

Key = tuple[str, bytes]
KIND = "answers"
_REMEMBERED, _LONGEST = 1_000, 2_000  # queries, bytes of one


class Answers:
    """Answers by key. Without `shared` they are kept in this process only."""

    def __init__(
        self,
        *,
        capacity_bytes: int = DEFAULT_BYTES,
        ttl_seconds: float = DEFAULT_TTL,
        shared: SharedCache | None = None,
    ) -> None:
        self._local: Cache[bytes] = Cache(len, capacity_bytes=capacity_bytes, ttl_seconds=ttl_seconds)
        self._ttl = ttl_seconds
        self._shared = shared
        self._recent: OrderedDict[bytes, None] = OrderedDict()
        self.snapshot = ""  # digest of the manifest: generations of one number may differ where a backup was restored
        self.get_local = self._local.get

    async def get(self, key: Key) -> bytes | None:
        """What the shared cache has, for a key that `get_local` has not; from then on it is local."""
        if self._shared is None:
            return None
        found = await self._shared.get(KIND, self._scope(key), key[1])
        if found is not None:
            self._local.put(key, found)
        return found

    def put(self, key: Key, body: bytes) -> None:
        """Keep an answer. Waits for nothing."""
        self._local.put(key, body)
        self._remember(key[1])
        if self._shared is not None:
            self._shared.put(KIND, self._scope(key), key[1], body, self._ttl)

    def holds(self, key: Key) -> bool:
        """Whether the answer is in this process; counted neither as a hit nor as a miss."""
        return key in self._local

    def recent(self, count: int) -> list[bytes]:
        """Up to `count` of what was searched for last, newest first; what came from a cache does not count anew."""
        return list(reversed(self._recent))[:count]

    def clear(self) -> int:
        """Forget the answers of this process, and what was asked; how many entries that were."""
        self._recent.clear()
        return self._local.clear()

    def statistics(self) -> CacheStatistics:
        """Counts of the answers in this process."""
        return self._local.statistics()

    def _scope(self, key: Key) -> str:
        return f"{self.snapshot}:{key[0]}"

    def _remember(self, asked: bytes) -> None:
        if len(asked) <= _LONGEST:
            self._recent[asked] = None
            self._recent.move_to_end(asked)
            if len(self._recent) > _REMEMBERED:
                self._recent.popitem(last=False)
