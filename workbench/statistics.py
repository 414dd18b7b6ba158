"""How much a store holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from workbench.record import RECORD_FILE, from_stored
from workbench.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class AssistantStats:
    """What there is of one assistant; times are of its first and last message."""

    assistant: str
    conversations: int
    messages: int
    artifacts: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class StoreStats:
    """What there is in all. `artifacts` counts by kind; sizes are bytes on disk.

    `profile` is how the vectors are indexed, `search` has the constants of ranking that are no defaults, `tuned_by`
    where both come from; empty where nobody tuned the store.
    """

    store: str
    generation: int
    published_at: str
    embedder: str
    counts: Mapping[str, int]
    assistants: tuple[AssistantStats, ...]
    artifacts: Mapping[str, int]
    record_bytes: int
    snapshot_bytes: int
    search: Mapping[str, int | float | str]
    profile: Mapping[str, int | str]
    tuned_by: Mapping[str, Any]

    @property
    def tuned(self) -> str:
        """What the store is tuned to, in words; empty where it is not."""
        if not self.tuned_by:
            return ""
        ranking = ", ".join(f"{name} {value}" for name, value in self.search.items()) or "ranking as by default"
        index = ", ".join(f"{name} {value}" for name, value in self.profile.items())
        return f"tuned on {self.tuned_by['applied_at'][:10]} by run {self.tuned_by['run']}: {ranking}; index: {index}"


_PER_ASSISTANT = """
    SELECT m.assistant, count(DISTINCT m.conversation_id), count(*),
        (SELECT count(*) FROM artifacts a JOIN messages b ON b.ordinal = a.message_ordinal
         WHERE b.assistant = m.assistant),
        min(m.created_at), max(m.created_at)
    FROM messages m GROUP BY m.assistant ORDER BY m.assistant"""


def collect(snapshot: Snapshot, store: Path) -> StoreStats:
    """The figures of one generation."""
    catalog = snapshot.catalog.cursor()
    assistants = tuple(
        AssistantStats(name, conversations, messages, artifacts, from_stored(first), from_stored(last))
        for name, conversations, messages, artifacts, first, last in catalog.rows(_PER_ASSISTANT)
    )
    record = store / RECORD_FILE
    return StoreStats(
        store=str(store),
        generation=snapshot.generation,
        published_at=snapshot.manifest.created_at,
        embedder=snapshot.manifest.fingerprint,
        counts=snapshot.manifest.counts,
        assistants=assistants,
        artifacts=dict(catalog.rows("SELECT kind, count(*) FROM artifacts GROUP BY kind ORDER BY 2 DESC, 1")),
        record_bytes=record.stat().st_size if record.exists() else 0,
        snapshot_bytes=sum(part.bytes for part in snapshot.manifest.files.values()),
        search=dict(snapshot.manifest.search),
        profile=dict(snapshot.manifest.profile),
        tuned_by=dict(snapshot.manifest.tuned_by),
    )
