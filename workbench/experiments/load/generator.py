"""The load generator: many connections, closed loop or constant arrival rate, in a process of its own.

Closed loop: every connection is a user without think time, who asks again as soon as the answer is there. Constant
arrival rate: requests are due at fixed times whether or not the service keeps up; one that finds no free connection
waits, and its latency counts from when it was due, so that a stall is seen by all the requests that fell into it
("coordinated omission", G. Tene, "How NOT to measure latency", 2013). Timers have a resolution of 1 ms, so latencies
from the due time hold up to 1 ms of the generator's own; `service time` (from the sending) does not.

    python -m workbench.experiments.load.generator samples.npz < job.json
"""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import tempfile
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import orjson

from workbench.errors import WorkbenchError
from workbench.experiments.load.connection import Connection, Reply
from workbench.experiments.load.job import LoadJob, LoadSamples

_TICK_SECONDS = 0.001
_RECONNECT_SECONDS = 0.05
_CONNECTING_AT_ONCE = 50  # a listening socket has a short queue
_CACHE_HIT = b"x-cache: hit"
_NOTHING_FOUND = b'"contexts":[]'
_PARTIAL = b'"partial":true'
_ARRAYS = ("scheduled", "sent", "done", "number", "status")


def run_load(job: LoadJob) -> LoadSamples:
    """Run `job` in a process of its own and wait for it.

    Raises:
        WorkbenchError: The generator itself failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "samples.npz"
        command = [sys.executable, "-m", "workbench.experiments.load.generator", str(out)]
        done = subprocess.run(command, input=orjson.dumps(asdict(job)), capture_output=True, check=False)
        if done.returncode != 0:
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise WorkbenchError("the load generator failed", "".join(last))
        with np.load(out) as found:
            rest = orjson.loads(found["rest"].tobytes())
            return LoadSamples(**{name: found[name] for name in _ARRAYS}, **rest)


class Load:
    """One run of a job on a running event loop."""

    def __init__(self, job: LoadJob) -> None:
        self.job = job
        bodies = job.bodies or [""] * len(job.targets)
        self._requests = enumerate([_request(job, *one) for one in zip(job.targets, bodies, strict=True)])
        self._good = frozenset(job.good)
        self._scheduled, self._sent, self._done = array("d"), array("d"), array("d")
        self._number, self._status = array("q"), array("q")
        self._errors: Counter[str] = Counter()
        self._open: set[Connection] = set()
        self._idle: deque[Connection] = deque()
        self._due: deque[float] = deque()
        self._answers: Counter[int] = Counter()
        self._cached = self._empty = self._partial = self._bytes = 0
        self._ending = self._exhausted = False
        self._from = self._until = self._next_due = self._cpu = 0.0
        self._finished = asyncio.Event()

    async def run(self) -> LoadSamples:
        """Connect, warm up, measure, and wait for the last answers."""
        for start in range(0, self.job.connections, _CONNECTING_AT_ONCE):
            numbers = range(start, min(start + _CONNECTING_AT_ONCE, self.job.connections))
            await asyncio.gather(*(self._connect(number) for number in numbers))
        begun = time.perf_counter()
        self._from = begun + self.job.warmup
        self._until = self._from + self.job.seconds
        self._next_due = begun
        loop = asyncio.get_running_loop()
        loop.call_later(self.job.warmup, self._start_counting)
        loop.call_later(self.job.warmup + self.job.seconds, self._end)
        watch = asyncio.ensure_future(self._watch())
        self._tick() if self.job.rate else self._ask_all()
        await self._finished.wait()
        watch.cancel()
        for connection in list(self._open):
            connection.close()
        return self._samples()

    def _start_counting(self) -> None:
        self._cpu = time.process_time()

    def _ask_all(self) -> None:
        while self._idle and not self._ending:
            self._ask(self._idle.popleft(), time.perf_counter())

    def _tick(self) -> None:
        """Send what has become due; what finds no free connection waits in line."""
        if self._ending:
            return
        now = time.perf_counter()
        while self._next_due <= now:
            self._due.append(self._next_due)
            self._next_due += 1.0 / self.job.rate
        while self._due and self._idle and not self._ending:
            self._ask(self._idle.popleft(), self._due.popleft())
        asyncio.get_running_loop().call_later(_TICK_SECONDS, self._tick)

    def _ask(self, connection: Connection, scheduled: float) -> None:
        number, request = next(self._requests, (-1, None))
        if request is None:
            self._exhausted = True
            self._idle.append(connection)
            self._end()
        else:
            connection.send(request, scheduled, number)

    def _replied(self, connection: Connection, reply: Reply) -> None:
        if reply.status not in self._good:
            self._errors[f"status {reply.status}"] += 1
        elif reply.scheduled >= self._from:
            self._scheduled.append(reply.scheduled)
            self._sent.append(reply.sent)
            self._done.append(reply.done)
            self._number.append(connection.request)
            self._status.append(reply.status)
            self._bytes += len(reply.body)
            self._cached += _CACHE_HIT in reply.head.lower()
            self._empty += _NOTHING_FOUND in reply.body
            self._partial += _PARTIAL in reply.body
        self._answers[connection.number] += 1
        if connection.transport is not None:
            self._free(connection)

    def _free(self, connection: Connection) -> None:
        if self._ending:
            self._idle.append(connection)
            self._finish_if_quiet()
        elif not self.job.rate:
            self._ask(connection, time.perf_counter())
        elif self._due:
            self._ask(connection, self._due.popleft())
        else:
            self._idle.append(connection)

    def _lost(self, connection: Connection, kind: str) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if kind:
            self._errors[kind] += 1
        if self._ending:
            self._finish_if_quiet()
        else:
            asyncio.get_running_loop().call_later(_RECONNECT_SECONDS, self._reconnect, connection.number)

    def _reconnect(self, number: int) -> None:
        if not self._ending:
            task = asyncio.ensure_future(self._connect(number))
            task.add_done_callback(lambda _: self._ask_all() if not self.job.rate and self._from else None)

    async def _connect(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(number, self._replied, self._lost), self.job.host, self.job.port
            )
        except OSError as error:
            self._errors[f"connect: {error.strerror or type(error).__name__}"] += 1
            loop.call_later(_RECONNECT_SECONDS, self._reconnect, number)
            return
        self._open.add(connection)
        self._idle.append(connection)

    async def _watch(self) -> None:
        """Give up connections whose answer does not come."""
        while True:
            await asyncio.sleep(min(0.25, self.job.timeout / 4))
            late = time.perf_counter() - self.job.timeout
            for connection in [one for one in self._open if one.busy and one.sent < late]:
                connection.abort("no answer within the timeout")

    def _end(self) -> None:
        if not self._ending:
            self._ending = True
            self._until = min(self._until, time.perf_counter())
            self._cpu = time.process_time() - self._cpu
            unsent = sum(due >= self._from for due in self._due)
            if unsent and not self._exhausted:
                self._errors["due but never sent"] += unsent
            self._finish_if_quiet()

    def _finish_if_quiet(self) -> None:
        if not any(connection.busy for connection in self._open):
            self._finished.set()

    def _samples(self) -> LoadSamples:
        window = max(self._until - self._from, 1e-9)
        return LoadSamples(
            scheduled=np.frombuffer(self._scheduled) - self._from,
            sent=np.frombuffer(self._sent) - self._from,
            done=np.frombuffer(self._done) - self._from,
            errors=dict(self._errors),
            window=window,
            cpu_share=self._cpu / window,
            used=len(self._answers),
            cached=self._cached,
            empty=self._empty,
            partial=self._partial,
            bytes=self._bytes,
            exhausted=self._exhausted,
            loop=type(asyncio.get_running_loop()).__module__.partition(".")[0],
            number=np.frombuffer(self._number, np.int64),
            status=np.frombuffer(self._status, np.int64),
        )


def _request(job: LoadJob, target: str, body: str) -> bytes:
    content = body.encode()
    method = "POST" if content else "GET"
    head = f"{method} {target} HTTP/1.1\r\nHost: {job.host}:{job.port}\r\nAccept: application/json\r\n"
    if content:
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    return f"{head}\r\n".encode("ascii") + content


def _new_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop's event loop where it is installed (extra `service`), else asyncio's, which takes about twice the CPU."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def main(out: Path) -> None:
    """Read a job from standard input, write its samples to `out`."""
    job = LoadJob(**orjson.loads(sys.stdin.buffer.read()))

    async def run() -> LoadSamples:
        return await Load(job).run()

    gc.disable()  # a run lasts seconds: a collection would only show up as latency
    with asyncio.Runner(loop_factory=_new_loop()) as runner:
        samples = runner.run(run())
    arrays = {name: getattr(samples, name) for name in _ARRAYS}
    rest = orjson.dumps({name: value for name, value in asdict(samples).items() if name not in arrays})
    np.savez(out, allow_pickle=False, rest=np.frombuffer(rest, np.uint8), **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
