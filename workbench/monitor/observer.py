"""What the service tells, and what is told of it."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from workbench.errors import WorkbenchError
from workbench.model import SearchResult
from workbench.monitor import families
from workbench.monitor.access import About, AccessLog, Request
from workbench.monitor.corpus import Corpus
from workbench.monitor.folder import Merged
from workbench.monitor.live import live_figures
from workbench.monitor.logs import request_id
from workbench.monitor.observations import OTHER, Observations
from workbench.monitor.tracing import tracing_from_environment
from workbench.monitor.writer import Writer
from workbench.search.cache import CacheStatistics

FLUSH_SECONDS = 0.25
ALL, SEVERAL = "all", "several"
_NO_TIMINGS: Mapping[str, float] = {}
_timings: ContextVar[Mapping[str, float]] = ContextVar("timings_ms", default=_NO_TIMINGS)
_log = logging.getLogger("workbench.monitor")


@dataclass(frozen=True, slots=True)
class ObserverOptions:
    """`folder` is where the workers of one service meet (None: this process is alone, and has one of its own).

    `access_log` writes a line for requests; `log_queries` lets it say what was searched for. `version` is that of the
    program.
    """

    folder: Path | None = None
    access_log: bool = False
    log_queries: bool = False
    version: str = ""


class Observer:
    """The metrics, access log and traces of one process.

    What happens is noted in plain lists, by any thread, and written by a thread of its own four times a second and
    whenever somebody reads. `start` and `close` stand around its use.
    """

    def __init__(self, options: ObserverOptions | None = None) -> None:
        self.options = options or ObserverOptions()
        self._own = None if self.options.folder else TemporaryDirectory(prefix="workbench-metrics-")
        self.folder = self.options.folder or Path(self._own.name if self._own else "")
        self._searches = Observations(families.SEARCHES)
        self._stages = Observations(families.STAGES)
        self._batches = Observations(families.BATCHES)
        self._partial = Observations(families.PARTIAL)
        self._requests = Observations(families.REQUEST_SECONDS)
        self._queries = Observations(families.QUERIES)
        self._every = (
            self._searches, self._stages, self._batches, self._partial, self._requests, self._queries,
        )  # fmt: skip
        self._reading: set[object] = set()
        self._deepest = 0
        self._corpus: Corpus | None = None
        self._caches: Callable[[], Mapping[str, CacheStatistics]] = dict
        self._embedded: Callable[[], Mapping[str, int]] = dict
        self._access = AccessLog() if self.options.access_log else None
        self._tracing = tracing_from_environment(self.options.version)
        self._writer = Writer(self.folder, os.getpid(), self.options.version)
        self._flushing = threading.Lock()
        self._stopped = threading.Event()
        self._trouble = ""
        self._thread = threading.Thread(target=self._keep_flushing, name="metrics", daemon=True)

    # What happens

    def answered_from_cache(self, seconds: float, endpoint: str, assistant: str = ALL) -> None:
        """A search was answered with a kept answer. `assistant` as `assistant_label` gives it."""
        self._searches[endpoint, assistant].append(seconds)

    def searched(self, result: SearchResult, seconds: float, endpoint: str) -> None:
        """A search was answered, `seconds` after it came."""
        assistants = result.query.filters.assistants
        self._searches[endpoint, self.assistant_label(assistants) if assistants else ALL].append(seconds)
        if result.partial:
            self._partial[()].append(1.0)
        if self._tracing is not None:
            _timings.set(result.timings_ms)

    def searched_together(self, answers: Sequence[SearchResult | WorkbenchError]) -> None:
        """These answers came of one batch: the times of its stages are in each of them, and count once."""
        for answer in answers:
            if isinstance(answer, SearchResult):
                self._batches[()].append(float(answer.batch))
                for stage, milliseconds in answer.timings_ms.items():
                    if stage != "total":
                        self._stages[(stage,)].append(milliseconds / 1000)
                return

    def request(
        self, route: str, method: str, status: int, seconds: float, about: Callable[[], About] = About
    ) -> None:  # fmt: skip
        """The request whose id is in `request_id` was answered.

        `route` is the template of its path: never the path, which anybody may make up. `about` is asked only where a
        line or a trace is to be written.
        """
        self._requests[route, method, status].append(seconds)
        logged = self._access is not None and self._access.has_room(status)
        if not logged and self._tracing is None:
            return
        known = about() if self.options.log_queries else replace(about(), query="")
        noted = Request(route, method, status, seconds, request_id.get(), known, _timings.get())
        _timings.set(_NO_TIMINGS)  # a request that comes next in this context has searched nothing yet
        if logged and self._access is not None:
            self._access.note(noted)
        if self._tracing is not None:
            self._tracing.note(noted)

    def queue(self, depth: int) -> None:
        """So many searches wait now that one has come."""
        if depth > self._deepest:
            self._deepest = depth

    @contextmanager
    def querying(self, kind: str) -> Iterator[None]:
        """The database is read in this `with` block, for a `kind` of thing (a few fixed words)."""
        token = object()
        self._reading.add(token)
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._reading.discard(token)
            self._queries[(kind,)].append(time.perf_counter() - begun)

    # What is

    def corpus(self, corpus: Corpus) -> None:
        """This is what is searched from now on."""
        self._corpus = corpus

    def watch_caches(self, statistics: Callable[[], Mapping[str, CacheStatistics]]) -> None:
        """Ask at every flush for the state of each kind of cache."""
        self._caches = statistics

    def watch_embeddings(self, texts: Callable[[], Mapping[str, int]]) -> None:
        """Ask at every flush how many texts each model, named by its fingerprint, has embedded in this process."""
        self._embedded = texts

    def assistant_label(self, assistants: Sequence[str]) -> str:
        """The label for searches in these: bounded, whatever was asked for."""
        if not assistants:
            return ALL
        if len(assistants) > 1:
            return SEVERAL
        known = self._corpus is not None and assistants[0] in self._corpus.messages
        return assistants[0] if known else OTHER

    # What is told of it

    def render(self) -> tuple[bytes, str]:
        """The metrics of all processes in Prometheus' text format, and its content type."""
        self.flush()
        return generate_latest(Merged(self.folder).registry()), CONTENT_TYPE_PLAIN_0_0_4

    def live(self) -> dict[str, Any]:
        """The live figures of all processes; see `live_figures`."""
        self.flush()
        return live_figures(self.folder, self._corpus)

    # Its own life

    def start(self) -> None:
        """Begin to write in the background."""
        self.flush()
        self._thread.start()

    def flush(self) -> None:
        """Write what has been noted since the last time."""
        with self._flushing:
            if self._stopped.is_set():
                return
            now = time.time()
            self._writer.write(self._every, now)
            deepest, self._deepest = self._deepest, 0
            self._writer.state(deepest, len(self._reading), self._corpus, now)
            for kind, statistics in self._caches().items():
                self._writer.cache(kind, statistics, now)
            for model, texts in self._embedded().items():
                self._writer.embeddings(model, texts)
            if self._access is not None:
                self._writer.total(families.LINES_DROPPED, (), self._access.write())
            if self._tracing is not None:
                self._writer.total(families.SPANS_DROPPED, (), self._tracing.write())

    def close(self) -> None:
        """Write the last of it, and take the gauges of this process out of the sums."""
        self.flush()
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._tracing is not None:
            self._tracing.close()
        self._writer.close()
        if self._own is not None:
            self._own.cleanup()

    def _keep_flushing(self) -> None:
        while not self._stopped.wait(FLUSH_SECONDS):
            try:
                self.flush()
            except Exception as error:  # noqa: BLE001  (without this thread what is noted would fill the memory)
                if str(error) != self._trouble:
                    self._trouble = str(error)
                    _log.exception("metrics could not be written; this is said once")
