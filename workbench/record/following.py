"""Reading the journal as it grows."""

from __future__ import annotations

import os
from pathlib import Path

from workbench.record.journal import JOURNAL_FILE, Entry, parse


class JournalFollower:
    """Tells what was appended to the journal of a store since it was last asked. For one thread at a time.

    Asking costs one os.stat while nothing has changed. The file is kept open, so that its inode number is not given to
    another one while it is compared.
    """

    def __init__(self, store: Path, after: int) -> None:
        self._path = str(store / JOURNAL_FILE)
        self._handle = -1
        self._seen = (-1, -1, -1, -1)
        self._read = 0  # bytes, up to a line feed
        self._after = after
        self._told: dict[int, str] = {}  # ids by sequence

    def news(self) -> list[Entry]:
        """The memories after the first sequence that were not told yet, in order.

        What could not be written whole is taken back by its writer, and its number given again: who was told of it by
        then keeps it, and is told of the other one too.

        Raises:
            StoreVersionError: A newer Workbench wrote the journal.
        """
        try:
            found = os.stat(self._path)  # noqa: PTH116  (on every search: making a Path of it takes as long again)
        except FileNotFoundError:
            return []
        if _identity(found) == self._seen:
            return []
        if _identity(found)[:2] != self._seen[:2] or found.st_size < self._read:
            self._reopen()
        seen = _identity(os.fstat(self._handle))  # of the file that is read, before it is
        entries = self._rest()
        self._seen = seen
        self._told.update((entry.memory.sequence, entry.memory.id) for entry in entries)
        return entries

    def close(self) -> None:
        """Let go of the file."""
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1

    def __del__(self) -> None:
        self.close()

    def _reopen(self) -> None:
        """Read from the beginning: the file is another one, or was cut."""
        self.close()
        self._handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        self._read = 0

    def _rest(self) -> list[Entry]:
        raw = _all_from(self._handle, self._read)
        contents = parse(raw)
        if contents.damaged and self._read:  # lines were cut off after we had read them, and others written there
            self._read = 0
            return self._rest()
        self._read += raw.rfind(b"\n") + 1
        return [
            entry
            for entry in sorted(contents.entries, key=lambda entry: entry.memory.sequence)
            if entry.memory.sequence > self._after and self._told.get(entry.memory.sequence) != entry.memory.id
        ]


def _identity(found: os.stat_result) -> tuple[int, int, int, int]:
    """Which file it is, and in what state."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _all_from(handle: int, start: int) -> bytes:
    parts = []
    while part := os.pread(handle, 1 << 20, start):
        parts.append(part)
        start += len(part)
    return b"".join(parts)
