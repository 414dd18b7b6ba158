"""`workbench serve` as a process, and clients of it, for tests."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import psutil


def start(store: Path, port: int, *options: str) -> subprocess.Popen[str]:
    """The service, not yet ready."""
    command = [sys.executable, "-m", "workbench", "serve", "--store", str(store), "--port", str(port), *options]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=store)


def ask(port: int, path: str, *, tries: int = 150) -> dict[str, Any]:
    """The JSON that it answers, once it does."""
    for _ in range(tries):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the service does not answer")


def workers(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The worker processes, the grandchildren of the service: they are forked from a child of it."""
    found = psutil.Process(process.pid).children(recursive=True)
    children = {one.pid for one in psutil.Process(process.pid).children()}
    return [one for one in found if one.ppid() in children and one.status() != psutil.STATUS_ZOMBIE]


class Clients:
    """Threads that ask again and again over connections that they keep, until the service takes no more.

    `outcomes` counts answers by status; a request that was sent over a connection that had been taken, and not
    answered, counts as "failed".
    """

    def __init__(self, port: int, count: int, path: str = "/search/rag?q=loaf") -> None:
        self.outcomes: Counter[str] = Counter()
        self._port, self._path = port, path
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def wait_for(self, answers: int) -> None:
        """Wait until so many have been answered."""
        while self.outcomes["200"] < answers:
            time.sleep(0.01)

    def join(self) -> None:
        """Wait until the service has gone."""
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def _work(self) -> None:
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
            try:
                connection.connect()
            except OSError:
                return
            try:
                self._use(connection)
            except (OSError, http.client.HTTPException) as error:
                self.outcomes[f"failed: {type(error).__name__}"] += 1
                return

    def _use(self, connection: http.client.HTTPConnection) -> None:
        while connection.sock is not None:  # until the service says that it was the last answer
            connection.auto_open = False  # type: ignore[assignment]
            connection.request("GET", self._path)
            answer = connection.getresponse()
            answer.read()
            self.outcomes[str(answer.status)] += 1
