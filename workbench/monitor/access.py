"""The access log: requests are noted as they are answered and written later, by another thread.

A service that answers thousands a second would spend more on its log than on its answers, and nobody reads it. So a
quarter of a second has room for a number of lines of each kind of answer; what does not fit is counted, and the count
is written. Server errors have the most room. Of a request the route is written, and never what it searched for, unless
the person who runs the service asks for it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.monitor.logs import ACCESS_LOGGER

ROOM = {1: 12, 2: 12, 3: 12, 4: 12, 5: 100}
"""Lines a flush, by the first digit of the status."""
_LEVELS = {4: logging.WARNING, 5: logging.ERROR}


@dataclass(frozen=True, slots=True)
class About:
    """What else there is to say of a request.

    `version` is that of the answer, `traceparent` and `tracestate` are the W3C trace context headers, `query` is the
    query string.
    """

    version: str = ""
    traceparent: str = ""
    tracestate: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One answered request.

    `route` is its template, `seconds` what it took, `timings_ms` the stages of its search, `at` Unix time of its end.
    """

    route: str
    method: str
    status: int
    seconds: float
    id: str = ""
    about: About = field(default_factory=About)
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    at: float = field(default_factory=time.time)

    @property
    def fields(self) -> dict[str, Any]:
        """What a line says of it."""
        said: dict[str, Any] = {
            "request_id": self.id, "route": self.route, "method": self.method, "status": self.status,
            "ms": round(self.seconds * 1000, 3), "version": self.about.version,
        }  # fmt: skip
        if self.about.traceparent:
            said["traceparent"] = self.about.traceparent
        if self.about.query:
            said["query"] = self.about.query
        return said


class AccessLog:
    """Notes requests, from any thread; writes them from the thread that flushes."""

    def __init__(self) -> None:
        self._logger = logging.getLogger(ACCESS_LOGGER)
        self._noted: list[Request] = []
        self._room = dict(ROOM)
        self._left_out = self._told = 0

    def has_room(self, status: int) -> bool:
        """Whether a request answered with `status` is to be noted; if not it has been counted."""
        kind = status // 100
        left = self._room[kind]
        if left > 0:
            self._room[kind] = left - 1
            return True
        self._left_out += 1
        return False

    def note(self, request: Request) -> None:
        """Keep a request until the next flush."""
        self._noted.append(request)

    def write(self) -> int:
        """Write the lines; how many requests have been left out since the start."""
        count = len(self._noted)
        requests, left_out = self._noted[:count], self._left_out - self._told
        del self._noted[:count]
        self._room = dict(ROOM)
        self._told += left_out
        for request in requests:
            self._line(_LEVELS.get(request.status // 100, logging.INFO), "request", request.at, request.fields)
        if left_out:
            self._line(logging.INFO, "requests left out", time.time(), {"requests": left_out})
        return self._told

    def _line(self, level: int, message: str, at: float, fields: dict[str, Any]) -> None:
        if self._logger.isEnabledFor(level):
            record = self._logger.makeRecord(
                ACCESS_LOGGER, level, "", 0, message, (), None, extra={"fields": fields}
            )  # fmt: skip
            record.created = at
            self._logger.handle(record)
