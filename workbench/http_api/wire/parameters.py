"""What the query string of a search asks for. Read by hand: for a search out of the cache this is most of the work."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import QueryParams

from workbench.errors import QueryError
from workbench.model import MODES, Filters, Query

DEFAULT_TIMEOUT_MS = 1000.0
MAX_TIMEOUT_MS = 10_000.0
DEFAULT_RESULTS = 10
SEVERAL = {
    "assistant": "assistants", "role": "roles", "project": "projects", "model": "models", "has": "kinds",
    "lang": "languages", "in": "conversation_ids", "category": "categories", "label": "labels",
}  # fmt: skip
"""Parameters that may be repeated, and the fields of Filters that they fill."""
FILTERS = (*SEVERAL, "after", "before", "min_confidence")
SEARCH = ("q", "k", "alpha", "mode", *FILTERS, "cursor", "group", "explain", "facets", "context", "timeout_ms")
MOST_VALUES = 50  # of one filter
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_EARLIEST, _LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


def to_query(parameters: QueryParams, known: Collection[str] = SEARCH) -> Query:
    """The query that the parameters of `GET /search/rag` describe, of which those in `known` are taken.

    Raises:
        QueryError: A parameter is not known, or its value cannot be understood.
    """
    check_known(parameters, known)
    mode = parameters.get("mode", "hybrid")
    if mode not in MODES:
        raise QueryError(f"mode is {mode!r}", "", f"give one of {', '.join(MODES)}")
    return Query(
        text=parameters.get("q", ""),
        k=whole(parameters, "k", DEFAULT_RESULTS),
        alpha=_number(parameters, "alpha", 0.0) if "alpha" in parameters else MODES[mode],
        filters=to_filters(parameters),
        thread_context=_switch(parameters, "context", default=True),
        cursor=parameters.get("cursor"),
        by_conversation=_switch(parameters, "group", default=False),
        explain=_switch(parameters, "explain", default=False),
        facets=_switch(parameters, "facets", default=False),
        timeout_ms=min(MAX_TIMEOUT_MS, _number(parameters, "timeout_ms", DEFAULT_TIMEOUT_MS)),
    )


def check_known(parameters: QueryParams, known: Collection[str]) -> None:
    """Refuse a parameter that means nothing, or a single one given twice.

    Raises:
        QueryError: It says which.
    """
    given = parameters.multi_items()
    for name, _ in given:
        if name not in known:
            raise QueryError(f"there is no parameter {name!r}", "", f"there are: {', '.join(sorted(known))}")
    if len(given) != len(parameters):
        names = [name for name, _ in given]
        for name in parameters:
            if name not in SEVERAL and names.count(name) > 1:
                raise QueryError(f"{name} is given {names.count(name)} times", "", "give it once")


def to_filters(parameters: QueryParams) -> Filters:
    """The filters among the parameters.

    Raises:
        QueryError: A value cannot be understood.
    """
    given: dict[str, Any] = {}
    for parameter, name in SEVERAL.items():
        if parameter in parameters:
            given[name] = tuple(parameters.getlist(parameter))
            if len(given[name]) > MOST_VALUES:
                raise QueryError(f"{parameter} has {len(given[name])} values", "", f"give at most {MOST_VALUES}")
    for name in ("after", "before"):
        if name in parameters:
            given[name] = to_time(parameters[name])
    if "min_confidence" in parameters:
        given["min_confidence"] = confidence = _number(parameters, "min_confidence", 0.0)
        if not 0.0 <= confidence <= 1.0:
            raise QueryError(f"min_confidence is {confidence}", "", "give a number from 0 to 1")
    return Filters(**given)


def whole(parameters: QueryParams, name: str, default: int) -> int:
    """The whole number in a parameter.

    Raises:
        QueryError: It is none.
    """
    value = parameters.get(name)
    if value is None:
        return default
    if not _WHOLE.fullmatch(value):
        raise QueryError(f"{name} is {value!r}", "", "give a whole number")
    return int(value)


def to_time(value: str) -> datetime:
    """The moment that a date (its first moment) or a time names; without a zone it is UTC.

    The first and last day of the calendar are the second and the last but one, so that no zone leads beyond it.

    Raises:
        QueryError: It is none.
    """
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise QueryError(f"{value!r} is not a date", "", "write it like 2025-03-31 or 2025-03-31T14:00Z") from None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return min(max(found, _EARLIEST), _LATEST)


def _number(parameters: QueryParams, name: str, default: float) -> float:
    value = parameters.get(name)
    if value is None:
        return default
    number = float(value) if _NUMBER.fullmatch(value) else math.nan
    if not math.isfinite(number):
        raise QueryError(f"{name} is {value!r}", "", "give a number")
    return number


def _switch(parameters: QueryParams, name: str, *, default: bool) -> bool:
    value = parameters.get(name)
    if value is None:
        return default
    if value not in ("false", "true"):
        raise QueryError(f"{name} is {value!r}", "", "give true or false")
    return value == "true"
