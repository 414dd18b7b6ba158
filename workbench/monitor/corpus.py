"""What is being searched, in figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from workbench.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Corpus:
    """One generation of `store`.

    `published` is Unix time, `messages` counts by assistant, `embeddings` texts with a vector. `facts` are memories,
    `labels` the different labels that they bear.
    """

    store: Path
    generation: int
    published: float
    conversations: int
    messages: Mapping[str, int]
    embeddings: int
    pending: int
    facts: int = 0
    labels: int = 0


def corpus_of(snapshot: Snapshot) -> Corpus:
    """The figures of a generation; of its memories those that were remembered since, too, where it has its tail."""
    manifest, columns = snapshot.manifest, snapshot.columns
    return Corpus(
        store=snapshot.store,
        generation=manifest.generation,
        published=datetime.fromisoformat(manifest.created_at).timestamp(),
        conversations=manifest.counts["conversations"],
        messages=manifest.assistants,
        embeddings=manifest.counts["texts"],
        pending=manifest.counts["pending"],
        facts=int(np.count_nonzero(columns.category)),
        labels=len(np.unique(columns.label)),
    )
