"""Making anew what still has the bytes of deleted rows: the record's file, the journal, the generations.

DuckDB writes blocks whose unused parts hold whatever its memory held before (`workbench.record.renewal`). So whoever
asks for something to be forgotten, and may import next, never reads it: one process erases, one sends the rows that are
left, and one that has seen nothing else writes them down and publishes them. All hold the lock of the process that
started them, so that nobody else writes while one of them lives. Renewing may be repeated, and is, by the next writer,
if they are killed.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from workbench.errors import StoreError, WorkbenchError
from workbench.record import Database, Erased, Unit, Wanted, WriterLock, is_unfinished, open_record
from workbench.snapshot import generations

_SAID = 2_000  # bytes of what another process said last


@dataclass(frozen=True, slots=True)
class Deletion:
    """What was taken out of the record: nothing where there are no `units`. `already` are ids forgotten before."""

    units: tuple[Unit, ...]
    already: tuple[str, ...]
    erased: Erased


@dataclass(frozen=True, slots=True)
class Renewed:
    """What was made anew: the generation (None: there was none), and how many lines of the journal."""

    generation: int | None
    journal_lines: int


@contextmanager
def opened(store: Path, lock: WriterLock) -> Iterator[Database]:
    """The record of `store`, open to write. A forgetting that was cut off is finished before."""
    database = open_record(store)
    try:
        if is_unfinished(database):
            database.close()
            renew(store, lock)
            database = open_record(store)
        if generations.forgotten(store):
            generations.sweep(store)
        yield database
    finally:
        database.close()


def delete(store: Path, lock: WriterLock, wanted: Wanted, now: datetime, *, dry_run: bool) -> Deletion:
    """Have what is `wanted` taken out of the record, or only counted."""
    with tempfile.TemporaryFile() as said:
        process = _start("delete", store, lock, said, subprocess.PIPE)
        told, _ = process.communicate(pickle.dumps((wanted, now, dry_run)))
        deletion: Deletion = _result(told, said)
        return deletion


def renew(store: Path, lock: WriterLock) -> Renewed:
    """Have the record, the journal and the current generation made anew without what was deleted.

    Raises:
        StoreError: It failed. What was deleted stays deleted, and the next writer tries again.
    """
    with tempfile.TemporaryFile() as said:
        sender = _start("send", store, lock, said)
        writer = _start("renew", store, lock, said, sender.stdout)
        assert sender.stdout is not None
        sender.stdout.close()  # the writer has it: if that ends, the sender is told
        told, _ = writer.communicate()
        if sender.wait():
            raise _failed(said)
        renewed: Renewed = _result(told, said)
        return renewed


def _start(part: str, store: Path, lock: WriterLock, said: IO[bytes], stdin: Any = subprocess.DEVNULL) -> Any:
    command = [sys.executable, "-m", "workbench.ingest.forgetting", part, str(store.absolute())]
    return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=said, pass_fds=(lock.fileno(),))


def _result(told: bytes, said: IO[bytes]) -> Any:
    """What a process of ours gave back. Raises what it raised."""
    if not told:
        raise _failed(said)
    result = pickle.loads(told)
    if isinstance(result, WorkbenchError):
        raise result
    return result


def _failed(said: IO[bytes]) -> StoreError:
    said.seek(max(0, said.seek(0, 2) - _SAID))
    lines = said.read().decode(errors="replace").strip().splitlines()
    return StoreError(
        "it could not be forgotten to the end", lines[-1] if lines else "a process that does it was ended",
        "run `workbench rebuild`: it goes on where this ended",
    )  # fmt: skip
