"""The shared cache dies and comes back while searches go on."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import UsageError, WorkbenchError
from workbench.experiments.load.histogram import Latency, latency_of
from workbench.experiments.load.queries import POPULAR, repeated, search_targets
from workbench.experiments.load.service import HOST, free_port
from workbench.experiments.service_load.loads import Outcome, load, service

_CONNECTIONS = 24
_MOST_PER_SECOND = 8_000
_TRIES = 250


@dataclass(frozen=True, slots=True)
class RedisRestart:
    """`seconds` of load; Redis was killed after a third and started again after two thirds.

    `cached_share` of the answers came out of a cache.
    """

    seconds: float
    outcome: Outcome
    latency: Latency
    cached_share: float


def restart_redis(store: Path, folder: Path, queries: Sequence[str], seconds: float, workers: int) -> RedisRestart:
    """Kill and restart a redis-server of our own under the repeated mix.

    Raises:
        UsageError: redis-server is not installed.
    """
    if shutil.which("redis-server") is None:
        raise UsageError("redis-server is not installed", "", "install it, or leave --restart-redis out")
    count = int(seconds * _MOST_PER_SECOND)
    mix = repeated(list(queries[:POPULAR]), _again_and_again(queries[POPULAR:] or queries, count), count)
    with _Redis(folder).running() as redis, service(store, workers, "--redis", redis.url, cache=True) as started:
        troubling = threading.Thread(target=redis.die_and_return, args=(seconds / 3,))
        troubling.start()
        samples = load(started.port, search_targets(mix), _CONNECTIONS, seconds)
        troubling.join()
    took = samples.done - samples.sent
    return RedisRestart(seconds, Outcome.of([samples]), latency_of(took), samples.cached / max(1, len(took)))


def _again_and_again(queries: Sequence[str], count: int) -> list[str]:
    return [queries[number % len(queries)] for number in range(count)]


class _Redis:
    """A redis-server of our own that keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self._port}/0"

    @contextmanager
    def running(self) -> Iterator[_Redis]:
        self._start()
        try:
            yield self
        finally:
            self._kill()

    def die_and_return(self, third: float) -> None:
        """Work for `third` seconds, be away for as long, then be there again."""
        time.sleep(third)
        self._kill()
        time.sleep(third)
        self._start()

    def _start(self) -> None:
        command = ["redis-server", "--port", str(self._port), "--bind", HOST, "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([*command, "--dir", str(self._folder)], stdout=subprocess.DEVNULL)
        client = ["redis-cli", "-h", HOST, "-p", str(self._port), "ping"]
        for _ in range(_TRIES):
            if subprocess.run(client, capture_output=True, check=False).stdout.strip() == b"PONG":
                return
            time.sleep(0.02)
        raise WorkbenchError("redis-server does not answer")

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
