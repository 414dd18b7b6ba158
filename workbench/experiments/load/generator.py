"""The load generator: many connections, closed loop or requests due at given times, in a process of its own.

Closed loop: every connection is a user, who asks again as soon as the answer is there, or after thinking.
Given times (`arrivals`): requests are due then whether or not the service keeps up; one that finds no free connection
waits, and its latency counts from when it was due, so that a stall is seen by all the requests that fell into it
("coordinated omission", G. Tene, "How NOT to measure latency", 2013). Timers have a resolution of 1 ms, so latencies
from the due time hold up to 1 ms of the generator's own; `service time` (from the sending) does not.

    python -m workbench.experiments.load.generator samples.npz < job.json
"""

from __future__ import annotations

import asyncio
import gc
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import orjson

from workbench.errors import WorkbenchError
from workbench.experiments.load.arrivals import thinking
from workbench.experiments.load.connection import Connection, Reply
from workbench.experiments.load.job import NEVER_SENT, LoadJob, LoadSamples
from workbench.experiments.load.recording import ARRAYS, Recorder

_TICK_SECONDS = 0.001
_RECONNECT_SECONDS = 0.05
_CONNECTING_AT_ONCE = 50  # a listening socket has a short queue


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
            return LoadSamples(**{name: found[name] for name in ARRAYS}, **rest)


