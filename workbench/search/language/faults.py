"""Saying what is wrong with a query, and where."""

from __future__ import annotations

import unicodedata

from workbench.errors import QueryError

_AROUND = 40  # characters of a long query that are shown on either side


def fault(query: str, start: int, end: int, what: str, todo: str) -> QueryError:
    """An error about the characters from `start` to `end` of a query: what it is, what to write, its place."""
    return QueryError(what, f"it stands at character {start + 1}", f"{todo}\n{_marked(query, start, end)}")


def _marked(query: str, start: int, end: int) -> str:
    """The part of the query around a place, and a line that points at it."""
    begin, finish = max(0, start - _AROUND), min(len(query), end + _AROUND)
    shown = "".join(" " if one.isspace() or not one.isprintable() else one for one in query[begin:finish])
    lead = "… " if begin else ""
    tail = " …" if finish < len(query) else ""
    before = " " * (len(lead) + _width(shown[: start - begin]))
    carets = "^" * max(1, min(_width(shown[start - begin : end - begin]), 4 * _AROUND))
    return f"    {lead}{shown}{tail}\n    {before}{carets}"


def _width(text: str) -> int:
    """How many columns of a terminal `text` takes: Chinese characters take two, combining marks none."""
    wide = sum(unicodedata.east_asian_width(one) in "WF" for one in text)
    return len(text) + wide - sum(unicodedata.combining(one) > 0 for one in text)
