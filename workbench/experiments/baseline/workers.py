"""Processes that do the work which is timed, one for each side, kept alive for a round."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from workbench.errors import UsageError, WorkbenchError
from workbench.experiments.baseline.plan import Side

THREADS = {name: os.environ.get(name, "1") for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
"""Of numeric libraries: one, unless the environment says otherwise, so that processor time is not spent on waiting."""
_SCRIPT = Path(__file__).with_name("worker.py")
_END_SECONDS = 20.0
_LAST_LINES = 6


class Worker:
    """One process of one side. It works as soon as it is made; `wait_until_ready` before the first block."""

    def __init__(self, side: Side, given: Path) -> None:
        """`given` is the file that says what to work on."""
        self.side = side
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the worker is
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_SCRIPT), str(given), str(side.slow_down)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, encoding="utf-8",
            env={**os.environ, **THREADS, "PYTHONPATH": str(side.code)},
        )  # fmt: skip

    def wait_until_ready(self) -> None:
        """Wait until it has opened the store and warmed up.

        Raises:
            WorkbenchError: It failed, or works with other code than it should.
        """
        code = Path(self._answer()["code"])
        if code != self.side.code.resolve():
            raise WorkbenchError(f"{self.side.name} should have run the code of {self.side.code}", f"it ran {code}'s")

    def block(self, workload: str | None, first: int, count: int) -> tuple[float, float]:
        """Processor and wall seconds of a block of a workload, or (None) of the reference."""
        self._say({"workload": workload, "first": first, "count": count})
        said = self._answer()
        return said["cpu"], said["wall"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except BrokenPipeError:
                continue  # it has ended already: what it said of that has been told
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _say(self, asked: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._failed("it ended") from None

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        said: dict[str, Any] = json.loads(line) if line else {"error": "it ended"}
        if "error" in said:
            raise self._failed(said["error"])
        return said

    def _failed(self, why: str) -> WorkbenchError:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()[-_LAST_LINES:]
        return WorkbenchError(f"the process that measures {self.side.name} failed", " ".join([f"{why}.", *lines]))


@contextmanager
def workers(sides: Sequence[Side], given: Path) -> Iterator[list[Worker]]:
    """A worker for each side, all ready; they end with the block."""
    with ExitStack() as stack:
        made = [stack.enter_context(Worker(side, given)) for side in sides]
        for worker in made:
            worker.wait_until_ready()
        yield made


def check_code(code: Path) -> Path:
    """The folder of a checkout, resolved.

    Raises:
        UsageError: It holds no Workbench.
    """
    if not (code / "workbench" / "workspace").is_dir():
        raise UsageError(f"{code} holds no checkout of Workbench", "", "name the folder that holds pyproject.toml")
    return code.resolve()
