"""What was imported, when, with what result."""

from __future__ import annotations

from datetime import UTC, datetime

from workbench.record.database import Database


def start_import(database: Database, path: str) -> int:
    """Note that an import of `path` begins; returns its number."""
    number = int(database.value("SELECT coalesce(max(id), 0) + 1 FROM imports"))
    database.run("INSERT INTO imports VALUES (?, ?, ?, NULL, NULL)", [number, path, _now()])
    return number


def finish_import(database: Database, number: int, report: str) -> None:
    """Note that import `number` has ended, with its report (JSON)."""
    database.run("UPDATE imports SET finished_at = ?, report = ? WHERE id = ?", [_now(), report, number])


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
