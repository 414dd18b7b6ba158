"""Structured logs: one JSON object a line, or text for a terminal, on the standard error stream.

Every line that is written while a request is answered bears its id, which the answer has as X-Request-Id.
"""

from __future__ import annotations

import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import IO, Any

import orjson

LOG_FORMS = ("off", "json", "text")
"""off: warnings and errors only, as text."""
ACCESS_LOGGER = "workbench.access"
_LOGGERS = ("workbench", "uvicorn")
_TEXT = "%(asctime)s %(levelname)s %(message)s"

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being answered, empty outside of one."""


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON: time (UTC), level, logger, message, request_id, and the names in its `fields`.

    Fields are given with `extra={"fields": {...}}`; `common` stands in every line.
    """

    def __init__(self, **common: Any) -> None:
        super().__init__()
        self._common = common

    def format(self, record: logging.LogRecord) -> str:
        """Part of logging.Formatter."""
        line: dict[str, Any] = {
            "time": _time(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if known := request_id.get():
            line["request_id"] = known
        line |= self._common | getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


class TextFormatter(logging.Formatter):
    """A record as a line for people; the fields follow the message."""

    def __init__(self) -> None:
        super().__init__(_TEXT)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (its name in logging)
        """Part of logging.Formatter."""
        fields: dict[str, Any] = getattr(record, "fields", {})
        return " ".join([super().formatMessage(record), *(f"{name}={value}" for name, value in fields.items())])


def configure_logging(form: str, *, stream: IO[str] | None = None, **common: Any) -> None:
    """Send the logs of Workbench and of the server to `stream` (default: standard error) in one of LOG_FORMS.

    `common` stands in every line of JSON. May be called again; what was set before is replaced.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(**common) if form == "json" else TextFormatter())
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(logging.WARNING if form == "off" else logging.INFO)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat("T", "milliseconds").replace("+00:00", "Z")
