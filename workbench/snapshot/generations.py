"""The folder of generations: which one is current, who still reads an old one, when that may go.

    snapshots/CURRENT          the number of the newest generation; replaced in one step
    snapshots/000042/          a complete generation; never changed
    snapshots/.building-…/     one being made; no reader looks at it
    snapshots/.forgotten-…     an old one that holds what was forgotten; whoever lets go of it last removes it

A reader holds a shared lock on its generation's manifest; the publisher removes an old generation only if it can take
that lock for itself, which it tries without waiting.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from pathlib import Path
from typing import IO

from workbench.errors import SnapshotError, StoreMissingError
from workbench.snapshot.manifest import FILE_NAME

_CURRENT = "CURRENT"
_BUILDING, _DELETING, _FORGOTTEN = ".building-", ".deleting-", ".forgotten-"
_LOCKS = Path("/proc/locks")  # where Linux tells who holds which lock
_ATTEMPTS = 50  # a reader is only ever sent back by a publication that happens at that very moment


def snapshots_folder(store: Path) -> Path:
    """Where the generations of the store are."""
    return store / "snapshots"


def generation_folder(store: Path, generation: int) -> Path:
    """The folder of one generation."""
    return snapshots_folder(store) / f"{generation:06d}"


def current_generation(store: Path) -> int | None:
    """The number in CURRENT, None where nothing was published yet.

    Raises:
        SnapshotError: CURRENT holds something else.
    """
    path = snapshots_folder(store) / _CURRENT
    try:
        text = path.read_text(encoding="ascii")
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not text.strip().isdigit():
        raise SnapshotError(f"{path} holds {text[:40]!r}, not a number", "", "run `workbench ingest` to publish again")
    return int(text)


def lease(store: Path) -> tuple[int, IO[bytes]]:
    """The current generation, held: it is not removed until the returned file is closed.

    Raises:
        StoreMissingError: Nothing was published yet.
        SnapshotError: The current generation is gone.
    """
    for _ in range(_ATTEMPTS):
        generation = current_generation(store)
        if generation is None:
            raise StoreMissingError(
                f"there is no published store in {store}", "", "import an export first: `workbench ingest PATH`"
            )
        held = _hold(generation_folder(store, generation) / FILE_NAME)
        if held is not None:
            return generation, held
    raise SnapshotError(
        f"generation {generation} of {store} is not there",
        "CURRENT names it",
        "run `workbench ingest` to publish again",
    )


def _hold(manifest: Path) -> IO[bytes] | None:
    """The manifest, opened and locked; None if it is being removed."""
    try:
        stream = manifest.open("rb")
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        stream.close()
        return None
    if manifest.exists():  # it may have been removed between opening and locking
        return stream
    stream.close()
    return None


def folders(store: Path) -> list[Path]:
    """The folders of all generations there are, oldest first."""
    return sorted(path for path in snapshots_folder(store).glob("[0-9]*") if path.name.isdigit())


def next_generation(store: Path) -> int:
    """A number greater than that of any generation there is."""
    there = [int(path.name) for path in folders(store)]
    return max([*there, current_generation(store) or 0]) + 1


def begin(store: Path, generation: int) -> Path:
    """A new empty folder to make `generation` in. What an interrupted publication left is removed.

    The caller holds the WriterLock, so nobody else is making one.
    """
    parent = snapshots_folder(store)
    parent.mkdir(parents=True, exist_ok=True)
    _clear(parent)
    folder = parent / f"{_BUILDING}{generation:06d}"
    folder.mkdir()
    return folder


def commit(store: Path, building: Path, generation: int) -> None:
    """Make the finished folder `building` the current generation.

    Everything reaches the disk before CURRENT names it, so a power cut leaves the old generation or the new one.
    """
    for path in building.rglob("*"):
        _sync(path)
    _sync(building)
    target = generation_folder(store, generation)
    building.rename(target)
    parent = snapshots_folder(store)
    fresh = parent / f"{_CURRENT}.new"
    fresh.write_text(f"{generation}\n", encoding="ascii")
    _sync(fresh)
    fresh.replace(parent / _CURRENT)
    _sync(parent)


def link_or_copy(source: str | Path, target: str | Path) -> None:
    """Give a file of one generation to another: they share it, where the file system has hard links."""
    try:
        Path(target).hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)


def sweep(store: Path) -> list[int]:
    """Remove the generations that are neither current nor read by anyone; returns their numbers.

    The caller holds the WriterLock: without it, one that is just being published could be taken for an old one.
    """
    current = current_generation(store)
    gone = [int(folder.name) for folder in folders(store) if int(folder.name) != current and _remove(folder)]
    _clear(snapshots_folder(store))
    return gone


def mark_forgotten(store: Path) -> list[int]:
    """Have the generations that are not current removed by whoever lets go of them last; returns their numbers."""
    current = current_generation(store)
    old = [folder for folder in folders(store) if int(folder.name) != current]
    for folder in old:
        _mark(folder).touch()
    return [int(folder.name) for folder in old]


def forgotten(store: Path) -> list[Path]:
    """The folders of the generations that are to go as soon as nobody reads them."""
    return [folder for folder in folders(store) if _mark(folder).exists()]


def is_read(folder: Path) -> bool:
    """Whether anybody holds a generation at this moment."""
    try:
        with (folder / FILE_NAME).open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def let_go(folder: Path) -> None:
    """Remove the generation in `folder`, which the caller has just let go of, if it is to go and nobody reads it."""
    mark = _mark(folder)
    if mark.exists():
        with contextlib.suppress(OSError):  # a reader need not be able to write: then it goes with the next publication
            if _remove(folder):
                mark.unlink(missing_ok=True)


def readers(folder: Path) -> list[int]:
    """The processes that hold a generation, as far as the system tells."""
    try:
        inode = (folder / FILE_NAME).stat().st_ino
        lines = _LOCKS.read_text(encoding="ascii").splitlines()
    except OSError:
        return []
    fields = [line.split() for line in lines]  # 1: FLOCK ADVISORY READ 4711 fe:00:123456 0 EOF
    return sorted({int(one[4]) for one in fields if one[1] == "FLOCK" and one[5].endswith(f":{inode}")})


def _mark(folder: Path) -> Path:
    return folder.with_name(f"{_FORGOTTEN}{folder.name}")


def _clear(parent: Path) -> None:
    """Remove what interrupted publications and removals left, and marks of generations that are gone."""
    for stale in [*parent.glob(f"{_BUILDING}*"), *parent.glob(f"{_DELETING}*")]:
        with contextlib.suppress(FileNotFoundError):  # somebody else is at it: see let_go
            shutil.rmtree(stale)
    for mark in parent.glob(f"{_FORGOTTEN}*"):
        if not mark.with_name(mark.name.removeprefix(_FORGOTTEN)).exists():
            mark.unlink(missing_ok=True)


def _remove(folder: Path) -> bool:
    try:
        stream = (folder / FILE_NAME).open("rb")
    except FileNotFoundError:  # renamed by hand, or half removed: nobody can be reading it
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(folder)
        return True
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        doomed = folder.with_name(f"{_DELETING}{folder.name}")
        with contextlib.suppress(FileNotFoundError):  # another one has just done it
            folder.rename(doomed)  # in one step: a reader finds all of it or nothing
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(doomed)
    return True


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
