"""Generations pushed to shared or object storage, and pulled from it into replicas on other machines.

A push copies the files that are not there yet and then switches CURRENT; what only older generations had is removed,
so that what was forgotten is forgotten there too. A pull makes a generation beside the current one and switches to
it, as a publication does: readers see the old one or the new one.

The journal of memories is not pushed: a memory reaches replicas with the first generation published after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TypeVar

from workbench.errors import SnapshotError, StoreError, StoreMissingError
from workbench.record import WriterLock
from workbench.snapshot import generations, replica
from workbench.snapshot.blobs import BlobStore, Pointer
from workbench.snapshot.manifest import FILE_NAME, Manifest, PartFile, describe_file
from workbench.snapshot.publish import current_manifest

Item = TypeVar("Item")

_AT_ONCE = 8  # an object store answers each request late, and many at once
_ATTEMPTS = 5  # a pull begins again if a push removes what it is reading


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a push or a pull did.

    `files` and `bytes` were copied, `kept_*` were there already. `fresh` says whether the receiver moved on to another
    generation.
    """

    place: str
    generation: int
    files: int
    bytes: int
    kept_files: int
    kept_bytes: int
    removed_files: int = 0
    fresh: bool = True


def push(store: Path, address: str) -> Transfer:
    """Copy the current generation of `store` to `address` (see `BlobStore.open`), and make it the current one there.

    One push to a place at a time: a second one is noticed at its end, and refused.

    Raises:
        StoreMissingError: Nothing has been published yet.
        StoreError: The place cannot be written, or holds a newer generation or that of another store.
        SnapshotError: A file of the generation is damaged; the place keeps what it had.
    """
    blobs = BlobStore.open(address)
    number, held = generations.lease(store)
    with held:
        folder = generations.generation_folder(store, number)
        manifest = Manifest.read(folder)
        pointer = Pointer(number, describe_file(folder / FILE_NAME))
        before = blobs.current()
        _refuse_going_back(before, pointer, blobs.name)
        wanted = {**manifest.files, FILE_NAME: pointer.manifest}
        return _copy_there(blobs, folder, wanted, before, pointer)


def _copy_there(
    blobs: BlobStore, folder: Path, wanted: Mapping[str, PartFile], before: Pointer | None, pointer: Pointer
) -> Transfer:
    blobs.prepare()
    there = blobs.sizes()
    unique = {part.digest: (folder / name, part) for name, part in wanted.items()}
    fresh = [(path, part) for path, part in unique.values() if there.get(part.digest) != part.bytes]
    _at_once(lambda one: blobs.put(*one), fresh)
    if pointer != before:
        if blobs.current() not in (before, pointer):
            raise StoreError(f"somebody else has pushed to {blobs.name} meanwhile", "", "push again")
        blobs.switch(pointer)
    stale = sorted(there.keys() - unique.keys())
    _at_once(blobs.remove, stale)
    copied = sum(part.bytes for _, part in fresh)
    return Transfer(
        blobs.name, pointer.generation, len(fresh), copied, len(unique) - len(fresh),
        sum(part.bytes for _, part in unique.values()) - copied, len(stale), fresh=pointer != before,
    )  # fmt: skip


def _refuse_going_back(before: Pointer | None, pointer: Pointer, place: str) -> None:
    if before is None or pointer == before or pointer.generation > before.generation:
        return
    raise StoreError(
        f"{place} holds generation {before.generation}, this store has {pointer.generation}",
        "they are of different stores, or this one has been made anew",
        "push to another place, or remove what is there",
    )


def pull(address: str, store: Path) -> Transfer:
    """Bring what was last pushed to `address` into `store`, which becomes a replica, and switch to it.

    Files that the store's current generation has are linked. Whatever interrupts a pull, readers keep the generation
    that they had. Memory: a few MB, whatever the size.

    Raises:
        StoreMissingError: Nothing was pushed there.
        StoreError: The place cannot be read, or the store has a record of its own or is ahead.
        SnapshotError: What was pushed is damaged.
        StoreLockedError: Another process is pulling into the store.
    """
    blobs = BlobStore.open(address)
    _pushed(blobs)  # before anything is made here
    with WriterLock(store):
        replica.refuse_pulling(store)
        for attempt in range(_ATTEMPTS):
            pointer = _pushed(blobs)
            try:
                return _bring(blobs, pointer, store)
            except FileNotFoundError as error:
                if blobs.current() == pointer or attempt == _ATTEMPTS - 1:
                    raise SnapshotError(f"{blobs.name} is incomplete", f"{error} is not there", "push again") from error
    raise AssertionError("the last attempt returns or raises")