class Load:
    """One run of a job on a running event loop."""

    def __init__(self, job: LoadJob) -> None:
        self.job = job
        bodies = job.bodies or [""] * len(job.targets)
        self._requests = enumerate([_request(job, *one) for one in zip(job.targets, bodies, strict=True)])
        self._good = frozenset(job.good)
        self._recorder = Recorder(job.timings)
        self._open: set[Connection] = set()
        self._idle: deque[Connection] = deque()
        self._due: deque[float] = deque()  # what is due and found no free connection
        self._next_due = iter(job.due)
        self._due_next = next(self._next_due, None)
        self._asked: Counter[int] = Counter()  # by user, after the warm-up
        self._ending = self._exhausted = False
        self._begun = self._from = self._until = self._cpu = 0.0
        self._random = random.Random(job.connections)
        self._finished = asyncio.Event()

    async def run(self) -> LoadSamples:
        """Connect, warm up, measure, and wait for the last answers."""
        for start in range(0, self.job.connections, _CONNECTING_AT_ONCE):
            numbers = range(start, min(start + _CONNECTING_AT_ONCE, self.job.connections))
            await asyncio.gather(*(self._connect(number) for number in numbers))
        self._begun = time.perf_counter()
        self._from = self._begun + self.job.warmup
        self._until = self._from + self.job.seconds
        loop = asyncio.get_running_loop()
        loop.call_later(self.job.warmup, self._start_counting)
        loop.call_later(self.job.warmup + self.job.seconds, self._end)
        watch = asyncio.ensure_future(self._watch())
        self._tick() if self._open_loop else self._ask_all()
        await self._finished.wait()
        watch.cancel()
        for connection in list(self._open):
            connection.close()
        return self._samples()

    @property
    def _open_loop(self) -> bool:
        return bool(self.job.due)

    def _start_counting(self) -> None:
        self._cpu = time.process_time()

    def _ask_all(self) -> None:
        for connection in [self._idle.popleft() for _ in range(len(self._idle))]:
            self._ask_again(connection)

    def _ask_again(self, connection: Connection) -> None:
        """A user of the closed loop asks, if there is a question left to that user and the run goes on."""
        now = time.perf_counter()
        if self._ending or connection.transport is None:
            return
        if self._has_asked_all(connection.number):
            self._idle.append(connection)
            self._end_if_all_asked()
        else:
            self._asked[connection.number] += now >= self._from
            self._ask(connection, now)

    def _has_asked_all(self, user: int) -> bool:
        return bool(self.job.per_user) and self._asked[user] >= self.job.per_user

    def _end_if_all_asked(self) -> None:
        busy = any(connection.busy for connection in self._open)
        if not busy and all(map(self._has_asked_all, range(self.job.connections))):
            self._end()

    def _tick(self) -> None:
        """Send what has become due; what finds no free connection waits in line."""
        if self._ending:
            return
        now = time.perf_counter()
        while self._due_next is not None and (due := self._begun + self._due_next) <= now and not self._ending:
            self._due_next = next(self._next_due, None)
            if self._idle:
                self._ask(self._idle.popleft(), due)
            else:
                self._due.append(due)
        asyncio.get_running_loop().call_later(_TICK_SECONDS, self._tick)

    def _ask(self, connection: Connection, scheduled: float, *, waited: bool = False) -> None:
        number, request = next(self._requests, (-1, None))
        if request is None:
            self._exhausted = True
            self._idle.append(connection)
            self._end()
        else:
            connection.send(request, scheduled, number, waited=waited)

    def _replied(self, connection: Connection, reply: Reply) -> None:
        if reply.status not in self._good:
            self._recorder.errors[f"status {reply.status}"] += 1
        elif reply.scheduled >= self._from:
            self._recorder.add(connection, reply)
        self._recorder.used.add(connection.number)
        if connection.transport is not None:
            self._free(connection)

    def _free(self, connection: Connection) -> None:
        if self._ending:
            self._idle.append(connection)
            self._finish_if_quiet()
        elif not self._open_loop:
            self._think(connection)
        elif self._due:
            self._ask(connection, self._due.popleft(), waited=True)
        else:
            self._idle.append(connection)

    def _think(self, connection: Connection) -> None:
        if self.job.think and not self._has_asked_all(connection.number):
            seconds = thinking(self.job.think, self._random)
            asyncio.get_running_loop().call_later(seconds, self._ask_again, connection)
        else:
            self._ask_again(connection)

    def _lost(self, connection: Connection, kind: str) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if kind:
            self._recorder.errors[kind] += 1
        if self._ending:
            self._finish_if_quiet()
        else:
            asyncio.get_running_loop().call_later(_RECONNECT_SECONDS, self._reconnect, connection.number)

    def _reconnect(self, number: int) -> None:
        if not self._ending:
            task = asyncio.ensure_future(self._connect(number))
            task.add_done_callback(lambda _: self._use_idle())

    def _use_idle(self) -> None:
        """Give the connections that are free something to do, once the run has begun."""
        if not self._begun:
            return
        if not self._open_loop:
            self._ask_all()
        while self._due and self._idle and not self._ending:
            self._ask(self._idle.popleft(), self._due.popleft(), waited=True)

    async def _connect(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(number, self._replied, self._lost), self.job.host, self.job.port
            )
        except OSError as error:
            self._recorder.errors[f"connect: {error.strerror or type(error).__name__}"] += 1
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
                self._recorder.errors[NEVER_SENT] += unsent
            self._finish_if_quiet()

    def _finish_if_quiet(self) -> None:
        if not any(connection.busy for connection in self._open):
            self._finished.set()

    def _samples(self) -> LoadSamples:
        window = max(self._until - self._from, 1e-9)
        return self._recorder.samples(
            self._from, window=window, cpu_share=self._cpu / window, exhausted=self._exhausted,
            loop=type(asyncio.get_running_loop()).__module__.partition(".")[0],
        )  # fmt: skip


def _request(job: LoadJob, target: str, body: str) -> bytes:
    content = body.encode()
    method = "POST" if content else "GET"
    head = f"{method} {target} HTTP/1.1\r\nHost: {job.host}:{job.port}\r\nAccept: application/json\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in job.headers.items())
    if content:
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    return f"{head}\r\n".encode("ascii") + content


def new_loop() -> Callable[[], asyncio.AbstractEventLoop]:
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
    with asyncio.Runner(loop_factory=new_loop()) as runner:
        samples = runner.run(run())
    arrays = {name: getattr(samples, name) for name in ARRAYS}
    rest = orjson.dumps({name: value for name, value in asdict(samples).items() if name not in arrays})
    np.savez(out, allow_pickle=False, rest=np.frombuffer(rest, np.uint8), **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
