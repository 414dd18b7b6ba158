"""A Redis that several workers and services share as the second level of their caches; the only module that knows it.

It may be away, slow, full or restarted at any moment. Nobody waits longer than 20 ms for it, and after one failure
nobody at all until it answers a try in the background. What it holds are bytes as they are, never pickles: whoever
can write to it can give wrong answers, but run nothing.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter, deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from itertools import repeat
from typing import TYPE_CHECKING, Any

from workbench.errors import UsageError
from workbench.http_api.caching.breaker import Breaker

if TYPE_CHECKING:
    from redis.asyncio import Redis

KINDS = ("answers", "vectors")
WAIT_SECONDS = 0.02  # what a request waits at most; a get on the same machine takes 0.07 ms
_CONNECT_SECONDS = 1.0  # only the background connects
_WRITE_SECONDS = 0.5  # nobody waits for a write
_RETRY_SECONDS = 1.0
_LOOK_SECONDS = 0.5  # how long a clear by another service may stay unseen
_NAMESPACE = "workbench"
_NO_EPOCH = b"0"
_MOST_READ, _MOST_WRITTEN = 64, 32  # at once
_MOST_WAITING, _LARGEST = 1_000, 1 << 20  # values, bytes of one
_SCANNED = 500
# Rounds that a busy event loop needs to see an answer that has long arrived: read, parse, wake the two who wait.
_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class SharedStatistics:
    """What one worker saw of the shared cache since it was started.

    `failures` are reads and writes that failed or took too long; `dropped` are values that were never written, because
    it was away or too many waited.
    """

    reachable: bool
    hits: dict[str, int]
    misses: dict[str, int]
    written: int
    dropped: int
    failures: int


class SharedCache:
    """Bytes by kind, scope and key. To be used from one event loop; only `put` from any thread.

    `cleared` is called with the kind when another service has cleared it.
    """

    def __init__(self, url: str, store: str, cleared: Callable[[str], object] = lambda _: None) -> None:
        """Connects to nothing yet. `store` is a name for the store that no other store has.

        Raises:
            UsageError: The URL cannot be understood, or the package redis is not installed.
        """
        self._client: Any  # redis types what can be awaited as a union with what cannot
        self._client, self._faults = _client(url)
        self._prefix = f"{_NAMESPACE}:{store}"
        self._cleared = cleared
        self._connection = Breaker("shared cache", closed=False)
        self._writable = Breaker("writing to the shared cache", closed=True)
        self._write_again = 0.0
        self._epochs: dict[str, bytes] = {}
        self._owed: set[str] = set()
        self._asked: list[tuple[str, asyncio.Future[bytes | None]]] = []
        self._waiting: deque[tuple[str, bytes, float]] = deque()
        self._hits, self._misses = Counter[str](), Counter[str]()
        self._written = self._dropped = self._failures = 0
        self._reader: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to connect, in the background."""
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._tasks = [asyncio.create_task(self._keep()), asyncio.create_task(self._write())]

    async def stop(self) -> None:
        """Close all connections. What has not been written is lost."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._connection.closed = False
        with suppress(*self._faults):
            await self._client.aclose()

    async def get(self, kind: str, scope: str, key: bytes) -> bytes | None:
        """What is kept, None if there is nothing or no answer within 20 ms."""
        if not self._connection.closed:
            return None
        future: asyncio.Future[bytes | None] = self._loop.create_future()
        self._asked.append((self._name(kind, scope, key), future))
        if self._reader is None or self._reader.done():
            self._reader = self._loop.create_task(self._read())
        found = await future
        (self._misses if found is None else self._hits)[kind] += 1
        return found

    def put(self, kind: str, scope: str, key: bytes, value: bytes, ttl: float) -> None:
        """Have `value` kept for `ttl` seconds. Does not wait; lost where it cannot be written soon."""
        if not self._connection.closed or len(value) > _LARGEST or len(self._waiting) >= _MOST_WAITING:
            self._dropped += 1
            return
        self._waiting.append((self._name(kind, scope, key), value, ttl))
        if not self._wake.is_set():
            self._loop.call_soon_threadsafe(self._wake.set)

    async def clear(self, kind: str) -> int | None:
        """Forget what is kept of a kind, for all services; how many entries that were.

        None if it cannot be reached: then it is cleared before it is used again.
        """
        self._owed.add(kind)
        if not self._connection.closed:
            return None
        try:
            return await self._clear(kind)
        except self._faults as error:
            self._fail(error)
            return None

    def statistics(self) -> SharedStatistics:
        """Counts since the start."""
        return SharedStatistics(
            self._connection.closed, dict.fromkeys(KINDS, 0) | self._hits, dict.fromkeys(KINDS, 0) | self._misses,
            self._written, self._dropped, self._failures,
        )  # fmt: skip

    def _name(self, kind: str, scope: str, key: bytes) -> str:
        epoch = self._epochs.get(kind, _NO_EPOCH).decode()
        return f"{self._prefix}:{kind}:{epoch}:{scope}:{blake2b(key, digest_size=16).hexdigest()}"

    async def _read(self) -> None:
        """Ask for all that is wanted; what is wanted meanwhile is the next round."""
        while self._asked:
            asked, self._asked = self._asked[:_MOST_READ], self._asked[_MOST_READ:]
            found = await self._try(partial(self._client.mget, [name for name, _ in asked]), WAIT_SECONDS)
            values: Iterable[bytes | None] = found or repeat(None)
            for (_, future), value in zip(asked, values, strict=False):
                if not future.done():
                    future.set_result(value)

    async def _try(self, ask: Callable[[], Any], seconds: float) -> Any:
        """What `ask` gives, None if it is away."""
        if not self._connection.closed:
            return None
        try:
            return await _within(ask(), seconds)
        except self._faults as error:
            self._fail(error)
            return None

    def _fail(self, error: BaseException) -> None:
        self._failures += 1
        self._connection.fail(error)

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                entries = [self._waiting.popleft() for _ in range(min(_MOST_WRITTEN, len(self._waiting)))]
                if self._loop.time() >= self._write_again:
                    await self._write_some(entries)
                else:
                    self._dropped += len(entries)

    async def _write_some(self, entries: list[tuple[str, bytes, float]]) -> None:
        def ask() -> Any:
            pipe = self._client.pipeline(transaction=False)
            for name, value, ttl in entries:
                pipe.set(name, value, px=max(1, int(ttl * 1000)))
            return pipe.execute(raise_on_error=False)

        answers = await self._try(ask, _WRITE_SECONDS)
        refusals = [one for one in answers if isinstance(one, Exception)] if answers else []
        lost = len(refusals) if answers else len(entries)
        self._dropped += lost
        self._written += len(entries) - lost
        if refusals:  # it is full, or a replica: it may still be read
            self._failures += len(refusals)
            self._writable.fail(refusals[0])
            self._write_again = self._loop.time() + _RETRY_SECONDS
        elif answers:
            self._writable.mend()

    async def _keep(self) -> None:
        """Look after clears by others; where it is away, try whether it is back."""
        while True:
            if self._connection.closed:
                found = await self._try(self._ask_epochs, WAIT_SECONDS)
                if found is not None:
                    self._follow(found)
            else:
                await self._mend()
            await asyncio.sleep(_LOOK_SECONDS if self._connection.closed else _RETRY_SECONDS)

    async def _mend(self) -> None:
        try:
            await self._client.connection_pool.disconnect(inuse_connections=False)
            await _within(self._client.ping(), _CONNECT_SECONDS)
            self._follow(await _within(self._ask_epochs(), WAIT_SECONDS))  # as quick as it has to be
            for kind in tuple(self._owed):
                await self._clear(kind)
        except self._faults as error:
            self._connection.fail(error)
        else:
            self._connection.mend()

    def _ask_epochs(self) -> Any:
        return self._client.mget([f"{self._prefix}:epoch:{kind}" for kind in KINDS])

    def _follow(self, epochs: list[bytes | None]) -> None:
        for kind, epoch in zip(KINDS, epochs, strict=True):
            before, self._epochs[kind] = self._epochs.get(kind, epoch), epoch or _NO_EPOCH
            # None after something: it came back empty, which says nothing about what others keep
            if epoch is not None and before is not None and epoch != before:
                self._cleared(kind)

    async def _clear(self, kind: str) -> int:
        """A new epoch, so that nothing kept is found again; then the entries go."""
        epoch = secrets.token_hex(8).encode()
        await _within(self._client.set(f"{self._prefix}:epoch:{kind}", epoch), _WRITE_SECONDS)
        self._epochs[kind] = epoch
        cursor, count = 0, 0
        while True:
            scan = self._client.scan(cursor, match=f"{self._prefix}:{kind}:*", count=_SCANNED)
            cursor, names = await _within(scan, _WRITE_SECONDS)
            if names:
                count += await _within(self._client.unlink(*names), _WRITE_SECONDS)
            if not cursor:
                break
        self._owed.discard(kind)
        return count


async def _within(ask: Any, seconds: float) -> Any:
    """The result, if it is there in time.

    An event loop that is searching sees its timers before its sockets: an answer that came in time counts, however
    late it is looked at.

    Raises:
        TimeoutError: It is not there.
    """
    task = asyncio.ensure_future(ask)
    try:
        await asyncio.wait({task}, timeout=seconds)
        for _ in range(_ROUNDS):
            if task.done():
                break
            await asyncio.sleep(0)
        if not task.done():
            raise TimeoutError(f"no answer in {seconds * 1000:.0f} ms")
    finally:
        if not task.done():
            task.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody else asks for it
            task.cancel()  # redis closes the connection: a late answer must not be taken for that to another question
    return task.result()


def _client(url: str) -> tuple[Redis, tuple[type[Exception], ...]]:
    try:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
        from redis.exceptions import RedisError
    except ImportError as error:
        raise UsageError(
            "a shared cache is wanted, but the package redis is not installed", str(error),
            "run `pip install 'memory-workbench[redis]'`, or leave the URL out",
        ) from error  # fmt: skip
    try:
        client = Redis.from_url(
            url, protocol=2, socket_timeout=None, socket_connect_timeout=_CONNECT_SECONDS, driver_info=None,
            retry=Retry(NoBackoff(), 0), max_connections=8,
        )  # fmt: skip
    except ValueError as error:
        todo = "write it like redis://127.0.0.1:6379/0, rediss://… or unix:///path"
        raise UsageError("the URL of the shared cache cannot be understood", str(error), todo) from None
    return client, (RedisError, OSError, TimeoutError)
