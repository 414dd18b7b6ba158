"""One search, stage by stage: filters, words, vectors, fusion, thread context, texts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from workbench.embedding import Embedder
from workbench.errors import QueryError
from workbench.model import Query, Role, SearchResult
from workbench.search.filters import Mask, allowed, conversation_ordinal
from workbench.search.fusion import Floats, Ordinals, length_weight, min_max, neighbour_gain, ranks, scatter
from workbench.search.hits import Scored, fetch_hits
from workbench.search.tuning import DEFAULT, Tuning
from workbench.search.vector_leg import cosines_of, search_vectors
from workbench.snapshot import Snapshot
from workbench.snapshot.catalog import ROLES

MAX_CHARACTERS = 10_000
MAX_RESULTS = 1_000


class SearchEngine:
    """Searches one snapshot. May be used by any number of threads at once.

    `embedder` must have the fingerprint of the snapshot; with None (`missing` says why) only words are searched, and
    every result says so.
    """

    def __init__(
        self, snapshot: Snapshot, embedder: Embedder | None, *, missing: str = "", tuning: Tuning = DEFAULT
    ) -> None:
        self.snapshot = snapshot
        self.tuning = tuning
        self._embedder = embedder
        self.missing = missing

    def search(self, query: Query) -> SearchResult:
        """The best `query.k` messages.

        Raises:
            QueryError: The query is empty or too long, a number is out of range, or a filter names what is not there.
            NotFoundError: The conversation to search in does not exist.
        """
        check(query)
        run = _Run()
        with run.stage("filter"):
            conversation = conversation_ordinal(self.snapshot, query.filters.conversation_id)
            mask = allowed(self.snapshot, query.filters, conversation) if query.filters.any else None
        words = self._words(query, conversation, run)
        vector = self._embed(query, run)
        meaning = self._meaning(vector, mask, run)
        with run.stage("fuse"):
            ordinals = self._candidates(words.ordinals, meaning.ordinals, mask, context=query.thread_context)
            scored = self._score(query, ordinals, words, meaning, vector)
        with run.stage("fetch"):
            hits = fetch_hits(self.snapshot, query, ordinals, scored)
        return SearchResult(
            query=query,
            hits=hits,
            generation=self.snapshot.generation,
            timings_ms={**run.timings, "total": run.elapsed()},
            plan=run.plan,
            candidates=len(ordinals),
            notes=tuple(run.notes),
        )

    def _words(self, query: Query, conversation: int | None, run: _Run) -> _Leg:
        if query.alpha >= 1.0:
            return _Leg.empty()
        with run.stage("lexical"):
            found = self.snapshot.lexical.search(
                query.text, self.tuning.lexical_candidates, filters=query.filters, conversation=conversation
            )
        run.plan["lexical"] = f"BM25, best {len(found[0]):,} of {len(self.snapshot.lexical):,} messages"
        return _Leg(*found)

    def _embed(self, query: Query, run: _Run) -> Floats | None:
        if query.alpha <= 0.0:
            return None
        if self._embedder is None:
            run.notes.append(f"Searched by words only: {self.missing}")
            return None
        if pending := self.snapshot.manifest.counts["pending"]:
            run.notes.append(f"{pending:,} texts have no vector yet and are found by their words only.")
        with run.stage("embed"):
            return self.snapshot.vectors.centre(self._embedder.embed([query.text])[0])

    def _meaning(self, vector: Floats | None, mask: Mask | None, run: _Run) -> _Leg:
        if vector is None or len(self.snapshot.vectors) == 0:
            return _Leg.empty()
        with run.stage("vector"):
            leg = search_vectors(self.snapshot, vector, self.tuning.vector_candidates, mask)
        run.plan["vector"] = leg.plan
        return _Leg(leg.ordinals, leg.cosines)

    def _candidates(self, words: Ordinals, meaning: Ordinals, mask: Mask | None, *, context: bool) -> Ordinals:
        """What is scored: the union of both lists and, for their context, the neighbours in the thread."""
        found = np.union1d(words, meaning)
        if not context:
            return found
        columns = self.snapshot.columns
        around = np.concatenate([columns.previous[found], columns.following[found]]).astype(np.int64)
        around = around[around >= 0]
        return np.union1d(found, around if mask is None else around[mask[around]])

    def _score(self, query: Query, ordinals: Ordinals, words: _Leg, meaning: _Leg, vector: Floats | None) -> Scored:
        bm25 = scatter(ordinals, words.ordinals, words.scores)
        if vector is None or not len(meaning.scores):
            cosine, alpha = np.full(len(ordinals), np.nan, np.float32), 0.0
        else:
            cosine, alpha = cosines_of(self.snapshot, vector, ordinals), query.alpha
        lexical_part = (1.0 - alpha) * min_max(bm25, *words.range)
        vector_part = alpha * min_max(cosine, *meaning.range)
        fused = (lexical_part + vector_part).astype(np.float32)
        context, prior = self._adjustments(ordinals, fused, wanted=query.thread_context)
        return Scored(
            total=fused + context + prior,
            found=np.isin(ordinals, words.ordinals) | np.isin(ordinals, meaning.ordinals),
            bm25=bm25, cosine=cosine, bm25_rank=ranks(bm25), cosine_rank=ranks(cosine),
            lexical_part=lexical_part, vector_part=vector_part, context=context, prior=prior,
        )  # fmt: skip

    def _adjustments(self, ordinals: Ordinals, fused: Floats, *, wanted: bool) -> tuple[Floats, Floats]:
        """What thread and speaker add to each score."""
        nothing = np.zeros(len(ordinals), np.float32)
        if not wanted or not len(ordinals):
            return nothing, nothing
        columns, tuning = self.snapshot.columns, self.tuning
        gain = neighbour_gain(
            ordinals, fused, columns.previous[ordinals].astype(np.int64), columns.following[ordinals].astype(np.int64)
        )
        weight = length_weight(
            columns.length[ordinals], tuning.short_characters, tuning.long_characters, tuning.long_share
        )
        own = columns.role[ordinals] == ROLES.index(Role.USER)
        prior = np.where(own & (fused > 0), tuning.own_prior, 0.0)
        return (tuning.neighbour_weight * weight * gain).astype(np.float32), prior.astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Leg:
    """A ranked list: ordinals and scores, best first."""

    ordinals: Ordinals
    scores: Floats

    @classmethod
    def empty(cls) -> _Leg:
        return cls(np.empty(0, np.int64), np.empty(0, np.float32))

    @property
    def range(self) -> tuple[float, float]:
        """The worst and the best score of the list."""
        return (float(self.scores[-1]), float(self.scores[0])) if len(self.scores) else (0.0, 0.0)


@dataclass(slots=True)
class _Run:
    """What is noted while one search goes through its stages."""

    started: float = field(default_factory=time.perf_counter)
    timings: dict[str, float] = field(default_factory=dict)
    plan: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.timings[name] = (time.perf_counter() - begun) * 1000

    def elapsed(self) -> float:
        return (time.perf_counter() - self.started) * 1000


def check(query: Query) -> None:
    """Refuse a query that cannot be answered.

    Raises:
        QueryError: It says which part, and what is allowed.
    """
    if not query.text.strip():
        raise QueryError("the query is empty", "", "say what to look for")
    if len(query.text) > MAX_CHARACTERS:
        raise QueryError(f"the query has {len(query.text):,} characters", f"at most {MAX_CHARACTERS:,} are taken")
    if not 1 <= query.k <= MAX_RESULTS:
        raise QueryError(f"k is {query.k}", "", f"give a number from 1 to {MAX_RESULTS:,}")
    if not 0.0 <= query.alpha <= 1.0:
        raise QueryError(f"alpha is {query.alpha}", "", "give a number from 0 (words only) to 1 (vectors only)")
    if query.filters.after and query.filters.before and query.filters.after >= query.filters.before:
        raise QueryError("no time is both after and before the dates given", "", "exchange them")
