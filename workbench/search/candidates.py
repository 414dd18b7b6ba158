"""The messages that are scored: what the legs list, and their neighbours in the thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.search.filters import Mask
from workbench.search.fusion import Floats, Ordinals, places
from workbench.snapshot import Columns


@dataclass(frozen=True, slots=True)
class Ranking:
    """What one leg lists for one query: ordinals and scores, best first."""

    ordinals: Ordinals
    scores: Floats

    @classmethod
    def empty(cls) -> Ranking:
        """A leg that lists nothing."""
        return cls(np.empty(0, np.int64), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class Leg:
    """The rankings of one leg for several queries, laid end to end.

    `keys`, `scores` and `ranks` (from 1) have an element for each entry; `low` and `high` (queries,) are the worst and
    best score of each ranking, 0 where it is empty.
    """

    keys: Ordinals
    scores: Floats
    ranks: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, rankings: Sequence[Ranking], messages: int) -> Leg:
        """The rankings of the queries 0, 1, …, over `messages` messages."""
        return cls(
            keys=np.concatenate([one.ordinals + number * messages for number, one in enumerate(rankings)]),
            scores=np.concatenate([one.scores for one in rankings]),
            ranks=np.concatenate([np.arange(1, len(one.scores) + 1, dtype=np.float32) for one in rankings]),
            low=np.array([one.scores[-1] if len(one.scores) else 0.0 for one in rankings], np.float32),
            high=np.array([one.scores[0] if len(one.scores) else 0.0 for one in rankings], np.float32),
        )


@dataclass(frozen=True, slots=True)
class Candidates:
    """All candidates of all queries, flat, by query and ordinal (see `workbench.search.fusion`).

    `listed` says whether a leg lists the message itself; the others are there for their neighbours in the thread.
    `around` holds four rows: for each candidate the place of the message one before, one after, two before and two
    after it, -1 where that is no candidate. The candidates of query q are `starts[q]` to `starts[q + 1]`.
    """

    keys: Ordinals
    query: NDArray[np.int64]
    ordinals: Ordinals
    listed: NDArray[np.bool_]
    around: NDArray[np.int64]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.keys)

    def of(self, number: int) -> slice:
        """The candidates of one query."""
        return slice(int(self.starts[number]), int(self.starts[number + 1]))


def gather(columns: Columns, legs: Sequence[Leg], masks: Sequence[Mask | None], context: Sequence[bool]) -> Candidates:
    """The candidates of several queries. `context` says for which of them neighbours are scored too.

    A neighbour must pass the query's mask like any other message.
    """
    messages = len(columns.length)
    listed = _sorted_unique([leg.keys for leg in legs])
    near = np.concatenate(_beside(columns, listed, messages))
    near = near[near >= 0]
    query = near // messages
    keep = np.asarray(context, bool)[query]
    for number, mask in enumerate(masks):
        if mask is not None:
            mine = np.flatnonzero(query == number)
            keep[mine] &= mask[near[mine] - number * messages]
    keys = _sorted_unique([listed, near[keep]])
    around = _neighbours(columns, keys, messages)
    at, there = places(keys, around.ravel())
    query = keys // messages
    return Candidates(
        keys=keys,
        query=query,
        ordinals=keys - query * messages,
        listed=places(listed, keys)[1],
        around=np.where(there, at, -1).reshape(around.shape),
        starts=np.searchsorted(keys, np.arange(len(masks) + 1) * messages),
    )


def _sorted_unique(parts: Sequence[Ordinals]) -> Ordinals:
    """As numpy.unique, which goes by a hash table that is slower here than sorting."""
    keys = np.sort(np.concatenate(parts))
    return keys[np.concatenate([[True], keys[1:] != keys[:-1]])] if len(keys) else keys


def _neighbours(columns: Columns, keys: Ordinals, messages: int) -> Ordinals:
    """Keys of the messages one before, one after, two before, two after: shape (4, n), -1 where there is none."""
    before, after = _beside(columns, keys, messages)
    steps = (_step(columns.previous, before, messages), _step(columns.following, after, messages))
    return np.stack([before, after, *steps])


def _beside(columns: Columns, keys: Ordinals, messages: int) -> tuple[Ordinals, Ordinals]:
    """Keys of the messages one before and one after."""
    return _step(columns.previous, keys, messages), _step(columns.following, keys, messages)


def _step(column: NDArray[np.int32], keys: Ordinals, messages: int) -> Ordinals:
    """Keys of the neighbours that `column` names; -1 where there is none, and for the key -1."""
    ordinals = keys % messages
    steps = column[ordinals]
    return np.where((keys >= 0) & (steps >= 0), keys - ordinals + steps, -1)
