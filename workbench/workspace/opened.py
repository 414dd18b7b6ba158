"""A store that is open: which generation of it is read, and what searches that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from workbench.embedding import Vectors
from workbench.search import SearchEngine
from workbench.search.cache import Cache
from workbench.settings import Settings, load_settings
from workbench.snapshot import Snapshot, open_snapshot
from workbench.workspace.embedders import query_embedder


class OpenStore:
    """The newest published generation of a store at the time of its first use; `refresh()` moves on to a newer one."""

    def __init__(self, settings: Settings, *, vectors: Cache[Vectors] | None = None) -> None:
        """`vectors` keeps the vectors of queries; they are good for any generation."""
        self.settings = settings
        self._vectors = vectors
        self._snapshot: Snapshot | None = None
        self._engine: SearchEngine | None = None

    @classmethod
    def open(
        cls, path: str | Path | None = None, *, settings: Settings | None = None, vectors: Cache[Vectors] | None = None
    ) -> Self:
        """The store in the folder `path` (default: the one of the settings). It need not be there yet."""
        chosen = settings or load_settings()
        return cls(chosen if path is None else replace(chosen, store=Path(path)), vectors=vectors)

    @property
    def store(self) -> Path:
        """The folder of the store."""
        return self.settings.store

    @property
    def snapshot(self) -> Snapshot:
        """The generation that is being read."""
        if self._snapshot is None:
            self._snapshot = open_snapshot(self.store)
        return self._snapshot

    @property
    def engine(self) -> SearchEngine:
        """What searches that generation."""
        if self._engine is None:
            embedder, missing = query_embedder(self.snapshot.manifest)
            self._engine = SearchEngine(self.snapshot, embedder, missing=missing, vectors=self._vectors)
            self._vectors = self._engine.vectors
        return self._engine

    def refresh(self) -> None:
        """Move on to the newest generation."""
        self.close()

    def close(self) -> None:
        """Let go of the generation; it is opened again when it is needed."""
        if self._snapshot is not None:
            self._snapshot.close()
        self._snapshot = self._engine = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
