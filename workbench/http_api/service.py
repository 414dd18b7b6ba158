"""What all routes share: the generation that is being read, the searches that wait, the answers that are kept."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from workbench.errors import StoreError, WorkbenchError
from workbench.http_api.batching import Batcher
from workbench.http_api.options import ServiceOptions
from workbench.model import Query, SearchResult
from workbench.search.cache import Cache
from workbench.snapshot import current_manifest
from workbench.workspace import Workbench

_LOOK_SECONDS = 0.5


@dataclass(slots=True)
class _Held:
    """A generation that is open. It is closed when a newer one has taken its place and nobody reads it any more."""

    memory: Workbench
    readers: int = 0
    retired: bool = False


class Service:
    """One worker process' share of the service. Made in the event loop's thread, and used from there."""

    def __init__(self, options: ServiceOptions) -> None:
        self.options = options
        self.answers: Cache[bytes] | None = None
        if options.cached:
            self.answers = Cache(len, capacity_bytes=options.cache_bytes, ttl_seconds=options.cache_ttl)
        self._held = _Held(Workbench.open(options.store))
        self._batcher = Batcher(self._search_many)
        self._watching: asyncio.Task[None] | None = None

    @property
    def memory(self) -> Workbench:
        """The newest generation. To be used at once; what awaits or runs in a thread takes `reading`."""
        return self._held.memory

    @property
    def version(self) -> str:
        """What every answer depends on."""
        return str(self.memory.snapshot.generation)

    @contextmanager
    def reading(self) -> Iterator[Workbench]:
        """A generation that stays open, whatever is published meanwhile, until the block ends."""
        held = self._held
        held.readers += 1
        try:
            yield held.memory
        finally:
            held.readers -= 1
            _close_if_left(held)

    async def search(self, query: Query) -> SearchResult:
        """The answer to one query, searched together with those that wait beside it.

        Raises:
            WorkbenchError: What the search raises for this query.
        """
        return await self._batcher.search(query)

    def _search_many(self, queries: Sequence[Query]) -> Sequence[SearchResult | WorkbenchError]:
        return self.memory.engine.search_many(queries)

    async def start(self) -> None:
        """Load what the first search would have to wait for, and begin to look out for newer generations."""
        _warm_up(self.memory)
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Let go of everything."""
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
        gc.unfreeze()
        self._held.retired = True
        _close_if_left(self._held)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            manifest = await run_in_threadpool(current_manifest, self.options.store)
            if manifest is not None and manifest.generation != self.memory.snapshot.generation:
                with suppress(StoreError):  # swept away by a still newer one: that is found at the next look
                    await self._move_on()

    async def _move_on(self) -> None:
        """Open the newest generation beside the one in use, then exchange them."""
        newer = Workbench.open(self.options.store)
        await run_in_threadpool(_warm_up, newer)
        before, self._held = self._held, _Held(newer)
        before.retired = True
        _close_if_left(before)


def _close_if_left(held: _Held) -> None:
    if held.retired and held.readers == 0:
        held.memory.close()


def _warm_up(memory: Workbench) -> None:
    """Search once, and take what that loaded out of the garbage collector's rounds."""
    memory.engine.search(Query("warm up", plain=True))
    gc.collect()
    gc.freeze()
