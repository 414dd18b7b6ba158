"""Hybrid search, stage by stage: filters, words, vectors, fusion, texts. Many queries share each stage's work."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from workbench.embedding import Embedder
from workbench.errors import WorkbenchError
from workbench.model import Query, SearchResult
from workbench.search.advice import advise
from workbench.search.cache import Cache
from workbench.search.candidates import Leg, Ranking, gather
from workbench.search.facets import Facets, facet_counts
from workbench.search.fusion import Floats, Ordinals
from workbench.search.names import Names, names_of
from workbench.search.newest import newest
from workbench.search.pages import Page, Ranked, cut
from workbench.search.request import Request, Stopwatch, prepare
from workbench.search.scoring import score
from workbench.search.tuning import DEFAULT, Tuning
from workbench.search.vector_leg import search_vectors
from workbench.snapshot import Snapshot

_VECTOR_CACHE_BYTES = 16 * 1024 * 1024
Answer = SearchResult | WorkbenchError


class SearchEngine:
    """Searches one snapshot. May be used by any number of threads at once.

    `embedder` must have the fingerprint of the snapshot; with None (`missing` says why) only words are searched, and
    every result says so. `vectors` keeps the vectors of queries, by model and text.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        embedder: Embedder | None,
        *,
        missing: str = "",
        tuning: Tuning = DEFAULT,
        vectors: Cache[Floats] | None = None,
    ) -> None:
        self.snapshot = snapshot
        self.tuning = tuning
        self.missing = missing
        self.vectors = vectors or Cache(lambda vector: int(vector.nbytes), capacity_bytes=_VECTOR_CACHE_BYTES)
        self._embedder = embedder
        self._known: Names | None = None

    def search(self, query: Query) -> SearchResult:
        """The best `query.k` messages.

        Raises:
            QueryError: The query is empty or too long, a number is out of range, a filter names what is not there, or
                its cursor does not fit.
            NotFoundError: The conversation to search in does not exist.
        """
        answer = self.search_many([query])[0]
        if isinstance(answer, WorkbenchError):
            raise answer
        return answer

    def search_many(self, queries: Sequence[Query]) -> list[Answer]:
        """The answers to several queries, in their order; an error in place of an answer where `search` raises it.

        Cheaper than one after another: they share the embedding, the walk through the graph, and the scoring.
        """
        watch = Stopwatch()
        answers: dict[int, Answer] = {}
        requests: list[Request] = []
        numbers: list[int] = []
        with watch.stage("filter"):
            for number, query in enumerate(queries):
                try:
                    requests.append(prepare(self.snapshot, query, watch.started, self._names))
                    numbers.append(number)
                except WorkbenchError as error:
                    answers[number] = error
        if requests:
            for number, result in zip(numbers, self._answer(requests, watch), strict=True):
                answers[number] = self._filled(result)
        return [answers[number] for number in range(len(queries))]

    def _names(self) -> Names:
        if self._known is None:
            self._known = names_of(self.snapshot)
        return self._known

    def pages(self, query: Query) -> Iterator[SearchResult]:
        """The answer page by page, until there is nothing more.

        Raises:
            QueryError: As `search` does.
        """
        while True:
            page = self.search(query)
            yield page
            if page.cursor is None:
                return
            query = replace(query, cursor=page.cursor)

    def _answer(self, requests: list[Request], watch: Stopwatch) -> list[SearchResult]:
        ranked = self._rank(requests, watch)
        earlier = self._earlier(requests)
        with watch.stage("fetch"):
            pages = [
                cut(self.snapshot, request, ranked, number, earlier.get(number))
                for number, request in enumerate(requests)
            ]
        with watch.stage("facets"):
            facets = [self._facets(request) for request in requests]
        timings = {**watch.timings, "total": watch.elapsed()}
        return [
            self._result(request, page, timings, len(requests), counts)
            for request, page, counts in zip(requests, pages, facets, strict=True)
        ]

    def _facets(self, request: Request) -> Facets:
        if not request.query.facets:
            return {}
        if request.words.text:
            return self.snapshot.lexical.facets(request.words, request.clauses)
        return facet_counts(self.snapshot, self.snapshot.columns.searched if request.mask is None else request.mask)

    def _result(
        self, request: Request, page: Page, timings: dict[str, float], batch: int, facets: Facets
    ) -> SearchResult:
        return SearchResult(
            query=request.query,
            hits=page.hits,
            generation=self.snapshot.generation,
            timings_ms=timings,
            plan=request.plan,
            candidates=page.candidates,
            notes=tuple(request.notes),
            advice=tuple(advise(self.snapshot, request, len(page.hits))) if request.query.explain else (),
            match=page.match,
            cursor=page.cursor,
            partial=request.partial,
            batch=batch,
            facets=facets,
        )

    def _rank(self, requests: list[Request], watch: Stopwatch) -> Ranked:
        messages = len(self.snapshot.columns.length)
        with watch.stage("lexical"):
            words = Leg.of([self._words(request) for request in requests], messages)
        with watch.stage("embed"):
            vectors = self._embed(requests)
        with watch.stage("vector"):
            meaning = Leg.of(self._meaning(requests, vectors), messages)
        with watch.stage("fuse"):
            context = [request.query.thread_context for request in requests]
            masks = [request.mask for request in requests]
            candidates = gather(self.snapshot.columns, [words, meaning], masks, context)
            wishes = [request.wish for request in requests]
            scores = score(self.snapshot.columns, candidates, words, meaning, wishes, self.tuning)
        return Ranked(candidates, scores, meaning)

    def _words(self, request: Request) -> Ranking:
        if request.query.alpha >= 1.0 and request.words.text:
            return Ranking.empty()
        limit = request.deeper(self.tuning.lexical_candidates)
        if not request.words.text:
            found = newest(self.snapshot, request.mask, limit)
        else:
            found = self.snapshot.lexical.search(request.words, limit, clauses=request.clauses, mask=request.mask)
        request.full |= len(found.ordinals) == limit
        request.plan["lexical"] = found.plan
        return Ranking(found.ordinals, found.scores)

    def _embed(self, requests: list[Request]) -> Floats:
        """Centred query vectors (queries, d), zero where no vector is wanted or to be had."""
        index = self.snapshot.vectors
        out = np.zeros((len(requests), index.dimensions), np.float32)
        todo: dict[str, list[int]] = {}
        for number, request in enumerate(requests):
            if request.query.alpha <= 0.0 or not request.words.text:
                continue
            if self._embedder is None:
                request.notes.append(f"Searched by words only: {self.missing}")
                continue
            if pending := self.snapshot.manifest.counts["pending"]:
                request.notes.append(f"{pending:,} texts have no vector yet and are found by their words only.")
            request.by_meaning = len(index) > 0
            if request.by_meaning:
                kept = self.vectors.get((self._embedder.fingerprint, request.words.text))
                if kept is None:
                    todo.setdefault(request.words.text, []).append(number)
                else:
                    out[number] = kept
        if todo and self._embedder is not None:
            for text, vector in zip(todo, self._embedder.embed(list(todo)), strict=True):
                self.vectors.put((self._embedder.fingerprint, text), vector)
                out[todo[text]] = vector
        return index.centre(out) if any(request.by_meaning for request in requests) else out

    def _meaning(self, requests: list[Request], vectors: Floats) -> list[Ranking]:
        now = time.perf_counter()
        rankings = [Ranking.empty()] * len(requests)
        chosen = []
        for number, request in enumerate(requests):
            if request.by_meaning and now >= request.deadline:
                request.run_out("the time was over before vectors were compared")
                request.by_meaning = False
            if request.by_meaning:
                chosen.append(number)
        if not chosen:
            return rankings
        limits = [requests[number].deeper(self.tuning.vector_candidates) for number in chosen]
        legs = search_vectors(
            self.snapshot, vectors[chosen], limits, [requests[number].mask for number in chosen],
            [requests[number].deadline for number in chosen],
        )  # fmt: skip
        for number, limit, leg in zip(chosen, limits, legs, strict=True):
            request = requests[number]
            rankings[number] = leg.ranking
            request.plan["vector"] = leg.plan
            request.full |= len(leg.ranking.ordinals) == limit
            if not leg.complete:
                request.run_out("the time was over before enough messages that the filter allows were found")
        return rankings

    def _earlier(self, requests: list[Request]) -> dict[int, Ordinals]:
        """For requests beyond the first depth: the ordinals that pages of smaller depths could hold."""
        earlier: dict[int, Ordinals] = {}
        for number, request in enumerate(requests):
            for depth in range(request.place.depth):
                ranked = self._rank([request.at_depth(depth)], Stopwatch())
                found = ranked.candidates.ordinals[ranked.candidates.listed | (ranked.scores.total > 0)]
                earlier[number] = np.union1d(earlier.get(number, found), found)
        return earlier

    def _filled(self, result: SearchResult) -> SearchResult:
        """A page that ended with its depth, filled up from the next one."""
        missing = result.query.k - len(result.hits)
        if not missing or result.cursor is None or result.partial:
            return result
        more = self.search(replace(result.query, k=missing, cursor=result.cursor, facets=False))
        return replace(
            result,
            hits=result.hits + more.hits,
            cursor=more.cursor,
            timings_ms={stage: ms + more.timings_ms.get(stage, 0.0) for stage, ms in result.timings_ms.items()},
            plan=more.plan,
            candidates=more.candidates,
            partial=more.partial,
        )
