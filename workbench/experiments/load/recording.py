"""What the load generator writes down of each answer."""

from __future__ import annotations

from array import array
from collections import Counter
from typing import Any

import numpy as np

from workbench.experiments.load.connection import Connection, Reply
from workbench.experiments.load.job import LoadSamples

ARRAYS = ("scheduled", "sent", "done", "number", "status", "hit", "waited")
_CACHE_HIT = b"x-cache: hit"
_TIMING = b"\r\nserver-timing: "
_NOTHING_FOUND = b'"contexts":[]'
_PARTIAL = b'"partial":true'


class Recorder:
    """Collects answers; of every `timings`-th its Server-Timing is kept, of none with 0."""

    def __init__(self, timings: int) -> None:
        self.errors: Counter[str] = Counter()
        self.used: set[int] = set()
        """The numbers of the connections that got an answer."""
        self._every = timings
        self._scheduled, self._sent, self._done = array("d"), array("d"), array("d")
        self._number, self._status = array("q"), array("q")
        self._hit, self._waited = array("b"), array("b")
        self._timings: list[tuple[int, str]] = []
        self._empty = self._partial = self._bytes = 0

    def add(self, connection: Connection, reply: Reply) -> None:
        """Count a good answer."""
        head = reply.head.lower()
        if self._every and len(self._done) % self._every == 0:
            self._keep_timing(head)
        self._scheduled.append(reply.scheduled)
        self._sent.append(reply.sent)
        self._done.append(reply.done)
        self._number.append(connection.request)
        self._status.append(reply.status)
        self._hit.append(_CACHE_HIT in head)
        self._waited.append(connection.waited)
        self._bytes += len(reply.body)
        self._empty += _NOTHING_FOUND in reply.body
        self._partial += _PARTIAL in reply.body

    def _keep_timing(self, head: bytes) -> None:
        found = head.find(_TIMING)
        if found >= 0:
            told = head[found + len(_TIMING) :].split(b"\r\n", 1)[0]
            self._timings.append((len(self._done), told.decode("latin-1")))

    def samples(self, start: float, **rest: Any) -> LoadSamples:
        """All of it; times count from `start`. `rest` is what else there is to say of the run."""
        return LoadSamples(
            scheduled=np.frombuffer(self._scheduled) - start,
            sent=np.frombuffer(self._sent) - start,
            done=np.frombuffer(self._done) - start,
            number=np.frombuffer(self._number, np.int64),
            status=np.frombuffer(self._status, np.int64),
            hit=np.frombuffer(self._hit, np.bool_),
            waited=np.frombuffer(self._waited, np.bool_),
            errors=dict(self.errors),
            used=len(self.used),
            empty=self._empty,
            partial=self._partial,
            bytes=self._bytes,
            timings=self._timings,
            start=start,
            **rest,
        )
