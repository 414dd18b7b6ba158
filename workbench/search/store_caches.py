"""What the processes that serve one store tell each other about their caches: small files in `<store>/caches`.

A clear appends a byte to the file of its kind. That is atomic and needs no lock, and the length only grows, so nobody
misses a clear, whatever the clocks say: a process looks now and then (`stat`), and clears its own cache when the
length has changed.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

FOLDER = "caches"
FORGOTTEN = "forgotten"
"""The kind to clear when something was forgotten: all kinds, and what services share."""
_IDENTITY = "identity"


class StoreCaches:
    """The caches of one store, in whatever processes they are."""

    def __init__(self, store: Path) -> None:
        self._folder = store / FOLDER

    def identity(self) -> str:
        """A name for this store that no other has, not even a copy of it.

        Where the store cannot be written to and has none yet, one for this process only.
        """
        path = self._folder / _IDENTITY
        with suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            draft = self._folder / f".{_IDENTITY}-{secrets.token_hex(8)}"
            draft.write_text(secrets.token_hex(8), encoding="ascii")
            with suppress(FileExistsError):
                os.link(draft, path)  # whole or not at all, and the first one stays
            draft.unlink()
        try:
            return f"{path.read_text(encoding='ascii')}-{path.stat().st_ino:x}"
        except OSError:
            return secrets.token_hex(8)

    def cleared(self, kind: str) -> int:
        """How often caches of this kind have been cleared."""
        try:
            return (self._folder / kind).stat().st_size
        except OSError:  # never; or the store is gone, which is for those to say who read it
            return 0

    def clear(self, kind: str) -> bool:
        """Have all processes clear their caches of this kind. False where the store cannot be written to."""
        try:
            self._folder.mkdir(exist_ok=True)
            descriptor = os.open(self._folder / kind, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError:
            return False
        try:
            return os.write(descriptor, b"+") == 1
        except OSError:  # the disk is full
            return False
        finally:
            os.close(descriptor)
