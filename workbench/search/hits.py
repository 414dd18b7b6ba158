"""Turning scored ordinals into hits: texts from the catalog, snippets, and who contributed what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.model import TRAFFIC_KINDS, Hit, LegScore, MessageKind, Query, Role
from workbench.record import from_stored
from workbench.search.fusion import Floats, Ordinals
from workbench.snapshot import Snapshot
from workbench.text.snippets import find_spans, snippet

_FETCH = """
    SELECT ordinal, id, conversation_id, assistant, role, kind, title, position, created_at, content
    FROM messages WHERE ordinal IN ({ordinals})"""
_CARRIED = f"""
    SELECT message_ordinal, string_agg(concat_ws(': ', title, content), ' ' ORDER BY ordinal) FROM artifacts
    WHERE message_ordinal IN ({{ordinals}}) AND kind NOT IN {TRAFFIC_KINDS}
    GROUP BY ALL"""
_SNIPPET_SOURCE = 200_000  # characters of a message that are looked through for a snippet


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of all candidates and their parts: arrays of one length, nan (rank 0) where a leg knows nothing.

    Ranks count from 1 among the candidates. `found` says whether a leg listed the message itself, so that the last of
    a list, whose score is 0 by definition, is still a hit.
    """

    total: Floats
    found: NDArray[np.bool_]
    bm25: Floats
    cosine: Floats
    bm25_rank: NDArray[np.int64]
    cosine_rank: NDArray[np.int64]
    lexical_part: Floats
    vector_part: Floats
    context: Floats
    prior: Floats


def fetch_hits(snapshot: Snapshot, query: Query, ordinals: Ordinals, scored: Scored) -> tuple[Hit, ...]:
    """The best `query.k` candidates as hits, best first; equal scores by ordinal."""
    order = np.lexsort((ordinals, -scored.total))
    best = order[(scored.found | (scored.total > 0))[order]][: query.k]
    if not len(best):
        return ()
    catalog = snapshot.catalog.cursor()
    wanted = [int(ordinals[i]) for i in best]
    rows = {row[0]: row for row in catalog.rows(_FETCH.format(ordinals=_places(wanted)), wanted)}
    wordless = [ordinal for ordinal, row in rows.items() if not row[9]]
    carried = dict(catalog.rows(_CARRIED.format(ordinals=_places(wordless)), wordless)) if wordless else {}
    stems = snapshot.lexical.stems(query.text)
    return tuple(
        _hit(snapshot, rank, rows[int(ordinals[i])], carried, stems, float(scored.total[i]), _legs(scored, i))
        for rank, i in enumerate(best, start=1)
    )


def _places(values: list[int]) -> str:
    """A place for each value: with a plain IN list DuckDB goes by the index, with a subquery it reads the column."""
    return ", ".join("?" * len(values))


def _hit(
    snapshot: Snapshot, rank: int, row: tuple[Any, ...], carried: dict[int, str], stems: frozenset[str], score: float,
    legs: tuple[LegScore, ...],
) -> Hit:  # fmt: skip
    ordinal, identifier, conversation, assistant, role, kind, title, position, created_at, content = row
    source = (content or carried.get(ordinal, ""))[:_SNIPPET_SOURCE]
    shown, highlights = snippet(source, find_spans(source, stems, snapshot.lexical.stem))
    return Hit(
        rank=rank, score=score, message_id=identifier, conversation_id=conversation, assistant=assistant,
        role=Role(role), kind=MessageKind(kind), title=title, position=position, created_at=from_stored(created_at),
        snippet=shown, highlights=highlights, content=content, legs=legs,
    )  # fmt: skip


def _legs(scored: Scored, i: int) -> tuple[LegScore, ...]:
    def number(value: np.floating) -> float | None:
        return None if np.isnan(value) else float(value)

    def rank(value: np.integer) -> int | None:
        return int(value) or None

    return (
        LegScore("lexical", rank(scored.bm25_rank[i]), number(scored.bm25[i]), float(scored.lexical_part[i])),
        LegScore("vector", rank(scored.cosine_rank[i]), number(scored.cosine[i]), float(scored.vector_part[i])),
        LegScore("thread", None, None, float(scored.context[i])),
        LegScore("own words", None, None, float(scored.prior[i])),
    )
