"""Keeping memories: into the journal at once, into a generation at the next publication."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from workbench.embedding import Embedder
from workbench.errors import StoreLockedError
from workbench.ingest.masking import MASK
from workbench.ingest.pipeline import IngestOptions, rebuild
from workbench.ingest.progress import Silent
from workbench.model import Memory, NewMemory
from workbench.record import journal
from workbench.snapshot import current_manifest
from workbench.snapshot.generations import current_generation
from workbench.snapshot.replica import refuse_writing
from workbench.text.passages import passages
from workbench.text.secrets import mask

_FIRST_SECONDS = 1.0  # that are waited for somebody else's first generation
_LOOK_SECONDS = 0.02


def remember(
    store: Path, memories: Sequence[NewMemory], embedder: Embedder | None, secrets: str = MASK
) -> list[Memory]:
    """Keep `memories`: on the disk when this returns. With an `embedder` their vectors ride along.

    Keys and passwords in them are masked, unless `secrets` is another policy.

    Raises:
        StoreError: The store is a replica, or cannot be written; nothing is kept.
    """
    refuse_writing(store)
    if not memories:
        return []
    if secrets == MASK:
        memories = [replace(one, content=mask(one.content)[0], source=mask(one.source)[0]) for one in memories]
    floor = 0
    if not (store / journal.JOURNAL_FILE).exists() and (manifest := current_manifest(store)):
        floor = manifest.journal_sequence
    if embedder is None:
        return journal.append(store, memories, floor=floor)
    texts = [passages(one.content) for one in memories]
    found = iter(embedder.embed([one[0] for one in texts if one]).astype(np.float16))
    vectors = [next(found) if one else None for one in texts]
    return journal.append(store, memories, model=embedder.fingerprint, vectors=vectors, floor=floor)


def publish_first(options: IngestOptions) -> bool:
    """See to it that there is a generation, so that what was remembered can be searched; whether there is one now.

    Where another process is writing, it publishes: a moment is waited for that, but not for a long import.
    """
    deadline = time.monotonic() + _FIRST_SECONDS
    while current_generation(options.store) is None:
        try:
            rebuild(options, Silent())
        except StoreLockedError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_LOOK_SECONDS)
    return True
