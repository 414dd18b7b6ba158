"""One writer at a time, and a name for whoever it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from workbench.errors import StoreError, StoreLockedError
from workbench.record.file_lock import FileLock, holder_of

_FILE = "writer.lock"


class WriterLock:
    """Exclusive lock on the store folder, held for the length of a `with` block, and not after its process has ended.

    Raises:
        StoreLockedError: Another process holds it; the message names that process.
        StoreError: The folder cannot be made or written.
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._lock = FileLock(store / _FILE)

    def __enter__(self) -> Self:
        try:
            taken = self._lock.take()
        except OSError as error:
            raise StoreError(
                f"the store {self._store} cannot be written", str(error), "choose another folder with --store"
            ) from error
        if not taken:
            raise StoreLockedError(
                f"the store {self._store} is being written to",
                f"by {writer_of(self._store) or 'another process'}",
                "wait until it has finished, or stop it; searching is possible meanwhile",
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def tell(self, stage: str, done: int, total: int, unit: str) -> None:
        """Say how far the work is, to whoever asks `work_of`: `done` of `total` (0 where unknown) in `unit`."""
        self._lock.tell(work={"stage": stage, "done": done, "total": total, "unit": unit})

    def fileno(self) -> int:
        """See `FileLock.fileno`."""
        return self._lock.fileno()


@dataclass(frozen=True, slots=True)
class WriterWork:
    """What the process that writes to a store is doing: `done` of `total` (0 where unknown) in `unit`."""

    process: int
    since: datetime
    stage: str
    done: int
    total: int
    unit: str


def work_of(store: Path) -> WriterWork | None:
    """How far whoever writes to the store is; None if nobody does, or has said nothing. Disturbs nobody."""
    found = holder_of(store / _FILE)
    if found is None or "work" not in found:
        return None
    return WriterWork(found["pid"], datetime.fromisoformat(found["since"]), **found["work"])


def writer_of(store: Path) -> str | None:
    """Who writes to the store, as far as its lock says; None if nobody does. Takes no lock and disturbs nobody."""
    found = holder_of(store / _FILE)
    return None if found is None else f"process {found['pid']} ({found['command']}) since {found['since']}"
