"""Reading a generation: mapped into memory, held against removal, the same until it is closed."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np
from numpy.typing import NDArray

from workbench.errors import SnapshotError
from workbench.index import LexicalIndex, LexicalTail, VectorIndex, VectorProfile
from workbench.model import Memory
from workbench.record import Database, connect_read_only
from workbench.snapshot import generations
from workbench.snapshot.catalog import CATALOG_FILE, COLUMNS_FOLDER, Codes
from workbench.snapshot.manifest import Manifest
from workbench.snapshot.publish import LEXICAL_FOLDER, VECTORS_FOLDER
from workbench.snapshot.texts import TEXTS_FOLDER, Texts, mapped

Integers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Columns:
    """What search needs of every message, one element a message, by ordinal; and whose text each vector is.

    `assistant` and `role` are codes (indices into the sorted assistants of the manifest, and into ROLES), `time` is in
    microseconds (NO_TIME where unknown), `length` in characters. `previous` and `following` are the ordinals of the
    searched neighbours in the thread, -1 where there is none. `month` counts from January 1970, in UTC (NO_MONTH where
    unknown). `model` and `project` are indices into `model_names` and `project_names`, 0 for none; `kinds` has a bit
    for each of KINDS that the message carries. Message `language_owner[i]` has code in
    `language_names[language[i]]`; labels likewise. `category` is an index into `category_names` and 0 for what is no
    memory, `confidence` that of a memory, else not a number. `text` is the row of the message's first vector, -1 if it
    has none. The owners of vector row r are `owners[owner_offsets[r]:owner_offsets[r + 1]]`.
    """

    assistant: NDArray[np.uint8]
    role: NDArray[np.uint8]
    time: NDArray[np.int64]
    conversation: Integers
    length: Integers
    previous: Integers
    following: Integers
    searched: NDArray[np.bool_]
    month: NDArray[np.int16]
    model: Codes
    model_names: NDArray[np.str_]
    project: Codes
    project_names: NDArray[np.str_]
    kinds: NDArray[np.uint16]
    language: Codes
    language_owner: Integers
    language_names: NDArray[np.str_]
    category: Codes
    category_names: NDArray[np.str_]
    label: Codes
    label_owner: Integers
    label_names: NDArray[np.str_]
    confidence: NDArray[np.float32]
    text: Integers
    owners: Integers
    owner_offsets: NDArray[np.int64]

    @classmethod
    def open(cls, folder: Path) -> Columns:
        """The columns in `folder`, mapped into memory."""
        try:
            return cls(**{name: mapped(folder, name) for name in cls.__slots__})
        except (OSError, ValueError) as error:
            raise SnapshotError(
                f"the columns in {folder} cannot be read", str(error), "run `workbench verify`"
            ) from error


@dataclass(frozen=True, slots=True)
class Tail:
    """What was remembered since a generation was made, as far as its columns and texts do not say it.

    The messages of `memories` have the ordinals from `first` on. `words` has their text, by number; `vectors`
    (count, d) are theirs, centred as the generation's are, where `embedded` (count,) says so. `updates` says whether
    memories that the generation holds have other labels or another confidence by now, so that its lexical index must
    not be asked for these. `sequence` is that of the newest memory.
    """

    first: int
    memories: Sequence[Memory]
    words: LexicalTail
    vectors: NDArray[np.float32]
    embedded: NDArray[np.bool_]
    updates: bool
    sequence: int

    @property
    def count(self) -> int:
        """How many messages these are."""
        return len(self.memories)


class Snapshot:
    """One generation, open. With a `tail` also what was remembered since (`workbench.snapshot.tail`)."""

    tail: Tail | None = None

    def __init__(self, folder: Path, manifest: Manifest, lease: IO[bytes] | None) -> None:
        self.folder = folder
        self.manifest = manifest
        self.assistants = sorted(manifest.assistants)
        """Names of the assistants, in the order of their codes."""
        self._lease = lease
        profile = VectorProfile.from_dict(manifest.profile)
        self.columns = Columns.open(folder / COLUMNS_FOLDER)
        self.texts = Texts.open(folder / TEXTS_FOLDER)
        self.lexical = LexicalIndex.open(folder / LEXICAL_FOLDER)
        self.vectors = VectorIndex.open(folder / VECTORS_FOLDER, profile)
        self.catalog: Database = connect_read_only(folder / CATALOG_FILE)

    @property
    def generation(self) -> int:
        """Its number."""
        return self.manifest.generation

    @property
    def store(self) -> Path:
        """The folder of the store that it is a generation of."""
        return self.folder.parent.parent

    @property
    def sequence(self) -> int:
        """That of the newest memory in it."""
        return self.tail.sequence if self.tail else self.manifest.journal_sequence

    @property
    def version(self) -> str:
        """What answers depend on: generation and newest memory, like "12.345"."""
        return f"{self.generation}.{self.sequence}"

    def extended(self, columns: Columns, texts: Texts, assistants: list[str], tail: Tail) -> Snapshot:
        """The same generation with `tail`, whose messages `columns` and `texts` have too; closed with this one."""
        view = copy(self)
        view.columns, view.texts, view.assistants, view.tail = columns, texts, assistants, tail
        return view

    def with_vectors(self, index: VectorIndex) -> Snapshot:
        """The same generation searched by another index of the same texts, in the same order; closed with this one."""
        view = copy(self)
        view.vectors = index
        return view

    def close(self) -> None:
        """Let go of it; it may then be removed once a newer one is there."""
        self.catalog.close()
        if self._lease is not None:
            self._lease.close()
            self._lease = None
            generations.let_go(self.folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_snapshot(store: Path) -> Snapshot:
    """The current generation of the store.

    Raises:
        StoreMissingError: Nothing was published there yet.
        SnapshotError: The generation is damaged.
        StoreVersionError: A newer Workbench wrote it.
    """
    generation, held = generations.lease(store)
    folder = generations.generation_folder(store, generation)
    try:
        return Snapshot(folder, Manifest.read(folder), held)
    except BaseException:
        held.close()
        raise
