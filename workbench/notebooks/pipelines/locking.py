"""One run of a pipeline at a time, and one user of a resource; whoever comes second is told who runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import PipelineBusyError, StoreError
from workbench.notebooks.pipelines.definition import Pipeline
from workbench.notebooks.pipelines.folders import lock_file, resource_file
from workbench.record.file_lock import FileLock, holder_of

_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Held:
    """What a run holds: its pipeline, and the resources that it uses."""

    locks: tuple[FileLock, ...]

    def tell(self, **facts: Any) -> None:
        """Say how far we are, for whoever asks."""
        for lock in self.locks:
            lock.tell(**facts)


@contextmanager
def reserved(
    runs: Path, pipeline: Pipeline, *, wait: float = 0.0, say: Callable[[str], None] = lambda line: None
) -> Iterator[Held]:
    """Hold the pipeline and its resources for the block; wait for them up to `wait` seconds.

    All or none of them are held while waiting, so that two that wait for each other cannot happen.

    Raises:
        PipelineBusyError: Another process holds one of them; the message says which, since when, and what it runs.
        StoreError: The folder of runs cannot be written.
    """
    resources = [resource_file(runs, name) for name in sorted(set(pipeline.resources))]
    locks = tuple(FileLock(path) for path in (lock_file(runs, pipeline.name), *resources))
    limit = time.monotonic() + wait
    told = False
    try:
        while (taken := _first_taken(locks, pipeline.name)) is not None:
            if time.monotonic() >= limit:
                raise _busy(taken)
            if not told:
                say(f"Waiting: {_busy(taken).what}, {_busy(taken).why}.")
                told = True
            time.sleep(_POLL_SECONDS)
        yield Held(locks)
    finally:
        _release(locks)


def _first_taken(locks: tuple[FileLock, ...], pipeline: str) -> Path | None:
    """Take all; if one of them is another's, take none, and return that one."""
    for lock in locks:
        try:
            taken = lock.take(pipeline=pipeline)
        except OSError as error:
            raise StoreError(
                f"{lock.path} cannot be written", str(error), "choose another folder with --runs"
            ) from error
        if not taken:
            _release(locks)
            return lock.path
    return None


def _release(locks: tuple[FileLock, ...]) -> None:
    for lock in locks:
        lock.release()


def _busy(path: Path) -> PipelineBusyError:
    kind, _, name = path.stem.partition("-")
    what = f"{name} is being run already" if kind == "pipeline" else f"the {name} is in use"
    return PipelineBusyError(what, _described(holder_of(path)), "wait for it with --wait SECONDS, or try again later")


def _described(holder: dict[str, Any] | None) -> str:
    if holder is None:
        return "by another process"
    of_run = f", run {holder['run']}" if holder.get("run") else ""
    step = f", in step {holder['step']}" if holder.get("step") else ""
    return (
        f"by process {holder['pid']} on {holder['host']} ({holder['command']}) since {holder['since']}: "
        f"pipeline {holder.get('pipeline', '?')}{of_run}{step}"
    )
