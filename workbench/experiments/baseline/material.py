"""What the workloads work on: taken from the store itself, the same for the same seed and store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.experiments.corpus.scale import write_corpus
from workbench.experiments.load.queries import known_items
from workbench.snapshot import Snapshot

_QUERIES, _POPULAR, _CONVERSATIONS = 2_000, 20, 200
_INGESTED = 60  # messages of the export that is imported
_SHORTEST, _LONGEST = 4, 60  # messages of a conversation that is read


@dataclass(frozen=True, slots=True)
class Material:
    """Queries for each way to search (no two lists share one), ids of conversations, and the store they are from."""

    store: Path
    queries: tuple[str, ...]
    popular: tuple[str, ...]
    conversations: tuple[str, ...]


def material_of(store: Path, snapshot: Snapshot, *, seed: int) -> Material:
    """Draw it from the generation that `snapshot` is.

    Raises:
        UsageError: No message of the store has three words.
    """
    found = known_items(snapshot, _QUERIES + _POPULAR, seed=seed)
    popular, rest = found[:_POPULAR], found[_POPULAR:]
    return Material(store.resolve(), tuple(rest or popular), tuple(popular), tuple(_conversations(snapshot, seed)))


def write_export(folder: Path, *, seed: int) -> Path:
    """A small export to import: conversations of all assistants, 60 messages."""
    target = folder / "export"
    write_corpus(target, _INGESTED, seed=seed)
    return target


def _conversations(snapshot: Snapshot, seed: int) -> Sequence[str]:
    """Some conversations of ordinary length, or any where there are none."""
    rows = snapshot.catalog.cursor().rows(
        """SELECT conversation_id, count(*) BETWEEN $shortest AND $longest FROM messages
           GROUP BY conversation_id ORDER BY conversation_id""",
        {"shortest": _SHORTEST, "longest": _LONGEST},
    )
    ordinary = [row[0] for row in rows if row[1]] or [row[0] for row in rows]
    drawn = np.random.default_rng(seed).permutation(len(ordinary))[:_CONVERSATIONS]
    return [ordinary[place] for place in drawn.tolist()]
