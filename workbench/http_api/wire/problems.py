"""Errors as problem details (RFC 9457): what happened, why, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from workbench.errors import (
    NotFoundError,
    OverloadedError,
    ServiceError,
    SourceError,
    StoreError,
    StoreLockedError,
    UsageError,
    WorkbenchError,
)
from workbench.http_api.wire.encoding import dump
from workbench.monitor import request_id

MEDIA_TYPE = "application/problem+json"
_STATUSES: tuple[tuple[type[WorkbenchError], int], ...] = (  # the first that fits
    (NotFoundError, 404),
    (UsageError, 400),
    (SourceError, 400),
    (StoreLockedError, 409),
    (StoreError, 503),
    (OverloadedError, 429),
    (ServiceError, 503),
)
_BODY_FORBIDDEN = (204, 304)
_MOST_FAULTS = 5


class Problem(BaseModel):
    """What is answered in place of what was asked for (RFC 9457)."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="Always about:blank: the status says what kind of problem it is.")
    title: str = Field(description="What happened.", examples=["k is 0"])
    status: int = Field(description="The status of the answer.", examples=[400])
    detail: str = Field(description="Why, or empty.")
    todo: str = Field(description="What to do next, or empty.", examples=["give a number from 1 to 1,000"])
    request_id: str = Field(description="The id of the request, as in X-Request-Id.", examples=["5f0c3a92b1d44e7a"])


def status_of(error: WorkbenchError) -> int:
    """The status that says what kind of error it is; 500 for one that no request can bring about."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def problem(error: WorkbenchError) -> tuple[int, bytes]:
    """The status and body for an error."""
    values = problem_values(error)
    return values["status"], dump(values)


def problem_values(error: WorkbenchError) -> dict[str, Any]:
    """What is said of an error."""
    return _values(status_of(error), error.what, error.why, error.todo)


def headers_of(error: WorkbenchError) -> dict[str, str]:
    """The headers beside the body: when to try again, where that helps."""
    return {"retry-after": str(error.retry_after)} if isinstance(error, OverloadedError) else {}


def problem_body(status: int, title: str, detail: str = "", todo: str = "") -> bytes:
    """The body of a problem that is no error of Workbench's own."""
    return dump(_values(status, title, detail, todo))


def _values(status: int, title: str, detail: str, todo: str) -> dict[str, Any]:
    return {
        "type": "about:blank", "title": title, "status": status, "detail": detail, "todo": todo,
        "request_id": request_id.get(),
    }  # fmt: skip


def install(api: FastAPI, methods: Callable[[str], Sequence[str]]) -> None:
    """Have `api` answer every error as a problem. `methods` says by which methods a path can be asked for."""

    def of_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _of_http(request, error, methods(request.url.path) if error.status_code in (404, 405) else ())

    def of_validation(request: Request, error: Exception) -> Response:
        """What cannot be a part of `/things/{id}` may be `/things/all`, asked for by another method."""
        assert isinstance(error, RequestValidationError)
        known = methods(request.url.path)
        if known and request.method not in known:
            return _of_http(request, HTTPException(405), known)
        return _of_validation(error)

    api.add_exception_handler(WorkbenchError, _of_workbench)
    api.add_exception_handler(RequestValidationError, of_validation)
    api.add_exception_handler(HTTPException, of_http)


def _of_workbench(_: Request, error: Exception) -> Response:
    assert isinstance(error, WorkbenchError)
    status, body = problem(error)
    return _response(status, body, headers_of(error))


def _of_validation(error: RequestValidationError) -> Response:
    """One status for all that cannot be understood, wherever it was found out: 400."""
    faults = [_fault(one) for one in error.errors()]
    if len(faults) > _MOST_FAULTS:
        faults[_MOST_FAULTS:] = [f"and {len(faults) - _MOST_FAULTS} more"]
    body = problem_body(400, "the request cannot be understood", "; ".join(faults), "/openapi.json says what is taken")
    return _response(400, body)


def _of_http(request: Request, error: HTTPException, methods: Sequence[str]) -> Response:
    status, headers = error.status_code, dict(error.headers or {})
    if status in _BODY_FORBIDDEN:
        return Response(status_code=status, headers=headers)
    title = error.detail
    if methods or status == 405:
        status, title = 405, f"{request.url.path} cannot be asked for with {request.method}"
        allowed = [*(methods or headers.get("Allow", "").split(", "))]
        headers["Allow"] = ", ".join([*allowed, *["HEAD"] * ("GET" in allowed)])
    elif status == 404:
        title = f"there is no {request.url.path}"
    return _response(status, problem_body(status, _as_text(title)), headers)


def _fault(error: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"][1:])
    said = str(error["msg"]).removeprefix("Value error, ")
    return _as_text(f"{where}: {said}" if where else said)


def _as_text(text: str) -> str:
    """`text` as it can be sent: names that a request brings may hold half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode()


def _response(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, status, headers, media_type=MEDIA_TYPE)
