from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fuzz_queries import LONGEST, fuzz_queries

from workbench.errors import QueryError
from workbench.index import LexicalDocuments, LexicalIndex
from workbench.search.language import parse
from workbench.search.names import Names

NOW = datetime(2025, 11, 21, tzinfo=UTC)
KNOWN = Names(
    {"assistant": ["chatgpt", "claude", "gemini"], "role": ("user", "assistant"), "project": [""],
     "model": ["", "gpt-4"], "kind": ["code", "image"], "language": ["", "python"]},
    {"3f2a9c1e": "Sourdough bread"},
)  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    bodies = [*fuzz_queries(400, seed=7), *["bread and water in Lisbon"] * 20]
    rows = range(len(bodies))
    empty = [""] * len(rows)
    folder = tmp_path_factory.mktemp("fuzz")
    LexicalIndex.build(folder, [LexicalDocuments(rows, bodies, empty, empty, [None] * len(rows), [[]] * len(rows))])
    return LexicalIndex.open(folder)


def test_the_generator_makes_what_it_says() -> None:
    made = list(fuzz_queries(2_000))
    assert made == list(fuzz_queries(2_000))
    assert max(map(len, made)) == LONGEST
    assert len(set(made)) > 1_500


def test_no_query_raises_anything_but_a_query_error(index: LexicalIndex) -> None:
    understood = refused = 0
    for text in fuzz_queries(3_000, seed=3):
        try:
            parsed = parse(text, now=NOW, known=KNOWN)
        except QueryError as error:
            refused += "^" in str(error)
            continue
        understood += 1
        hits = index.search(parsed.words, 10)
        assert len(hits.ordinals) <= 10
        index.matching(parsed.words)
    assert understood > 1_000
    assert refused > 200
