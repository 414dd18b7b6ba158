"""Columns and texts of a generation with a few messages behind them that it does not hold.

Arrays grow at their end only, in place while there is room: whoever holds an earlier, shorter view of one keeps seeing
what was there. The first message costs a copy of the columns (about 80 bytes a message of the generation).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ROOM = 1_024  # elements, at least


class GrowingArray:
    """A one-dimensional array that begins as a copy of another one."""

    def __init__(self, base: NDArray[Any], dtype: Any = None) -> None:
        kind = np.dtype(dtype or base.dtype)
        self._array = np.empty(len(base) + _ROOM, kind)
        self._array[: len(base)] = base
        self._length = len(base)

    def append(self, value: object) -> None:
        """Add one element at the end."""
        if self._length == len(self._array):
            larger = np.empty(self._length + max(_ROOM, self._length // 4), self._array.dtype)
            larger[: self._length] = self._array
            self._array = larger
        self._array[self._length] = value
        self._length += 1

    def upto(self, length: int) -> NDArray[Any]:
        """The first `length` elements, as a view."""
        return self._array[:length]


class GrowingNames:
    """Names by code: those of a generation, and others as they come."""

    def __init__(self, base: Sequence[str] | NDArray[np.str_]) -> None:
        self._names = [str(name) for name in base]
        self._codes = {name: code for code, name in enumerate(self._names)}
        self._array = np.array(self._names)

    def code(self, name: str) -> int:
        """The code of a name, a new one if it has none."""
        known = self._codes.get(name)
        if known is None:
            known = self._codes[name] = len(self._names)
            self._names.append(name)
        return known

    @property
    def names(self) -> NDArray[np.str_]:
        """All names there are by now, by code."""
        if len(self._array) < len(self._names):
            self._array = np.array(self._names)
        return self._array


class JoinedStrings:
    """Texts by number: those of a generation, then those of a list that grows."""

    def __init__(self, first: Any, more: list[str]) -> None:
        self._first, self._more, self._at = first, more, len(first)

    def __len__(self) -> int:
        return self._at + len(self._more)

    def __getitem__(self, number: int) -> str:
        return str(self._first[number]) if number < self._at else self._more[number - self._at]