def _pushed(blobs: BlobStore) -> Pointer:
    pointer = blobs.current()
    if pointer is None:
        raise StoreMissingError(f"nothing was pushed to {blobs.name}", "", "run `workbench push` where the record is")
    return pointer


def _bring(blobs: BlobStore, pointer: Pointer, store: Path) -> Transfer:
    here = generations.current_generation(store)
    if here is not None and here >= pointer.generation:
        return _as_it_is(blobs, pointer, store, here)
    manifest, raw = _manifest(blobs, pointer)
    generations.sweep(store)  # also what was made, but never switched to
    folder = generations.begin(store, pointer.generation)
    for name in manifest.files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    linked = _link_known(store, folder, manifest)
    missing = {name: part for name, part in manifest.files.items() if name not in linked}
    first = {part.digest: name for name, part in reversed(missing.items())}  # files may be equal: each object once
    _at_once(lambda name: blobs.get(missing[name], folder / name), first.values())
    for name, part in missing.items():
        if name != first[part.digest]:
            generations.link_or_copy(folder / first[part.digest], folder / name)
    (folder / FILE_NAME).write_bytes(raw)
    replica.mark(store, blobs.name)
    generations.commit(store, folder, pointer.generation)
    generations.sweep(store)
    copied = sum(missing[name].bytes for name in first.values())
    return Transfer(
        blobs.name, pointer.generation, len(first), copied, len(manifest.files) - len(first),
        sum(part.bytes for part in manifest.files.values()) - copied,
    )  # fmt: skip


def _as_it_is(blobs: BlobStore, pointer: Pointer, store: Path, here: int) -> Transfer:
    """Nothing to do, if the store has just what was pushed."""
    path = generations.generation_folder(store, here) / FILE_NAME
    if here == pointer.generation and path.exists() and describe_file(path) == pointer.manifest:
        parts = Manifest.read(path.parent).files.values()
        return Transfer(blobs.name, here, 0, 0, len(parts), sum(part.bytes for part in parts), fresh=False)
    raise StoreError(
        f"the store {store} holds generation {here}, {blobs.name} has {pointer.generation}",
        "they are of different stores, or the pushed one has been made anew",
        "pull into another folder with --store, or remove this one",
    )


def _manifest(blobs: BlobStore, pointer: Pointer) -> tuple[Manifest, bytes]:
    """The pushed manifest and its bytes, checked: it names the files that are going to be written."""
    with TemporaryDirectory() as folder:
        blobs.get(pointer.manifest, Path(folder) / FILE_NAME)
        manifest, raw = Manifest.read(Path(folder)), (Path(folder) / FILE_NAME).read_bytes()
    odd = [name for name in manifest.files if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts]
    if odd or manifest.generation != pointer.generation:
        fault = f"it names {odd[0]}" if odd else f"it is that of generation {manifest.generation}"
        raise SnapshotError(
            f"the manifest in {blobs.name} cannot be trusted", fault,
            "push again to another place",
        )  # fmt: skip
    return manifest, raw


def _link_known(store: Path, folder: Path, manifest: Manifest) -> set[str]:
    """Link what the store's current generation has, where it is whole; returns the names."""
    current = current_manifest(store)
    if current is None:
        return set()
    old = generations.generation_folder(store, current.generation)
    known = {part.digest: old / name for name, part in current.files.items()}
    linked = set()
    for name, part in manifest.files.items():
        path = known.get(part.digest)
        if path is not None and path.exists() and describe_file(path) == part:
            generations.link_or_copy(path, folder / name)
            linked.add(name)
    return linked


def _at_once(work: Callable[[Item], None], items: Iterable[Item]) -> None:
    """Do it for every item, several at once; the first error ends it."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(work, items):
            pass
