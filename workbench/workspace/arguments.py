"""What people may give for names and times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from datetime import time as time_of_day

from workbench.errors import QueryError

Time = str | date | datetime
Names = str | Sequence[str] | None


def names(value: Names) -> tuple[str, ...]:
    """One name, several or none."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def instant(value: Time | None) -> datetime | None:
    """A date as its first moment; a time without a zone as UTC.

    Raises:
        QueryError: The text is neither.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise QueryError(f"{value!r} is not a date", "", "write it like 2025-03-31 or 2025-03-31T14:00") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time_of_day.min)
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return value
