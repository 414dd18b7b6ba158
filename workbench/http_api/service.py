"""What all routes share: the generation that is being read, the searches that wait, the answers that are kept."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from workbench.errors import WorkbenchError
from workbench.http_api.caching.caches import Caches
from workbench.http_api.following import Following
from workbench.http_api.options import ServiceOptions
from workbench.http_api.searching.batching import Batcher, Gone
from workbench.model import Query, SearchResult
from workbench.monitor import Observer, ObserverOptions, corpus_of
from workbench.version import VERSION
from workbench.workspace import Workbench

STARTING, READY, STOPPING = "starting", "ready", "stopping"


class Service:
    """One worker process' share of the service. Made in the event loop's thread, and used from there."""

    def __init__(self, options: ServiceOptions) -> None:
        self.options = options
        self.caches = Caches(options)
        self.answers = self.caches.answers
        self.observer = Observer(
            ObserverOptions(options.metrics, options.log != "off", options.log_queries, VERSION)
        )  # fmt: skip
        self._generations = Following(options.store, self._open, self._moved)
        self._batcher = Batcher(self._search_many, max_pending=options.max_pending)
        self.state = STARTING
        self._counted = ""  # the version that the observer was told of last

    @property
    def memory(self) -> Workbench:
        """The newest generation. To be used at once; what awaits or runs in a thread takes `reading`."""
        return self._generations.memory

    @property
    def version(self) -> str:
        """What every answer depends on."""
        return self.memory.engine.version

    @contextmanager
    def reading(self, kind: str = "other") -> Iterator[Workbench]:
        """A generation that stays open, whatever is published meanwhile, until the block ends. For any thread.

        `kind` names what is read, for the metrics: one of a few fixed words.
        """
        with self._generations.reading() as memory, self.observer.querying(kind):
            yield memory

    async def search(self, query: Query, gone: Gone | None = None, *, endpoint: str = "other") -> SearchResult:
        """The answer to one query, searched together with those that wait beside it.

        It is not searched if `gone` says, when its turn comes, that nobody waits for it. `endpoint` is the template of
        the path that was asked, for the metrics.

        Raises:
            OverloadedError: It could not be answered within its timeout.
            WorkbenchError: What the search raises for this query.
        """
        await self.caches.vectors.fetch(self.memory.engine, query)
        begun = time.perf_counter()
        self.observer.queue(self._batcher.depth)
        result = await self._batcher.search(query, gone)
        self.observer.searched(result, time.perf_counter() - begun, endpoint)
        return result

    def _search_many(self, queries: Sequence[Query]) -> Sequence[SearchResult | WorkbenchError]:
        answers = self.memory.engine.search_many(queries)
        self.observer.searched_together(answers)
        self._count(self.memory)
        return answers

    def _count(self, memory: Workbench) -> None:
        """Tell the observer what is searched, where it has changed."""
        view = memory.engine.view()
        if view.version != self._counted:
            self._counted = view.version
            self.observer.corpus(corpus_of(view))

    def _open(self) -> Workbench:
        return Workbench.open(self.options.store, vectors=self.caches.vectors)

    def _moved(self, memory: Workbench) -> None:
        """This is the generation to answer from, from now on."""
        self.caches.use(memory.snapshot.manifest)
        self._count(memory)

    async def start(self) -> None:
        """Load what the first search would have to wait for, and begin to look out for newer generations."""
        self._generations.start()
        await self.caches.start()
        self.observer.watch_caches(self.caches.statistics)
        self.observer.watch_embeddings(self.caches.vectors.embedded.copy)
        self.observer.start()
        gc.collect()
        gc.freeze()  # what is there now stays: no need to look at it again and again
        self.state = READY

    def end_soon(self) -> None:
        """Say that no more requests should be sent here; those that come are answered."""
        self.state = STOPPING

    async def stop(self) -> None:
        """Let go of everything."""
        self.state = STOPPING
        await self._generations.stop()
        await self.caches.stop()
        self.observer.close()
        gc.unfreeze()
