"""Spans of time as few tags: whole years and months where a span holds all of their days, days elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

import numpy as np

from workbench.index.lexical.documents import tag

Span = tuple[int | None, int | None]
_DAY = 86_400_000_000  # microseconds
_YEAR, _MONTH = len("2025"), len("2025-03")


class Days:
    """The days on which there are messages (`names`, like 2025-03-31)."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = sorted(names)
        starts = np.array(self._names, "datetime64[D]")
        self._starts = starts.astype("datetime64[us]").astype(np.int64)
        self._years = _grouped(self._names, _YEAR, 0)

    def touched(self, span: Span) -> list[str]:
        """Tags of all days that a span of microseconds (from, to, None for open) touches, and of no other day."""
        start, end = span
        first = 0 if start is None else int(np.searchsorted(self._starts, start - start % _DAY, "left"))
        last = len(self._names) if end is None else int(np.searchsorted(self._starts, end, "left"))
        tags: list[str] = []
        for year, begin, until in self._years:
            if begin >= first and until <= last:
                tags.append(tag("year", year))
            elif begin < last and until > first:
                tags += self._within(begin, until, first, last)
        return tags

    def _within(self, begin: int, until: int, first: int, last: int) -> list[str]:
        tags: list[str] = []
        for month, low, high in _grouped(self._names[begin:until], _MONTH, begin):
            if low >= first and high <= last:
                tags.append(tag("month", month))
            else:
                tags += [tag("day", one) for one in self._names[max(low, first) : min(high, last)]]
        return tags


def _grouped(names: list[str], characters: int, offset: int) -> list[tuple[str, int, int]]:
    """Runs of names that begin alike: the beginning, the place of the first, the place after the last."""
    runs: list[tuple[str, int, int]] = []
    for beginning, members in groupby(names, key=lambda name: name[:characters]):
        runs.append((beginning, offset, offset := offset + len(list(members))))
    return runs
