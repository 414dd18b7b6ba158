"""The caches of one worker process, and how a clear of them reaches all others.

Workers of one store learn of a clear by a file in the store, services elsewhere by the shared cache; both are looked at
every half second, in the background. When something was forgotten, workers learn that in the same way and clear all.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from hashlib import blake2b

from workbench.http_api.caching import answers, query_vectors
from workbench.http_api.caching.answers import Answers
from workbench.http_api.caching.query_vectors import QueryVectors
from workbench.http_api.caching.shared_cache import KINDS, SharedCache
from workbench.http_api.options import ServiceOptions
from workbench.search.cache import CacheStatistics
from workbench.search.store_caches import FORGOTTEN, StoreCaches
from workbench.snapshot import Manifest

_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Cleared:
    """What a clear did: entries of this process, of the shared cache (None: there is none, or it is away).

    `everywhere` says whether all workers of the store clear theirs too, within a second.
    """

    local: int
    shared: int | None
    everywhere: bool


class Caches:
    """Answers (None where none are kept), vectors of queries, and the cache that services share (None without one).

    Raises:
        UsageError: The URL of the shared cache cannot be used.
    """

    def __init__(self, options: ServiceOptions) -> None:
        self._store = StoreCaches(options.store)
        self._seen = {kind: self._store.cleared(kind) for kind in (*KINDS, FORGOTTEN)}
        self._watching: asyncio.Task[None] | None = None
        self.shared: SharedCache | None = None
        if options.redis:
            self.shared = SharedCache(options.redis, self._store.identity(), self._clear_local)
        self.vectors = QueryVectors(self.shared)
        self.answers: Answers | None = None
        if options.cached:
            self.answers = Answers(
                capacity_bytes=options.cache_bytes, ttl_seconds=options.cache_ttl, shared=self.shared
            )

    def use(self, manifest: Manifest) -> None:
        """Say which generation answers come from now."""
        if self.answers is not None:
            files = "".join(sorted(file.digest for file in manifest.files.values()))
            self.answers.snapshot = blake2b(f"{manifest.created_at}{files}".encode(), digest_size=8).hexdigest()

    async def start(self) -> None:
        """Begin to look after clears by others, and to connect to the shared cache."""
        self._watching = asyncio.create_task(self._watch())
        if self.shared is not None:
            await self.shared.start()

    async def stop(self) -> None:
        """Let go of everything."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self.shared is not None:
            await self.shared.stop()

    async def clear(self, kind: str) -> Cleared:
        """Forget all of one kind, in every worker and in the shared cache."""
        everywhere = self._store.clear(kind)
        self._seen[kind] = self._store.cleared(kind)
        local = self._clear_local(kind)
        shared = None if self.shared is None else await self.shared.clear(kind)
        return Cleared(local, shared, everywhere)

    def statistics(self) -> dict[str, CacheStatistics]:
        """Counts of this process, by kind."""
        kept = {} if self.answers is None else {answers.KIND: self.answers.statistics()}
        return {**kept, query_vectors.KIND: self.vectors.statistics()}

    def _clear_local(self, kind: str) -> int:
        if kind == query_vectors.KIND:
            return self.vectors.clear()
        return 0 if self.answers is None else self.answers.clear()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            for kind, seen in self._seen.items():
                now = self._store.cleared(kind)
                if now != seen:
                    self._seen[kind] = now
                    await self._follow(kind)

    async def _follow(self, kind: str) -> None:
        """Clear what another process has cleared: that one looks after the shared cache, unless it has none."""
        for one in KINDS if kind == FORGOTTEN else (kind,):
            self._clear_local(one)
            if kind == FORGOTTEN and self.shared is not None:
                await self.shared.clear(one)
