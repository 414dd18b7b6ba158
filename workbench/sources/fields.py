"""Reading JSON whose shape cannot be trusted: every accessor takes any value and gives one type."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import orjson

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_MILLISECONDS = 1e11  # as seconds this is the year 5138: a number as large counts milliseconds


def decode(data: bytes) -> Any:
    """The value of a JSON text, with strings that are valid Unicode and free of NUL.

    Lone surrogates become U+FFFD. NaN and infinities, which some exporters write, become None, integers beyond 64
    bits a string: what is read can always be written as JSON again.

    Raises:
        ValueError: the text is not JSON, or nested too deeply to be an export.
    """
    try:
        try:
            value = orjson.loads(data)
        except orjson.JSONDecodeError:
            return _cleaned(json.loads(data.decode("utf-8", "replace")))
        return _cleaned(value) if b"\\u0000" in data else value
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): _cleaned(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, int) and value.bit_length() > 63 else value


def clean(raw: str) -> str:
    """`raw` without NUL, and with U+FFFD in place of lone surrogates."""
    raw = raw.replace("\x00", "")
    return raw if raw.isascii() else raw.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def text(value: Any) -> str:
    """A string as it is; anything else is the empty string."""
    return value if isinstance(value, str) else ""


def name(value: Any) -> str:
    """A short name or id: a string without surrounding blanks, or a whole number as digits; else empty."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text(value).strip()


def mapping(value: Any) -> dict[str, Any]:
    """A JSON object; anything else is the empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """A JSON array; anything else is the empty one."""
    return value if isinstance(value, list) else []


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects within a JSON array, leaving out what is not one."""
    return [item for item in sequence(value) if isinstance(item, dict)]


def number(value: Any) -> float | None:
    """A finite number, also one written as a string; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if math.isfinite(result) else None


def instant(value: Any) -> datetime | None:
    """A time in UTC from epoch seconds (or milliseconds) or ISO 8601; None where it is absent or absurd.

    Absurd is before 2000 or after 2100. A time without a zone is taken as UTC.
    """
    seconds = number(value)
    try:
        if seconds is not None:
            scaled = seconds / 1000 if abs(seconds) > _MILLISECONDS else seconds
            moment = datetime.fromtimestamp(scaled, UTC)
        else:
            moment = datetime.fromisoformat(text(value).strip())
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if _EARLIEST <= moment < _LATEST else None


def given(value: Any) -> bool:
    """Whether an export says anything at all in a field."""
    return value is not None and value != ""
