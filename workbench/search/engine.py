"""Hybrid search, stage by stage: filters, words, vectors, fusion, texts. Many queries share each stage's work."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from workbench.embedding import Embedder
from workbench.errors import WorkbenchError
from workbench.model import Memory, Query, SearchResult
from workbench.search.advice import advise
from workbench.search.cache import Cache
from workbench.search.candidates import Leg, Ranking, gather
from workbench.search.facets import Facets
from workbench.search.fusion import Floats, Ordinals
from workbench.search.names import Names, names_of, titles_of
from workbench.search.newest import newest
from workbench.search.pages import Page, Ranked, cut
from workbench.search.request import Request, Stopwatch, check, prepare, understand
from workbench.search.scoring import score
from workbench.search.tail import facets_of, has_vectors, tail_cosines, tail_plan, with_tail_vectors, with_tail_words
from workbench.search.tuning import Tuning
from workbench.search.vector_leg import search_vectors
from workbench.snapshot import JournalTail, Snapshot

_VECTOR_CACHE_BYTES = 16 * 1024 * 1024
Answer = SearchResult | WorkbenchError


class SearchEngine:
    """Searches one snapshot, and what was remembered since. May be used by any number of threads at once.

    `embedder` must have the fingerprint of the snapshot; with None (`missing` says why) only words are searched, and
    every result says so. `tuning` is how it ranks, None for what the snapshot is tuned to. `vectors` keeps the vectors
    of queries, by model and text.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        embedder: Embedder | None,
        *,
        missing: str = "",
        tuning: Tuning | None = None,
        vectors: Cache[Floats] | None = None,
    ) -> None:
        self.snapshot = snapshot
        self.tuning = tuning or Tuning.from_values(snapshot.manifest.search)
        self.missing = missing
        self.vectors = vectors or Cache(lambda vector: int(vector.nbytes), capacity_bytes=_VECTOR_CACHE_BYTES)
        self.embedder = embedder
        self._tail = JournalTail(snapshot, embedder)
        self._titles: Mapping[str, str] | None = None
        self._known: tuple[Snapshot, Names] | None = None

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
        together: dict[str, dict[int, Request]] = {}  # requests by the version of their view: all but pages have one
        with watch.stage("filter"):
            for number, query in enumerate(queries):
                try:
                    request = prepare(self._tail, query, watch.started, self._names, self.tuning.alpha)
                    together.setdefault(request.view.version, {})[number] = request
                except WorkbenchError as error:
                    answers[number] = error
        for requests in together.values():
            for number, result in zip(requests, self._answer(list(requests.values()), watch), strict=True):
                answers[number] = self._filled(result)
        return [answers[number] for number in range(len(queries))]

    @property
    def version(self) -> str:
        """What answers depend on: the generation, and the sequence number of the newest memory, like "12.345"."""
        return self.view().version

    def view(self, as_of: int | None = None) -> Snapshot:
        """The snapshot with all that was remembered since, or with what was by sequence `as_of`."""
        return self._tail.view(as_of)

    def first_remembered(self, memory: Memory) -> Memory:
        """`memory` with the content and time that it had when it was first remembered."""
        return self._tail.first(memory)

    def text_to_embed(self, query: Query) -> str:
        """The text whose vector `query` is compared by, empty if it needs none.

        Raises:
            QueryError: The query cannot be understood.
        """
        alpha = self.tuning.alpha if query.alpha is None else query.alpha
        if self.embedder is None or alpha <= 0.0:
            return ""
        check(query)
        return understand(query, lambda: self._names(self.view())).words.text

    def _names(self, view: Snapshot) -> Names:
        known = self._known
        if known is None or known[0] is not view:
            self._titles = titles_of(self.snapshot) if self._titles is None else self._titles
            known = self._known = view, names_of(view, self._titles)
        return known[1]

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
            pages = [cut(request, ranked, number, earlier.get(number)) for number, request in enumerate(requests)]
        with watch.stage("facets"):
            facets = [facets_of(request) if request.query.facets else {} for request in requests]
        timings = {**watch.timings, "total": watch.elapsed()}
        return [
            self._result(request, page, timings, len(requests), counts)
            for request, page, counts in zip(requests, pages, facets, strict=True)
        ]

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
            advice=tuple(advise(request.view, request, len(page.hits))) if request.query.explain else (),
            match=page.match,
            cursor=page.cursor,
            partial=request.partial,
            batch=batch,
            facets=facets,
            version=request.view.version,
        )

    def _rank(self, requests: list[Request], watch: Stopwatch) -> Ranked:
        columns = requests[0].view.columns  # of all of them
        messages = len(columns.length)
        with watch.stage("lexical"):
            words = Leg.of([self._words(request) for request in requests], messages)
        with watch.stage("embed"):
            vectors = self._embed(requests)
        with watch.stage("vector"):
            meaning = Leg.of(self._meaning(requests, vectors), messages)
        with watch.stage("fuse"):
            around = self.tuning.thread_weight > 0
            context = [request.query.thread_context and around for request in requests]
            masks = [request.mask for request in requests]
            candidates = gather(columns, [words, meaning], masks, context)
            wishes = [request.wish for request in requests]
            scores = score(columns, candidates, words, meaning, wishes, self.tuning)
        return Ranked(candidates, scores, meaning)

    def _words(self, request: Request) -> Ranking:
        if request.alpha >= 1.0 and request.words.text:
            return Ranking.empty()
        limit = request.deeper(self.tuning.lexical_candidates)
        if not request.words.text:
            found = newest(request.view, request.mask, limit)
        else:
            found = self.snapshot.lexical.search(request.words, limit, clauses=request.clauses, mask=request.mask)
            found = with_tail_words(request.view, found, request.words, limit, request.mask)
        request.full |= len(found.ordinals) == limit
        request.plan["lexical"] = found.plan
        return Ranking(found.ordinals, found.scores)

    def _embed(self, requests: list[Request]) -> Floats:
        """Centred query vectors (queries, d), zero where no vector is wanted or to be had."""
        index = self.snapshot.vectors
        out = np.zeros((len(requests), index.dimensions), np.float32)
        todo: dict[str, list[int]] = {}
        for number, request in enumerate(requests):
            if request.alpha <= 0.0 or not request.words.text:
                continue
            if self.embedder is None:
                request.notes.append(f"Searched by words only: {self.missing}")
                continue
            if pending := self.snapshot.manifest.counts["pending"]:
                request.notes.append(f"{pending:,} texts have no vector yet and are found by their words only.")
            request.by_meaning = len(index) > 0 or has_vectors(request.view)
            if request.by_meaning:
                kept = self.vectors.get((self.embedder.fingerprint, request.words.text))
                if kept is None:
                    todo.setdefault(request.words.text, []).append(number)
                else:
                    out[number] = kept
        if todo and self.embedder is not None:
            for text, vector in zip(todo, self.embedder.embed(list(todo)), strict=True):
                self.vectors.put((self.embedder.fingerprint, text), vector)
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
            requests[0].view, vectors[chosen], limits, [requests[number].mask for number in chosen],
            [requests[number].deadline for number in chosen],
        )  # fmt: skip
        beside = tail_cosines(requests[0].view, vectors[chosen])
        for number, limit, leg, cosines in zip(chosen, limits, legs, beside, strict=True):
            request = requests[number]
            ranking = with_tail_vectors(request.view, leg.ranking, cosines, limit, request.mask)
            rankings[number] = ranking
            request.plan["vector"] = leg.plan + tail_plan(request.view)
            request.full |= leg.more or len(ranking.ordinals) == limit
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
