from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.index import LexicalDocuments, LexicalIndex, LexicalTail
from workbench.model import Words

SENTENCES = [
    "The wifi password of the cabin is tulip-42.",
    "Call handler.py with --no-verify, or get_user_by_id fails",
    "Ann likes rye bread, Bo likes ryes and breads",
    "東京都で会いましょう at noon",
    "TypeError: cannot read property of undefined",
    "Cafés in Lisbon: pastéis, espresso and the tram 28",
    "universe universal university unit",
    "bread",
    "x " * 45 + "bread bread",
]
WORD = st.sampled_from("bread rye oven tram password unit 42 Ann universe café get_user_by_id 東京 the of".split())
TEXT = st.lists(WORD, min_size=1, max_size=60).map(" ".join)


def index(folder: Path, texts: Sequence[str]) -> LexicalIndex:
    folder.mkdir()
    many = len(texts)
    batch = LexicalDocuments(range(many), texts, [""] * many, [""] * many, [None] * many, [[]] * many)
    LexicalIndex.build(folder, [batch])
    return LexicalIndex.open(folder)


def tail(base: LexicalIndex, texts: Sequence[str]) -> LexicalTail:
    out = LexicalTail(base)
    for text in texts:
        out.add(text)
    return out


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("indexes")


QUERIES = [
    Words("bread rye"),
    Words("password tulip-42"),
    Words("handler.py"),
    Words("get_user_by_id --no-verify"),
    Words("東京"),
    Words("TypeError: cannot read property of undefined"),
    Words("cafe tram"),
    Words("univ", prefixes=("univ",)),
    Words("universit", prefixes=("universit",)),
    Words("nowhere"),
]


@settings(max_examples=15, deadline=None)
@given(st.lists(TEXT, max_size=6), st.lists(TEXT, min_size=1, max_size=6))
def test_a_document_scores_in_the_tail_as_it_would_in_the_index(
    folder: Path, first: list[str], later: list[str]
) -> None:
    first, later = first + SENTENCES[::2], later + SENTENCES[1::2]
    here = len(list(folder.iterdir()))
    beside = tail(index(folder / f"{here}-a", first), later)
    whole = index(folder / f"{here}-b", first + later)
    for words in QUERIES:
        scores, found = beside.scores(words, len(later))
        expected = whole.search(words, 1_000)
        there = dict(zip(expected.ordinals.tolist(), expected.scores.tolist(), strict=True))
        listed = {at - len(first) for at in there if at >= len(first)}
        assert set(np.flatnonzero(found).tolist()) == listed, words
        for at in np.flatnonzero(found).tolist():
            assert scores[at] == pytest.approx(there[len(first) + at], rel=1e-4), (words.text, later[at])


@pytest.mark.parametrize(
    "words",
    [
        Words("rye bread", phrases=("rye bread",)),
        Words("a", phrases=("bread rye",)),
        Words("a", phrases=("rye bread", "Bo likes")),
        Words("a", phrases=("C++",)),
        Words("a", phrases=("handler.py",)),
        Words("a", phrases=("京都で会",)),
        Words("a", phrases=("with --no-verify",)),
        Words("a", excluded=("bread",)),
        Words("a", excluded=("likes rye",), excluded_prefixes=("univ", "pass")),
        Words("a", excluded_prefixes=("universit",)),
        Words("a", phrases=("...",)),
    ],
    ids=str,
)
def test_phrases_and_exclusions_hold_in_the_tail_as_in_the_index(folder: Path, words: Words) -> None:
    here = len(list(folder.iterdir()))
    beside = tail(index(folder / f"{here}-a", ["something else"]), SENTENCES)
    required, excluded = index(folder / f"{here}-b", SENTENCES).matching(words)
    having = beside.having_all(words.phrases, len(SENTENCES))
    assert (None if having is None else np.flatnonzero(having).tolist()) == (
        None if required is None else required.tolist()
    )
    unwanted = beside.having_any(words.excluded, words.excluded_prefixes, len(SENTENCES))
    assert np.flatnonzero(unwanted).tolist() == ([] if excluded is None else excluded.tolist())


def test_what_comes_later_does_not_change_what_was_asked_before(folder: Path) -> None:
    base = index(folder / f"{len(list(folder.iterdir()))}-a", SENTENCES)
    beside = tail(base, SENTENCES[:3])
    before = [beside.scores(words, 3)[0] for words in QUERIES]
    for text in SENTENCES[3:]:
        beside.add(text)
    for words, scores in zip(QUERIES, before, strict=True):
        np.testing.assert_array_equal(beside.scores(words, 3)[0], scores)
