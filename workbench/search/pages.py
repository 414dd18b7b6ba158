"""Cutting one page of hits out of the scored candidates."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workbench.model import Hit, Match
from workbench.search.candidates import Candidates, Leg
from workbench.search.confidence import judge
from workbench.search.fusion import Ordinals, best_first
from workbench.search.hits import Found, build_hits
from workbench.search.paging import DEPTHS, Place, encode
from workbench.search.request import Request
from workbench.search.scoring import Scores
from workbench.text.snippets import Highlighter


@dataclass(frozen=True, slots=True)
class Ranked:
    """The candidates of several queries, their scores, and what the vector leg lists."""

    candidates: Candidates
    scores: Scores
    meaning: Leg


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the answer to one query."""

    hits: tuple[Hit, ...]
    candidates: int
    cursor: str | None
    match: Match


def cut(
    request: Request,
    ranked: Ranked,
    number: int,
    earlier: Ordinals | None,
) -> Page:
    """The page of query `number` that its cursor asks for, equal scores by ordinal.

    `earlier` are the ordinals of messages that pages of smaller depths could hold.
    """
    snapshot, candidates, scores = request.view, ranked.candidates, ranked.scores
    mine = candidates.of(number)
    total, ordinals = scores.total[mine], candidates.ordinals[mine]
    hit = candidates.listed[mine] | (total > 0)
    if earlier is not None:
        if request.query.by_conversation:
            conversations = snapshot.columns.conversation
            hit &= ~np.isin(conversations[ordinals], conversations[earlier])
        else:
            hit &= ~np.isin(ordinals, earlier)
    places = np.flatnonzero(hit)
    query, place = request.query, request.place
    wanted = len(places) if query.by_conversation else place.offset + query.k
    order = places[best_first(ordinals[places], total[places], wanted)]
    found = len(places)
    others = np.zeros(len(order), np.int64)
    if query.by_conversation:
        order, others = _first_of_each(snapshot.columns.conversation[ordinals[order]], order)
        found = len(order)
    shown = slice(place.offset, place.offset + query.k)
    found_here = [
        Found(
            ordinal=int(ordinals[at]),
            score=float(total[at]),
            legs=scores.explain(mine.start + int(at), mine) if query.explain else (),
            others=int(more),
        )
        for at, more in zip(order[shown], others[shown], strict=True)
    ]
    highlighter = Highlighter(snapshot.lexical.stems(request.words.text), snapshot.lexical.stem)
    hits, shares = build_hits(snapshot, found_here, highlighter, previous=place.previous)
    following = _following(request, found, len(hits))
    cursor = encode(following, query, snapshot.generation) if following else None
    best_cosine = float(ranked.meaning.high[number]) if request.by_meaning else None
    return Page(hits, len(total), cursor, judge(shares if highlighter.terms else None, best_cosine, found=bool(hits)))


def _first_of_each(conversations: NDArray[np.int32], order: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """The best message of each conversation, best first, and how many others of it follow."""
    _, first, counts = np.unique(conversations, return_index=True, return_counts=True)
    by_rank = np.argsort(first)
    return order[first[by_rank]], counts[by_rank] - 1


def _following(request: Request, found: int, shown: int) -> Place | None:
    """Where the next page begins, None after the last."""
    place, as_of = request.place, request.view.sequence
    if place.offset + shown < found:
        return replace(place, offset=place.offset + shown, previous=place.previous + shown, as_of=as_of)
    if request.full and place.depth + 1 < len(DEPTHS):
        return Place(place.depth + 1, 0, place.previous + shown, as_of)
    return None
