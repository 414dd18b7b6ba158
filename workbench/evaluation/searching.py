"""The systems that are compared, and the one place where a judged query becomes a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.evaluation.judgements import JudgedQuery
from workbench.model import DEFAULT_ALPHA, Filters, Query
from workbench.search import SearchEngine

DEPTH = 20  # messages asked for: as many as the deepest measure looks at


@dataclass(frozen=True, slots=True)
class System:
    """A way to search: how much meaning counts against words, and whether the thread has a say."""

    name: str
    alpha: float
    thread_context: bool


HYBRID = System("hybrid", DEFAULT_ALPHA, thread_context=True)
BM25 = System("BM25", 0.0, thread_context=False)
VECTORS = System("vectors", 1.0, thread_context=False)
EQUAL = System("equal weight", 0.5, thread_context=False)
SYSTEMS = (HYBRID, BM25, VECTORS, EQUAL)


def ranking(engine: SearchEngine, judged: JudgedQuery, system: System) -> list[str]:
    """Ids of the DEPTH best messages for a judged query, best first. Its text is taken as plain words."""
    query = Query(
        text=judged.text,
        k=DEPTH,
        alpha=system.alpha,
        filters=Filters(conversation_ids=(judged.pool,) if judged.pool else ()),
        thread_context=system.thread_context,
        plain=True,
        explain=False,
    )
    return [hit.message_id for hit in engine.search(query)]


def names(systems: Sequence[System]) -> list[str]:
    """What the systems are called."""
    return [system.name for system in systems]
