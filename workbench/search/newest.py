"""What a search without words finds: all that its filters let pass, the newest first."""

from __future__ import annotations

import numpy as np

from workbench.index import LexicalHits
from workbench.search.filters import Mask
from workbench.snapshot import Snapshot


def newest(snapshot: Snapshot, mask: Mask | None, limit: int) -> LexicalHits:
    """At most `limit` messages, newest first, those without a time last; nothing where nothing is filtered.

    Their scores fall from 1 by their rank.
    """
    if mask is None:
        return LexicalHits.none()
    ordinals = np.flatnonzero(mask)
    order = np.lexsort((ordinals, -snapshot.columns.time[ordinals].astype(np.float64)))[:limit]
    scores = (1.0 - np.arange(len(order)) / limit).astype(np.float32)
    plan = f"no words: newest {len(order):,} of {len(ordinals):,} allowed messages"
    return LexicalHits(ordinals[order], scores, plan)
