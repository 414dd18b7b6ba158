"""Times as the record keeps them: UTC without a zone, since DuckDB's zoned type needs an extension to be read."""

from __future__ import annotations

from datetime import UTC, datetime


def to_stored(time: datetime | None) -> datetime | None:
    """An instant as the record keeps it; None stays None."""
    return time.astimezone(UTC).replace(tzinfo=None) if time else None


def from_stored(time: datetime | None) -> datetime | None:
    """The instant that the record keeps as `time`; None stays None."""
    return time.replace(tzinfo=UTC) if time else None
