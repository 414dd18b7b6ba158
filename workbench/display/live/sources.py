"""Where live figures come from: a running service, or the searches of this process."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import cycle
from types import TracebackType
from typing import Any, Protocol, Self

import orjson

from workbench.errors import ServiceError
from workbench.model import SearchResult
from workbench.monitor import Observer, corpus_of
from workbench.monitor.alerting import Rule, Standings, load_rules
from workbench.monitor.live import VECTORS
from workbench.workspace import Workbench

_LIVE = "/metrics/performance/live"
_PATIENCE_SECONDS = 5.0
_ENDPOINT = "notebook"


class LiveSource(AbstractContextManager["LiveSource"], Protocol):
    """Gives live figures as /metrics/performance/live has them, alerts among them, within its `with` block."""

    def read(self) -> Mapping[str, Any]:
        """The figures now.

        Raises:
            ServiceError: There are none to be had.
        """


class ServiceFigures(nullcontext["LiveSource"]):
    """The figures of the service at `url`; `token` is the one that it demands, if any."""

    def __init__(self, url: str, *, token: str = "") -> None:
        super().__init__(self)
        self._request = urllib.request.Request(url.rstrip("/") + _LIVE)
        if token:
            self._request.add_header("Authorization", f"Bearer {token}")

    def read(self) -> Mapping[str, Any]:
        """See `LiveSource.read`."""
        try:
            with urllib.request.urlopen(self._request, timeout=_PATIENCE_SECONDS) as answer:
                found: Mapping[str, Any] = orjson.loads(answer.read())
        except (OSError, ValueError) as error:
            raise ServiceError(
                f"the service does not tell its figures at {self._request.full_url}",
                str(error),
                "is it running? `workbench serve` starts it",
            ) from error
        return found


class OwnSearches:
    """The figures of the searches that are made through it, in this process.

    With `ask` it makes some of its own: `rate` of these queries a second, one after another and over again, from a
    thread that ends with the `with` block. `rules` are those of alerts (default: Workbench's own).
    """

    def __init__(
        self, memory: Workbench, ask: Sequence[str] = (), *, rate: float = 20.0, rules: Sequence[Rule] | None = None
    ) -> None:
        self._memory = memory
        self._queries = cycle(ask)
        self._pause = 1.0 / rate
        self._observer = Observer()
        self._observer.watch_caches(lambda: {VECTORS: memory.engine.vectors.statistics()})
        self._standings = Standings(load_rules() if rules is None else rules)
        self._ended = threading.Event()
        self._asker = threading.Thread(target=self._ask, name="asking", daemon=True) if ask else None
        self._trouble: Exception | None = None

    def search(self, text: str, **options: Any) -> SearchResult:
        """`Workbench.search`, counted."""
        begun = time.perf_counter()
        result = self._memory.search(text, **options)
        seconds = time.perf_counter() - begun
        self._observer.searched(result, seconds, _ENDPOINT)
        self._observer.searched_together([result])
        self._observer.request(_ENDPOINT, "GET", 200, seconds)
        return result

    def read(self) -> Mapping[str, Any]:
        """See `LiveSource.read`."""
        if self._trouble is not None:
            raise ServiceError("the searches have ended", str(self._trouble)) from self._trouble
        self._observer.corpus(corpus_of(self._memory.engine.view()))
        live = self._observer.live()
        violated = self._standings.violated(live, self._observer.render()[0].decode(), time.time())
        alerts = [{"rule": one.rule.name, "state": one.state, "summary": one.rule.told(one.value)} for one in violated]
        return {**live, "alerts": alerts}

    def __enter__(self) -> Self:
        self._observer.corpus(corpus_of(self._memory.engine.view()))
        self._observer.start()
        if self._asker is not None:
            self._asker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._asker is not None:
            self._asker.join()
        self._observer.close()

    def _ask(self) -> None:
        try:
            while not self._ended.wait(self._pause):
                self.search(next(self._queries))
        except Exception as error:  # noqa: BLE001  (told by the next reading: a thread has nobody to raise it to)
            self._trouble = error
