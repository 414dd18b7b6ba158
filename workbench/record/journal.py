"""The record's write-ahead journal of memories: `journal.jsonl`.

A memory must be kept within milliseconds, also while an import holds the record for an hour. So it is appended here,
and whoever next opens the record to write takes it over (`workbench.record.memories`). The record is `record.duckdb`
with its journal.

Every line is a JSON array of a digest (BLAKE2b-64, hex) and an object, over whose bytes the digest is:

    ["8f…", {"format": 1, "base": 41}]                          first line: all up to sequence 41 are elsewhere
    ["03…", {"sequence": 42, "id": "m_…", "content": …}]        one memory
    ["c1…", {"sequence": 43, "forgotten": true}]                one that is forgotten

Writers take turns by a lock on `journal.lock`, held for one write. An append is one write and one fsync, and is over
when the bytes are on the disk. What a killed writer left of a line is cut off by the next one: it was never
acknowledged. Readers take no lock; they read up to the last line feed.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from workbench.errors import StoreError, StoreVersionError
from workbench.model import Memory, NewMemory

JOURNAL_FILE = "journal.jsonl"
_LOCK_FILE = "journal.lock"
_FORMAT = 1
_MODE = 0o666  # less what the umask takes, as with every file of the store
_DIGEST = 8  # bytes
_START, _END = 2 + 2 * _DIGEST + 2, -1  # of the object within a line: ["0123456789abcdef",{…}]
_LAST_BYTES = 1 << 17  # longer than any line: 10,000 characters of JSON, and a vector


@dataclass(frozen=True, slots=True)
class Entry:
    """A memory as the journal has it; `vector` (d,) is its text's, by the model with fingerprint `model`, or None."""

    memory: Memory
    model: str = ""
    vector: NDArray[np.float16] | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """What complete lines say: entries by sequence, all up to `base` are elsewhere, `damaged` lines say nothing.

    `forgotten` are the sequences of memories that were taken out of their lines.
    """

    entries: tuple[Entry, ...] = ()
    base: int = 0
    damaged: int = 0
    forgotten: tuple[int, ...] = ()

    @property
    def last(self) -> int:
        """The sequence of the newest memory, there or elsewhere."""
        return max([self.base, *(entry.memory.sequence for entry in self.entries), *self.forgotten])


def append(
    store: Path,
    memories: Sequence[NewMemory],
    *,
    model: str = "",
    vectors: Sequence[NDArray[np.float16] | None] = (),
    floor: int = 0,
) -> list[Memory]:
    """Keep `memories`; they are on the disk when this returns. `vectors` are theirs, by `model`.

    `floor` is the greatest sequence known to have been given: a journal that has to be begun anew goes on from there.

    Raises:
        StoreError: They cannot be written. Nothing is kept, unless it is the disk that failed at the very last: then
            they may be found all the same. To remember them once more does no harm.
        StoreVersionError: A newer Workbench wrote the journal.
    """
    now = datetime.now(UTC)
    try:
        with ExitStack() as closing:
            with _locked(store):
                handle = os.open(store / JOURNAL_FILE, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)
                closing.callback(os.close, handle)
                last, is_first = _prepared(handle, floor)
                kept = [_memory(one, now, last + number) for number, one in enumerate(memories, start=1)]
                told = vectors or [None] * len(kept)
                _write(handle, b"".join(_line(_entry_values(*one, model)) for one in zip(kept, told, strict=True)))
                if is_first:  # the name of the journal must reach the disk too
                    _sync(store)
            os.fsync(handle)  # without the lock: the system brings what several wrote to the disk together
    except OSError as error:
        raise StoreError(
            f"the journal of {store} cannot be written", str(error), "make room or give access, then try again"
        ) from error
    return kept


def read(store: Path) -> Contents:
    """All of the journal; nothing where there is none.

    Raises:
        StoreVersionError: A newer Workbench wrote it.
    """
    try:
        return parse((store / JOURNAL_FILE).read_bytes())
    except FileNotFoundError:
        return Contents()


def parse(lines: bytes) -> Contents:
    """What the complete lines in `lines` say; what follows the last line feed is not there yet.

    Raises:
        StoreVersionError: A newer Workbench wrote them.
    """
    entries: list[Entry] = []
    forgotten: list[int] = []
    base = damaged = 0
    for line in lines[: lines.rfind(b"\n") + 1].splitlines(keepends=True):
        values = _values(line)
        if values is None:
            damaged += 1
        elif "base" in values:
            _check_format(values)
            base = int(values["base"])
        elif "forgotten" in values:
            forgotten.append(int(values["sequence"]))
        else:
            entries.append(_entry(values))
    return Contents(tuple(entries), base, damaged, tuple(forgotten))


def compact(store: Path, upto: int) -> int:
    """Take out the memories up to sequence `upto`, which the record and every generation have; how many those were.

    A journal with damaged lines stays as it is, so that they can be looked at.
    """
    with _locked(store):
        said = [(line, _values(line)) for line in _lines(store)]
        memories = [(line, values) for line, values in said if values is not None and "base" not in values]
        done = sum(1 for _, values in memories if values["sequence"] <= upto and "forgotten" not in values)
        kept = [line for line, values in memories if values["sequence"] > upto]
        if any(values is None for _, values in said) or len(kept) == len(memories):
            return 0
        _replace(store, [_line({"format": _FORMAT, "base": upto}), *kept])
    return done


