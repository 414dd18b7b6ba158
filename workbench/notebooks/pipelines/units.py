"""Lengths of time and sizes as people write them: "90 s", "2 h", "5 GB"."""

from __future__ import annotations

import re

_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?) ?([A-Za-z]+)")


def seconds_of(value: object) -> float:
    """A length of time in seconds: a number, or a number with s, min, h, d or w.

    Raises:
        ValueError: It is neither, or not above 0.
    """
    return _quantity(value, _SECONDS)


def bytes_of(value: object) -> int:
    """A size in bytes: a number, or a number with B, kB, MB, GB or TB (powers of ten).

    Raises:
        ValueError: It is neither, or not above 0.
    """
    return round(_quantity(value, _BYTES))


def _quantity(value: object, units: dict[str, int]) -> float:
    if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value):
        value = float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
    else:
        found = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
        if found is None or found[2] not in units:
            raise ValueError(f"{value!r} is not a number with one of {', '.join(units)}")
        number = float(found[1]) * units[found[2]]
    if not 0 < number < float("inf"):
        raise ValueError(f"{value!r} is not above 0")
    return number


def as_time(seconds: float) -> str:
    """A length of time for people: "0.8 s", "12 s", "3 min 5 s", "2 h 3 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
