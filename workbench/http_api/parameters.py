"""What a request asks for."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from starlette.datastructures import QueryParams

from workbench.errors import QueryError
from workbench.model import MODES, Filters, Query

DEFAULT_TIMEOUT_MS = 1000.0
MAX_TIMEOUT_MS = 10_000.0
_SEVERAL = {
    "assistant": "assistants", "role": "roles", "project": "projects", "model": "models", "has": "kinds",
    "lang": "languages", "in": "conversation_ids",
}  # fmt: skip
_KNOWN = frozenset("q k alpha mode after before cursor group explain facets context timeout_ms".split()) | frozenset(
    _SEVERAL
)


def to_query(parameters: QueryParams) -> Query:
    """The query that the parameters of `GET /search/rag` describe.

    Raises:
        QueryError: A parameter is not known, or its value cannot be understood.
    """
    for name in parameters:
        if name not in _KNOWN:
            raise QueryError(f"there is no parameter {name!r}", "", f"there are: {', '.join(sorted(_KNOWN))}")
    mode = parameters.get("mode", "hybrid")
    if mode not in MODES:
        raise QueryError(f"mode is {mode!r}", "", f"give one of {', '.join(MODES)}")
    return Query(
        text=parameters.get("q", ""),
        k=_whole(parameters, "k", 10),
        alpha=_number(parameters, "alpha", MODES[mode]),
        filters=_filters(parameters),
        thread_context=_switch(parameters, "context", default=True),
        cursor=parameters.get("cursor"),
        by_conversation=_switch(parameters, "group", default=False),
        explain=_switch(parameters, "explain", default=False),
        facets=_switch(parameters, "facets", default=False),
        timeout_ms=min(MAX_TIMEOUT_MS, _number(parameters, "timeout_ms", DEFAULT_TIMEOUT_MS)),
    )


def _filters(parameters: QueryParams) -> Filters:
    several = {
        name: tuple(parameters.getlist(parameter))
        for parameter, name in _SEVERAL.items()
        if parameter in parameters
    }  # fmt: skip
    return Filters(after=_time(parameters, "after"), before=_time(parameters, "before"), **several)  # type: ignore[arg-type]


def _whole(parameters: QueryParams, name: str, default: int) -> int:
    value = parameters.get(name)
    try:
        return default if value is None else int(value)
    except ValueError:
        raise QueryError(f"{name} is {value!r}", "", "give a whole number") from None


def _number(parameters: QueryParams, name: str, default: float) -> float:
    value = parameters.get(name)
    try:
        number = default if value is None else float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise QueryError(f"{name} is {value!r}", "", "give a number")
    return number


def _switch(parameters: QueryParams, name: str, *, default: bool) -> bool:
    value = parameters.get(name)
    if value is None:
        return default
    if value not in ("0", "1", "false", "true"):
        raise QueryError(f"{name} is {value!r}", "", "give true or false")
    return value in ("1", "true")


def _time(parameters: QueryParams, name: str) -> datetime | None:
    value = parameters.get(name)
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise QueryError(f"{value!r} is not a date", "", "write it like 2025-03-31 or 2025-03-31T14:00Z") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
