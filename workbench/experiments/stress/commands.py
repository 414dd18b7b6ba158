"""The command line as a process of its own, with the time and the memory it took."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import orjson

from workbench.errors import WorkbenchError
from workbench.experiments.load.resources import Memory, ResourceWatch

_EVERY = 0.05  # seconds: a peak lasts


@dataclass(frozen=True, slots=True)
class Finished:
    """What a command printed, the seconds it took, and the most memory of it and what it started.

    `processor` is in seconds: far less than `seconds` means that the machine was busy with something else.
    """

    output: Any
    seconds: float
    processor: float
    peak: Memory


def workbench(*arguments: object, good: Collection[int] = (0,)) -> Finished:
    """Run `workbench ARGUMENTS --json` to its end; it has to exit with one of the `good` statuses.

    Raises:
        WorkbenchError: It failed; with what it said.
    """
    command = [sys.executable, "-m", "workbench", *map(str, arguments), "--json"]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
        begun, before = time.perf_counter(), _processor()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=said)
        with ResourceWatch(process.pid, every=_EVERY) as watch:
            status = process.wait()
            seconds, processor = time.perf_counter() - begun, _processor() - before
        out.seek(0)
        said.seek(0)
        printed = out.read()
        if status not in good:
            told = (printed + said.read()).decode(errors="replace").strip()[-500:]
            raise WorkbenchError(f"`workbench {arguments[0]}` failed with status {status}", told)
    return Finished(orjson.loads(printed), seconds, processor, watch.peak)


def _processor() -> float:
    """Of all processes that this one has started and that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
