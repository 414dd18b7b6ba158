from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.text.terms import query_terms, spaced


def test_unspaced_script_is_indexed_as_characters_and_pairs() -> None:
    assert spaced("東京都").split() == ["東", "京", "都", "東京", "京都"]


def test_other_text_is_left_as_it_is() -> None:
    assert spaced("naïve café, 12 ½") == "naïve café, 12 ½"


def test_a_query_in_unspaced_script_asks_for_pairs_in_order() -> None:
    assert query_terms("東京都の水") == ["東京", "京都", "都の", "の水"]
    assert query_terms("猫") == ["猫"]


def test_mixed_script_is_taken_apart() -> None:
    assert query_terms("iPhoneの電池") == ["iphone", "の電", "電池"]


def test_stop_words_are_left_out_of_a_query() -> None:
    assert query_terms("What is the best way to proof dough") == ["best", "way", "proof", "dough"]


def test_a_query_of_stop_words_keeps_them() -> None:
    assert query_terms("who is it for") == ["who", "is", "it", "for"]


@pytest.mark.parametrize("text", ["", "   ", "!!! ???", "🙂🙂", "((([[["])
def test_a_query_without_words_has_no_terms(text: str) -> None:
    assert query_terms(text) == []


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    assert all(term == term.lower() or not term.isascii() for term in query_terms(text))
    assert isinstance(spaced(text), str)
