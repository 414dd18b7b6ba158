"""Forgetting, from what is meant to the receipt."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from workbench.errors import NotFoundError, StoreMissingError
from workbench.ingest.forgetting.receipt import Forgotten, HeldGeneration, Receipt
from workbench.ingest.forgetting.renewing import delete, opened, renew
from workbench.record import RECORD_FILE, Kind, Wanted, WriterLock, journal, lift, read_tombstones
from workbench.search.store_caches import FORGOTTEN, StoreCaches
from workbench.snapshot import generations
from workbench.snapshot.replica import refuse_writing

PATIENCE_SECONDS = 5.0  # a service moves on to a new generation within one
_LOOK_SECONDS = 0.05
_NOT_REACHED = (
    "the exports themselves, and uploads that wait: what is in them stays there (an import leaves it out)",
    "notebooks, reports and histories of runs (data/runs), logs with queries, and whatever was copied out of the store",
    "backups, and places that the store was pushed to: `workbench push` again, then `workbench pull` on each replica",
    "other messages that repeat it; generations that are still read; memory of processes; unused blocks of the disk",
)


def forget(store: Path, wanted: Wanted, *, dry_run: bool = False, patience: float = PATIENCE_SECONDS) -> Receipt:
    """Forget what is `wanted`, everywhere in the store; with `dry_run` only say what that would be, with titles.

    For `patience` seconds old generations are waited for that somebody reads. A dry run writes nothing but what any
    writer does first: memories go from the journal into the record.

    Raises:
        NotFoundError: An id is that of nothing, or the beginning of several.
        StoreMissingError: There is no record.
        StoreLockedError: Another process is writing.
        StoreError: It could not be done to the end; the next writer goes on with it.
    """
    refuse_writing(store)
    _refuse_nothing(store)
    now = datetime.now(UTC)
    watch = _Watch()
    with WriterLock(store) as lock:
        with opened(store, lock):
            there = [int(folder.name) for folder in generations.folders(store)]
        with watch.stage("deleting"):
            gone = delete(store, lock, wanted, now, dry_run=dry_run)
        what = tuple(Forgotten(one.id, str(one.kind), one.messages, one.title * dry_run) for one in gone.units)
        tombstones = sum(one.kind != Kind.MEMORY for one in gone.units)
        if dry_run or not what:
            return Receipt(dry_run, now, what, gone.already, gone.erased, tombstones, seconds=watch.seconds)
        before = _bytes(store)
        with watch.stage("renewing"):
            renewed = renew(store, lock)
        with watch.stage("waiting for readers"):
            held = _wait_for_readers(store, patience)
    left = {one.generation for one in held}
    return Receipt(
        dry_run=False,
        at=now,
        what=what,
        already=gone.already,
        erased=gone.erased,
        tombstones=tombstones,
        journal_lines=renewed.journal_lines,
        bytes_before=before,
        bytes_after=_bytes(store),
        generation=renewed.generation,
        removed=tuple(one for one in there if one not in left and one != renewed.generation),
        held=held,
        caches_told=StoreCaches(store).clear(FORGOTTEN),
        seconds=watch.seconds,
        not_reached=tuple(_not_reached(store)),
    )


def restore(store: Path, ids: Sequence[str]) -> int:
    """Take away the tombstones of these conversations and messages, or of all (no ids); how many there were.

    The next import of an export that has them brings them back.

    Raises:
        NotFoundError: One of them is not forgotten.
        StoreMissingError: There is no record.
        StoreLockedError: Another process is writing.
    """
    refuse_writing(store)
    _refuse_nothing(store)
    with WriterLock(store) as lock, opened(store, lock) as database:
        tombstones = read_tombstones(database)
        known = tombstones.conversations | tombstones.messages
        for one in ids:
            if one not in known:
                raise NotFoundError(f"{one!r} is not forgotten", "", "give whole ids, as the receipt has them")
        return lift(database, ids or known)


def _refuse_nothing(store: Path) -> None:
    if not (store / RECORD_FILE).exists():
        raise StoreMissingError(f"there is no record in {store}", "", "name the store with --store")


def _wait_for_readers(store: Path, patience: float) -> tuple[HeldGeneration, ...]:
    """Remove old generations as they are let go of; those that are still read in the end go with their last reader."""
    generations.mark_forgotten(store)
    deadline = time.monotonic() + patience
    while True:
        generations.sweep(store)
        left = generations.forgotten(store)
        if not left or time.monotonic() >= deadline:
            return tuple(HeldGeneration(int(one.name), tuple(generations.readers(one))) for one in left)
        time.sleep(_LOOK_SECONDS)


def _not_reached(store: Path) -> Iterator[str]:
    yield from _NOT_REACHED
    if damaged := journal.read(store).damaged:
        yield f"{damaged:,} damaged lines of the journal, which are kept as they are"


def _bytes(store: Path) -> int:
    return (store / RECORD_FILE).stat().st_size


@dataclass(slots=True)
class _Watch:
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a `with` block."""
        begun = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - begun
