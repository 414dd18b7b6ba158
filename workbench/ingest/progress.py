"""What a long job tells whoever is watching."""

from __future__ import annotations

import time
from typing import Protocol

from workbench.record import WriterLock

_TOLD_SECONDS = 0.5


class Progress(Protocol):
    """Told of every stage as it goes."""

    def start(self, stage: str, total: int, unit: str) -> None:
        """A stage begins: `total` is how much there is to do, in `unit` ("bytes", "texts"), 0 where unknown."""

    def advance(self, amount: int) -> None:
        """`amount` more has been done."""

    def finish(self) -> None:
        """The stage is over."""


class Silent:
    """Nobody is watching."""

    def start(self, stage: str, total: int, unit: str) -> None:
        """See `Progress.start`."""

    def advance(self, amount: int) -> None:
        """See `Progress.advance`."""

    def finish(self) -> None:
        """See `Progress.finish`."""


class Told:
    """Tells `inner`, and twice a second whoever asks how far the holder of the lock is (`workbench.record.work_of`)."""

    def __init__(self, lock: WriterLock, inner: Progress) -> None:
        self._lock, self._inner = lock, inner
        self._stage, self._unit = "", ""
        self._done = self._total = 0
        self._next = 0.0

    def start(self, stage: str, total: int, unit: str) -> None:
        """See `Progress.start`."""
        self._stage, self._total, self._unit, self._done = stage, total, unit, 0
        self._lock.tell(stage, 0, total, unit)
        self._inner.start(stage, total, unit)

    def advance(self, amount: int) -> None:
        """See `Progress.advance`."""
        self._done += amount
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _TOLD_SECONDS
            self._lock.tell(self._stage, self._done, self._total, self._unit)
        self._inner.advance(amount)

    def finish(self) -> None:
        """See `Progress.finish`."""
        self._lock.tell(self._stage, self._done, self._total, self._unit)
        self._inner.finish()
