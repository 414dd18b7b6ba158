"""What a hit shows of a message, mapped into memory.

DuckDB needs about 5 ms to fetch ten rows out of a quarter of a million; reading them out of mapped files takes a
hundredth of that. Texts lie one behind another in `*.bin` (UTF-8), `*_ends.npy` says where each one ends.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from workbench.errors import SnapshotError
from workbench.model import TRAFFIC_KINDS, MessageKind
from workbench.record import Database
from workbench.snapshot.growing import JoinedStrings

TEXTS_FOLDER = "texts"
_BATCH = 5_000
MESSAGE_KINDS = tuple(MessageKind)
_SHOWN_CHARACTERS = 20_000  # of what a message without words carries: enough for a snippet

# A message without words shows what it carries: the document it holds, the names of its files.
_MESSAGES = f"""
    SELECT m.id, m.kind, m.position, m.content,
        CASE WHEN m.content = '' THEN coalesce(left(c.carried, {_SHOWN_CHARACTERS}), '') ELSE '' END AS carried
    FROM snap.messages m LEFT JOIN (
        SELECT message_ordinal, string_agg(concat_ws(': ', title, content), ' ' ORDER BY ordinal) AS carried
        FROM snap.artifacts WHERE kind NOT IN {TRAFFIC_KINDS} GROUP BY ALL) c ON c.message_ordinal = m.ordinal
    ORDER BY m.ordinal"""
_CONVERSATIONS = "SELECT id, title FROM snap.conversations ORDER BY ordinal"


def write_texts(database: Database, folder: Path) -> None:
    """Write texts, ids and titles of the attached catalog into `folder`, in ordinal order."""
    folder.mkdir()
    ids, kinds, positions = [np.empty(0, "S1")], [np.empty(0, np.uint8)], [np.empty(0, np.int32)]
    with _StringsWriter(folder, "content") as content, _StringsWriter(folder, "carried") as carried:
        for batch in database.cursor().batches(_MESSAGES, _BATCH):
            content.add(batch.column("content").to_pylist())
            carried.add(batch.column("carried").to_pylist())
            ids.append(np.array(batch.column("id").to_pylist(), dtype=np.bytes_))
            kinds.append(np.array([MESSAGE_KINDS.index(kind) for kind in batch.column("kind").to_pylist()], np.uint8))
            positions.append(batch.column("position").to_numpy().astype(np.int32))
    conversations = database.rows(_CONVERSATIONS)
    with _StringsWriter(folder, "titles") as titles:
        titles.add([title or "" for _, title in conversations])
    np.save(folder / "ids.npy", np.concatenate(ids))
    np.save(folder / "kinds.npy", np.concatenate(kinds))
    np.save(folder / "positions.npy", np.concatenate(positions))
    np.save(folder / "conversation_ids.npy", np.array([one for one, _ in conversations], dtype=np.bytes_))


class _StringsWriter:
    def __init__(self, folder: Path, name: str) -> None:
        self._stream = (folder / f"{name}.bin").open("wb")
        self._ends = folder / f"{name}_ends.npy"
        self._lengths: list[int] = []

    def add(self, texts: list[str]) -> None:
        encoded = [text.encode() for text in texts]
        self._lengths.extend(map(len, encoded))
        self._stream.write(b"".join(encoded))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._stream.close()
        np.save(self._ends, np.cumsum(self._lengths, dtype=np.int64))


def mapped(folder: Path, name: str) -> NDArray[Any]:
    """The array `name`.npy in `folder`, mapped; a plain view, since an access to a memmap costs ten times as much."""
    return np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r").view(np.ndarray))


class Strings:
    """Texts by number, decoded when asked for."""

    def __init__(self, folder: Path, name: str) -> None:
        self._ends = mapped(folder, f"{name}_ends")
        path = folder / f"{name}.bin"
        self._bytes: Any = b""
        if path.stat().st_size:  # an empty file cannot be mapped
            with path.open("rb") as stream:
                self._bytes = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, number: int) -> str:
        start = int(self._ends[number - 1]) if number else 0
        text: bytes = self._bytes[start : int(self._ends[number])]
        return text.decode()


@dataclass(frozen=True, slots=True)
class Texts:
    """Everything a hit shows: by message ordinal, and by conversation ordinal for titles and conversation ids."""

    content: Strings | JoinedStrings
    carried: Strings | JoinedStrings
    titles: Strings | JoinedStrings
    ids: NDArray[np.bytes_]
    kinds: NDArray[np.uint8]
    positions: NDArray[np.int32]
    conversation_ids: NDArray[np.bytes_]

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The texts in `folder`, mapped into memory.

        Raises:
            SnapshotError: They are not there, or damaged.
        """
        try:
            return cls(
                content=Strings(folder, "content"),
                carried=Strings(folder, "carried"),
                titles=Strings(folder, "titles"),
                ids=mapped(folder, "ids"),
                kinds=mapped(folder, "kinds"),
                positions=mapped(folder, "positions"),
                conversation_ids=mapped(folder, "conversation_ids"),
            )
        except (OSError, ValueError) as error:
            raise SnapshotError(
                f"the texts in {folder} cannot be read", str(error), "run `workbench verify`"
            ) from error