def redact(store: Path, known: Container[str], upto: int) -> int:
    """Take the memories whose ids are not in `known` out of their lines, up to sequence `upto`; how many those were.

    Their sequences stay, so that none is missing. Damaged lines stay as they are.
    """
    lines, count = [], 0
    with _locked(store):
        for line in _lines(store):
            values = _values(line) or {}
            if "id" in values and values["id"] not in known and values["sequence"] <= upto:
                line = _line({"sequence": values["sequence"], "forgotten": True})
                count += 1
            lines.append(line)
        if count:
            _replace(store, lines)
    return count


def _lines(store: Path) -> list[bytes]:
    """The complete lines of the journal."""
    try:
        raw = (store / JOURNAL_FILE).read_bytes()
    except FileNotFoundError:
        return []
    return raw[: raw.rfind(b"\n") + 1].splitlines(keepends=True)


def _replace(store: Path, lines: Sequence[bytes]) -> None:
    """Make the journal consist of `lines`, in one step. The caller holds the lock."""
    path = store / JOURNAL_FILE
    fresh = path.with_suffix(".new")
    fresh.write_bytes(b"".join(lines))
    _sync(fresh)
    fresh.replace(path)
    _sync(store)


@contextmanager
def _locked(store: Path) -> Iterator[None]:
    store.mkdir(parents=True, exist_ok=True)
    with (store / _LOCK_FILE).open("ab") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)  # let go of by the system when the process ends, however it ends
        yield


def _prepared(handle: int, floor: int) -> tuple[int, bool]:
    """The last sequence, and whether no memory is there yet; a new journal gets its first line.

    What a killed writer left is cut off.
    """
    size = os.fstat(handle).st_size
    start = max(0, size - _LAST_BYTES)
    found = os.pread(handle, size - start, start)
    whole = found.rfind(b"\n") + 1
    if whole < len(found):
        os.ftruncate(handle, start + whole)
    for line in _backwards(found[:whole]):
        values = _values(line)  # the first of these lines may be cut: it is damaged to us, and never the last
        if values is not None:
            _check_format(values)
            return int(values.get("sequence", values.get("base", 0))), "base" in values
    if start + whole:
        return parse(os.pread(handle, start + whole, 0)).last, False  # the last lines are damaged: look at all
    _write(handle, _line({"format": _FORMAT, "base": floor}))
    return floor, True


def _backwards(lines: bytes) -> Iterator[bytes]:
    """Whole lines, the last one first."""
    end = len(lines)
    while end:
        start = lines.rfind(b"\n", 0, end - 1) + 1
        yield lines[start:end]
        end = start


def _write(handle: int, lines: bytes) -> None:
    """Append `lines`; if that fails, none of them is there."""
    size = os.fstat(handle).st_size
    try:
        rest = memoryview(lines)
        while rest:
            rest = rest[os.write(handle, rest) :]
    except OSError:
        os.ftruncate(handle, size)
        raise


def _memory(one: NewMemory, now: datetime, sequence: int) -> Memory:
    return Memory(one.id, one.content, one.category, one.confidence, one.labels, one.source, now, sequence)


def _entry_values(memory: Memory, vector: NDArray[np.float16] | None, model: str) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(memory, name) for name in Memory.__slots__}
    values["created_at"] = memory.created_at.isoformat()
    if vector is not None:
        values |= {"model": model, "vector": base64.b64encode(vector.astype("<f2").tobytes()).decode()}
    return values


def _entry(values: dict[str, Any]) -> Entry:
    model, vector = values.pop("model", ""), values.pop("vector", None)
    created_at = datetime.fromisoformat(values.pop("created_at"))
    memory = Memory(**{**values, "labels": tuple(values["labels"])}, created_at=created_at)
    return Entry(memory, model, None if vector is None else np.frombuffer(base64.b64decode(vector), "<f2"))


def _line(values: Mapping[str, Any]) -> bytes:
    raw = orjson.dumps(values)
    return b'["%b",%b]\n' % (_digest(raw), raw)


def _values(line: bytes) -> dict[str, Any] | None:
    """What a line says, None if it is not as it was written."""
    raw = line.rstrip(b"\n")[_START:_END]
    if line[2 : 2 + 2 * _DIGEST] != _digest(raw):
        return None
    values: dict[str, Any] = orjson.loads(raw)
    return values


def _digest(raw: bytes) -> bytes:
    return hashlib.blake2b(raw, digest_size=_DIGEST).hexdigest().encode()


def _check_format(values: Mapping[str, Any]) -> None:
    if values.get("format", _FORMAT) > _FORMAT:
        raise StoreVersionError(
            f"the journal has format {values['format']}", f"this Workbench knows {_FORMAT}", "update Workbench"
        )


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
