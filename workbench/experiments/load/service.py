"""Starting a search service as its own processes, knowing when it is ready, and ending it again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from workbench.errors import WorkbenchError

HOST = "127.0.0.1"
_READY_SECONDS = 180.0
_END_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Service:
    """A running service. `ready_seconds` is how long its start took until /health answered.

    `pid` is 0 for one that was not started here. `headers` have to go with every request.
    """

    name: str
    port: int
    pid: int
    workers: int
    ready_seconds: float
    host: str = HOST
    headers: Mapping[str, str] = field(default_factory=dict)


def workbench_command(store: Path, port: int, workers: int, *options: str, cache: bool) -> list[str]:
    """How our own service is started; `options` are further ones of `workbench serve`."""
    command = [sys.executable, "-m", "workbench", "serve", "--store", str(store)]
    command += ["--port", str(port), "--workers", str(workers), *options]
    return command if cache else [*command, "--no-cache"]


def naive_command(store: Path, port: int, workers: int) -> list[str]:
    """How the naive reference is started."""
    module = "workbench.experiments.load.naive"
    return [sys.executable, "-m", module, "--store", str(store), "--port", str(port), "--workers", str(workers)]


@contextmanager
def running(
    name: str, command: Sequence[str], port: int, workers: int, *, environment: Mapping[str, str] | None = None,
    token: str = "",
) -> Iterator[Service]:  # fmt: skip
    """The service, ready; it and all its processes are ended with the block. `token` is what requests must show.

    Raises:
        WorkbenchError: It ended by itself, or was not ready within three minutes; with the last lines it printed.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with tempfile.TemporaryFile() as log:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, **(environment or {})},
        )  # fmt: skip
        try:
            _wait_until_ready(name, process, port, headers)
            ready = time.perf_counter() - begun
            yield Service(name, port, process.pid, workers, ready, headers=headers)
            if process.poll() is not None:
                raise WorkbenchError(f"the {name} service ended while it was measured", f"exit {process.returncode}")
        except WorkbenchError as error:
            log.seek(0)
            lines = log.read().decode(errors="replace").strip().splitlines()[-8:]
            raise WorkbenchError(error.what, " ".join([error.why, *lines]).strip(), error.todo) from error
        finally:
            _end(process)


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def fetch(
    port: int, target: str, *, timeout: float = 30.0, host: str = HOST, headers: Mapping[str, str] | None = None
) -> bytes:
    """The body of one answer of a service, by default on this machine.

    Raises:
        WorkbenchError: It did not answer, or not with 200.
    """
    try:
        request = urllib.request.Request(f"http://{host}:{port}{target}", headers=dict(headers or {}))
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return bytes(answer.read())
    except OSError as error:  # urllib's own errors are OSErrors
        raise WorkbenchError(f"{target[:80]} was not answered", str(error)) from error


def _wait_until_ready(name: str, process: subprocess.Popen[bytes], port: int, headers: Mapping[str, str]) -> None:
    request = urllib.request.Request(f"http://{HOST}:{port}/health", headers=dict(headers))
    limit = time.monotonic() + _READY_SECONDS
    while time.monotonic() < limit:
        if process.poll() is not None:
            raise WorkbenchError(f"the {name} service ended at once", f"exit {process.returncode}")
        try:
            with urllib.request.urlopen(request, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise WorkbenchError(f"the {name} service was not ready within {_READY_SECONDS:.0f} s")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and its children: they are a session of their own, so the group is exactly them."""
    for number, patience in ((signal.SIGTERM, _END_SECONDS), (signal.SIGKILL, _END_SECONDS)):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
