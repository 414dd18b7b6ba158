from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.text.snippets import find_spans, snippet


def crude_stem(word: str) -> str:
    return word.removesuffix("s")


def test_words_are_found_by_their_stem() -> None:
    text = "Loaf one, LOAVES two, loafs three."
    spans = find_spans(text, frozenset({"loaf"}), crude_stem)
    assert [text[a:b] for a, b in spans] == ["Loaf", "loafs"]


def test_terms_in_unspaced_script_are_found_within_a_run() -> None:
    text = "私は東京都に住む"
    spans = find_spans(text, frozenset({"東京", "京都"}), crude_stem)
    assert [text[a:b] for a, b in spans] == ["東京都"]


def test_the_window_holds_the_densest_group_of_matches() -> None:
    text = "x " * 50 + "flour " + "y " * 400 + "flour water salt yeast " + "z " * 400
    shown, highlights = snippet(text, find_spans(text, frozenset({"flour", "water", "salt", "yeast"}), str), width=120)
    assert [shown[a:b] for a, b in highlights] == ["flour", "water", "salt", "yeast"]
    assert shown.startswith("… ")
    assert shown.endswith(" …")


def test_without_a_match_the_beginning_is_shown() -> None:
    assert snippet("Short and sweet.", []) == ("Short and sweet.", ())


@given(st.text(max_size=400), st.integers(20, 200))
def test_highlights_lie_within_the_snippet_and_show_the_words(text: str, width: int) -> None:
    words = frozenset(text.lower().split()[:3])
    spans = find_spans(text, words, str)
    shown, highlights = snippet(text, spans, width=width)
    assert "\n" not in shown
    for start, end in highlights:
        assert 0 <= start < end <= len(shown)
