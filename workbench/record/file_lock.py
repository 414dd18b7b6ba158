"""A lock that one process holds, and in its file what that process says about itself."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

_LENGTH = 1_500  # longer than anything that is said


class FileLock:
    """An exclusive lock. The operating system lets go of it when the process ends, however it ends, so a killed holder
    leaves nothing to clean up; what the file says about the holder is for people only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream: IO[str] | None = None
        self._facts: dict[str, Any] = {}

    def take(self, **facts: Any) -> bool:
        """Take it if nobody holds it, and say who we are, with `facts`; returns whether it is ours now.

        Raises:
            OSError: The file cannot be made or written.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        stream = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+", encoding="utf-8")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.close()
            return False
        self._stream = stream
        since = datetime.now(UTC).isoformat("T", "seconds")
        self._facts = {"pid": os.getpid(), "host": socket.gethostname(), "command": _command(), "since": since}
        self.tell(**facts)
        return True

    def tell(self, **facts: Any) -> None:
        """Say something more, or anew, while it is held."""
        if self._stream is not None:
            self._facts |= facts
            # In one write of one length: whoever reads meanwhile finds the old or the new, not a part.
            os.pwrite(self._stream.fileno(), json.dumps(self._facts).ljust(_LENGTH).encode(), 0)

    def fileno(self) -> int:
        """The open file of a lock that is held: a child that inherits it holds the lock too, as long as it lives."""
        assert self._stream is not None, "it is held"
        return self._stream.fileno()

    def release(self) -> None:
        """Let go of it, if it is held."""
        if self._stream is not None:
            self._stream.truncate(0)
            self._stream.close()
            self._stream = None


def holder_of(path: Path) -> dict[str, Any] | None:
    """What the holder of a lock says about itself; None if nobody holds it. Takes no lock and disturbs nobody."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if found.get("host", socket.gethostname()) == socket.gethostname():
            with contextlib.suppress(PermissionError):  # it lives, and is not ours
                os.kill(found["pid"], 0)
    except (ValueError, OSError, KeyError):  # nobody, or one that is writing its name just now, or was killed
        return None
    return found


def _command() -> str:
    name = Path(sys.argv[0]).name or "python"
    return " ".join([name, *sys.argv[1:]])[:200]
