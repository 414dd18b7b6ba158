"""Lending out the newest generation of a store, opened when it is first asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from workbench.errors import StoreMissingError
from workbench.settings import Settings

if TYPE_CHECKING:
    from workbench.workspace import Workbench


@dataclass(slots=True)
class _Lent:
    """A generation that is open. It is closed when a newer one has taken its place and nobody reads it any more."""

    memory: Workbench
    readers: int = 0


class Lender:
    """Lends the store of `settings` to the tools of one event loop.

    Nothing is opened, and nothing heavy imported, before the first loan; then, in a thread. Every loan is of the newest
    generation at its beginning, which stays open until the loan ends.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._newest: _Lent | None = None
        self._opening = anyio.Lock()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Workbench]:
        """The store; open, if anything was published in it.

        Raises:
            StoreError: It cannot be opened.
        """
        async with self._opening:
            lent = await self._renewed()
            lent.readers += 1
        try:
            yield lent.memory
        finally:
            lent.readers -= 1
            self._close_if_left(lent)

    def close(self) -> None:
        """Let go of the store."""
        lent, self._newest = self._newest, None
        if lent is not None:
            self._close_if_left(lent)

    async def _renewed(self) -> _Lent:
        before = self._newest
        memory, published = await anyio.to_thread.run_sync(_newest, self._settings, before.memory if before else None)
        if before is not None and memory is before.memory:
            return before
        lent = _Lent(memory)
        self._newest = lent if published else None
        if before is not None:
            self._close_if_left(before)
        return lent

    def _close_if_left(self, lent: _Lent) -> None:
        if lent is not self._newest and lent.readers == 0:
            lent.memory.close()


def _newest(settings: Settings, held: Workbench | None) -> tuple[Workbench, bool]:
    """The newest generation, ready to be searched: `held` if that is it; and whether there is one at all.

    Where nothing was published yet the store is lent all the same: it takes memories, and says what is missing when it
    is asked for more.
    """
    from workbench.snapshot.generations import current_generation
    from workbench.workspace import Workbench

    if held is not None and current_generation(settings.store) == held.snapshot.generation:
        return held, True
    memory = Workbench(settings)
    try:
        memory.engine  # noqa: B018  (opened here, once, not by several threads at once)
    except StoreMissingError:
        return memory, False
    return memory, True
