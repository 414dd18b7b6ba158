"""What a search is made of."""

from __future__ import annotations

import re
import shlex
import sqlite3
from datetime import UTC, datetime
from itertools import cycle

import numpy as np
from pairs import Measure, texts_of, which

from workbench.embedding import Embedder
from workbench.experiments.load.naive import NaiveSearch
from workbench.model import Query
from workbench.search import SearchEngine
from workbench.search.language import parse
from workbench.text.snippets import Highlighter
from workbench.workspace import Workbench

K = 100
NOW = datetime(2026, 11, 21, tzinfo=UTC)


@which
def test_a_whole_search(which: str, measure: Measure, store: Workbench, embedder: Embedder, queries: list[str]) -> None:
    """Against both legs fused in a dict and hits read from DuckDB (experiments/load/naive.py)."""
    engine, naive = SearchEngine(store.snapshot, embedder), NaiveSearch(store.snapshot, embedder)
    asked = cycle(queries)
    found = measure(
        "search", which,
        lambda: engine.search(Query(next(asked), explain=False)).hits,
        lambda: naive.search(next(asked)),
    )  # fmt: skip
    assert len(found) == 10


@which
def test_embedding_a_query(which: str, measure: Measure, embedder: Embedder, queries: list[str]) -> None:
    """Against a mean of word vectors from a dict, a word at a time: no pieces of words, no unknown words."""
    words = {word for query in queries for word in query.lower().split()}
    table = dict(
        zip(words, np.random.default_rng(7).random((len(words), embedder.dimensions), np.float32), strict=True)
    )
    asked = cycle(queries)

    def plain() -> object:
        total = np.mean([table[word] for word in next(asked).lower().split()], axis=0)
        return (total / np.linalg.norm(total))[None, :]

    vector = measure("embed a query", which, lambda: embedder.embed([next(asked)]), plain)
    assert vector.shape[0] == 1


@which
def test_the_nearest_vectors(
    which: str, measure: Measure, store: Workbench, embedder: Embedder, queries: list[str]
) -> None:
    """Against a comparison with all of them by numpy."""
    index = store.snapshot.vectors
    assert not index.is_exact
    vectors = cycle(np.split(index.centre(embedder.embed(queries[:200])), 200))
    everything = index.vectors(np.arange(len(index)))

    def plain() -> object:
        cosines = everything @ next(vectors)[0]
        best = np.argpartition(-cosines, K)[:K]
        return best[np.argsort(-cosines[best])]

    assert len(measure(f"nearest {K} vectors", which, lambda: index.nearest(next(vectors), K)[0][0], plain)) == K


@which
def test_the_best_words(which: str, measure: Measure, store: Workbench, queries: list[str]) -> None:
    """Against SQLite's FTS5 over the same texts, with the words joined by OR."""
    lexical, texts = store.snapshot.lexical, store.snapshot.texts.content
    base = sqlite3.connect(":memory:")
    base.execute("CREATE VIRTUAL TABLE messages USING fts5(content, tokenize='porter unicode61')")
    searched = np.flatnonzero(store.snapshot.columns.searched).tolist()
    base.executemany("INSERT INTO messages(rowid, content) VALUES (?, ?)", [(one, texts[one]) for one in searched])
    asked = cycle(queries)

    def plain() -> object:
        words = " OR ".join(f'"{word}"' for word in next(asked).split())
        return base.execute(
            "SELECT rowid, bm25(messages) FROM messages WHERE messages MATCH ? ORDER BY 2 LIMIT ?", (words, K)
        ).fetchall()

    assert measure(f"best {K} by words", which, lambda: lexical.search(next(asked), K).ordinals, plain) is not None


@which
def test_understanding_a_query(which: str, measure: Measure) -> None:
    """Against shlex, which only splits."""
    text = 'sourdough "does not rise" assistant:claude after:2025-03-01 -yeast'
    parsed = measure("parse a query", which, lambda: parse(text, now=NOW), lambda: shlex.split(text))
    assert parsed


@which
def test_a_snippet(which: str, measure: Measure, store: Workbench) -> None:
    """Against one regular expression over the whole text, and the window around its first match."""
    texts = [text for text in texts_of(store) if len(text) > 400]
    stem = cycle(texts)
    terms = frozenset({"rise", "bread", "plan", "first"})
    highlighter = Highlighter(terms, lambda word: word)
    pattern = re.compile(r"\b(?:" + "|".join(sorted(terms)) + r")\w*", re.IGNORECASE)

    def plain() -> str:
        text = next(stem)
        spans = [one.span() for one in pattern.finditer(text)]
        start = max(0, spans[0][0] - 80) if spans else 0
        return " ".join(text[start : start + 240].split())

    assert measure("snippet", which, lambda: highlighter.snippet(next(stem)).text, plain)
