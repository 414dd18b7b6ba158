"""What a store has to do to be measured: build from messages and vectors, search, tell its size and version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from workbench.errors import UsageError
from workbench.experiments.peers.corpus import Corpus

EXTRA = "pip install 'memory-workbench[peers]'"
Floats = NDArray[np.float32]
Ids = list[int]


class NotInstalledError(UsageError):
    """A package of the extra `peers` is not there."""


@dataclass(frozen=True, slots=True)
class Window:
    """Times from `after` (inclusive) to `before` (exclusive), in microseconds since 1970, UTC."""

    after: int
    before: int


@dataclass(frozen=True, slots=True)
class Question:
    """One query: its words, its vector (d,) in the space of the corpus, and as the model gave it; how many are wanted.

    With a `window` only messages of that time may be found.
    """

    text: str
    vector: Floats
    model_vector: Floats
    k: int = 10
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Crowd:
    """How a peer is best asked by many clients at once: processes, and in each so many threads that ask for them.

    A thread takes up to `batch` waiting queries into one call. `threads` 0 means one for each client.
    """

    processes: int = 1
    threads: int = 0
    batch: int = 1


class Searcher(Protocol):
    """A built store, open. Messages are named by their numbers in the corpus, the best first."""

    def search(self, questions: Sequence[Question]) -> list[Ids]:
        """What the peer has that comes nearest to hybrid search, for each question."""
        ...

    def nearest(self, question: Question) -> Ids:
        """The nearest by vector alone."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class Peer(Protocol):
    """A store to be measured. What is made lies in a folder of its own.

    `title` is what a reader knows it by, `how` says in a few words what its search does, `weak` what it lacks or does
    worse than others here. `packages` are the distributions whose versions count, `modules` what is imported of the
    extra `peers`; `settings` all that was chosen. `shares` names a peer whose folder is searched: it is not built a
    second time.
    """

    name: str
    title: str
    how: str
    weak: str
    packages: tuple[str, ...]
    modules: tuple[str, ...] = ()
    settings: Mapping[str, Any]
    crowd: Crowd
    shares: str = ""

    def build(self, folder: Path, corpus: Corpus) -> None:
        """Make everything that a search needs, in the empty folder `folder`."""
        ...

    def add(self, folder: Path, corpus: Corpus) -> None:
        """Take in more messages, so that whoever opens the folder afterwards finds them."""
        ...

    def open(self, folder: Path) -> Searcher:
        """Open what was built; any number of processes may."""
        ...

    def version(self) -> str:
        """Versions of what does the work. Raises NotInstalledError."""
        needed(*self.modules)
        return ", ".join(f"{name} {metadata.version(name)}" for name in self.packages)

    def size(self, folder: Path) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    def server(self, folder: Path) -> int | None:
        """The process id of a server that works on the folder beside us; None where there is none."""
        return None


def needed(*modules: str) -> Any:
    """The modules of the extra `peers`, imported: one, or a tuple of several.

    Raises:
        NotInstalledError: One is not there.
    """
    try:
        found = tuple(import_module(name) for name in modules)
    except ImportError as error:
        raise NotInstalledError(f"not installed: {EXTRA}", str(error)) from error
    return found[0] if len(found) == 1 else found


def fused(*rankings: Sequence[int], k: int, constant: int = 60) -> Ids:
    """Reciprocal rank fusion (Cormack et al., SIGIR 2009): each list gives 1 / (60 + rank), ranks from 1."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, number in enumerate(ranking, start=1):
            scores[number] = scores.get(number, 0.0) + 1 / (constant + rank)
    return sorted(scores, key=lambda number: (-scores[number], number))[:k]
