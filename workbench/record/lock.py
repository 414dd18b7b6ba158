"""One writer at a time, and a name for whoever it is."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from workbench.errors import StoreError, StoreLockedError

_FILE = "writer.lock"


class WriterLock:
    """Exclusive lock on the store folder, held for the length of a `with` block.

    The operating system lets go of it when the process ends, however it ends, so a killed writer leaves nothing to
    clean up; what the file says about the holder is for people only.

    Raises:
        StoreLockedError: Another process holds it; the message names that process.
        StoreError: The folder cannot be made or written.
    """

    def __init__(self, store: Path) -> None:
        self._path = store / _FILE
        self._stream: IO[str] | None = None

    def __enter__(self) -> Self:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            stream = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            raise StoreError(
                f"the store {self._path.parent} cannot be written", str(error), "choose another folder with --store"
            ) from error
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.close()
            raise StoreLockedError(
                f"the store {self._path.parent} is being written to",
                f"by {self._holder()}",
                "wait until it has finished, or stop it; searching is possible meanwhile",
            ) from None
        stream.seek(0)
        stream.truncate()
        json.dump(
            {"pid": os.getpid(), "command": _command(), "since": datetime.now(UTC).isoformat("T", "seconds")}, stream
        )
        stream.flush()
        self._stream = stream
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.seek(0)
            self._stream.truncate()
            self._stream.close()
            self._stream = None

    def _holder(self) -> str:
        return writer_of(self._path.parent) or "another process"


def writer_of(store: Path) -> str | None:
    """Who writes to the store, as far as its lock says; None if nobody does. Takes no lock and disturbs nobody."""
    try:
        found = json.loads((store / _FILE).read_text(encoding="utf-8"))
        with contextlib.suppress(PermissionError):  # it lives, and is not ours
            os.kill(found["pid"], 0)
    except (ValueError, OSError):  # nobody, or one that is writing its name just now, or was killed
        return None
    return f"process {found['pid']} ({found['command']}) since {found['since']}"


def _command() -> str:
    name = Path(sys.argv[0]).name or "python"
    return " ".join([name, *sys.argv[1:]])[:200]
