"""Memories that wait for one another: what arrives while some are written to the disk is written together next.

A memory is acknowledged when the disk has it, which takes a disk milliseconds whether it is one or fifty.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from starlette.concurrency import run_in_threadpool

from workbench.model import Memory, NewMemory

Write = Callable[[Sequence[NewMemory]], Sequence[Memory]]
Waiting = tuple[Sequence[NewMemory], asyncio.Future[Sequence[Memory]]]


class Remembering:
    """Gathers the memories of one event loop. `write` keeps several at once and is called in a thread."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._waiting: list[Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def remember(self, memories: Sequence[NewMemory]) -> Sequence[Memory]:
        """Keep `memories`; they are on the disk when this returns.

        Raises:
            StoreError: They cannot be written; nothing is kept.
        """
        future: asyncio.Future[Sequence[Memory]] = asyncio.get_running_loop().create_future()
        self._waiting.append((memories, future))
        if self._writing is None:
            self._writing = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                kept = await run_in_threadpool(self._write, [one for memories, _ in batch for one in memories])
            except Exception as error:  # noqa: BLE001  (reaches everyone who waits for it)
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            _hand_out(batch, kept)
        self._writing = None


def _hand_out(batch: Sequence[Waiting], kept: Sequence[Memory]) -> None:
    start = 0
    for memories, future in batch:
        if not future.done():  # who gave up has been written all the same
            future.set_result(kept[start : start + len(memories)])
        start += len(memories)
