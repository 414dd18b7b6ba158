"""Values as JSON, and errors as problem details."""

from __future__ import annotations

from typing import Any

import orjson

from workbench.errors import NotFoundError, WorkbenchError


def dump(value: Any) -> bytes:
    """`value` as JSON: dataclasses as objects, times in UTC with a Z."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def problem(error: WorkbenchError) -> tuple[int, bytes]:
    """The status and body for an error, as RFC 9457 has it."""
    status = 404 if isinstance(error, NotFoundError) else 400
    body = {"type": "about:blank", "title": error.what, "status": status, "detail": error.why, "todo": error.todo}
    return status, dump(body)
