"""What a long job tells whoever is watching."""

from __future__ import annotations

from typing import Protocol


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
