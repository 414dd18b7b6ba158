from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from workbench.text.snippets import Highlighter

Shown = tuple[str, tuple[tuple[int, int], ...]]


def snippet(text: str, terms: frozenset[str], stem: Callable[[str], str], *, width: int = 240) -> Shown:
    shown = Highlighter(terms, stem).snippet(text, width=width)
    return shown.text, shown.highlights


def crude_stem(word: str) -> str:
    return word.removesuffix("s")


def highlighted(text: str, *terms: str, width: int = 240) -> list[str]:
    shown, highlights = snippet(text, frozenset(terms), crude_stem, width=width)
    return [shown[a:b] for a, b in highlights]


def test_words_are_found_by_their_stem() -> None:
    assert highlighted("Loaf one, LOAVES two, loafs three.", "loaf") == ["Loaf", "loafs"]


def test_only_whole_words_are_shown() -> None:
    assert highlighted("A meatloaf, two_loafs and loafing.", "loaf") == ["loafs"]


def test_terms_in_unspaced_script_are_found_within_a_run() -> None:
    assert highlighted("私は東京都に住む", "東京", "京都") == ["東京都"]


def test_accents_and_case_do_not_matter() -> None:
    def folded(word: str) -> str:
        return word.replace("ü", "u")

    shown, highlights = snippet("Das MÜLLER-Brot", frozenset({"muller"}), folded)
    assert [shown[a:b] for a, b in highlights] == ["MÜLLER"]
    assert highlighted("Моя СОБАКА спит", "собака") == ["СОБАКА"]


def test_the_window_holds_the_densest_group_of_matches() -> None:
    text = "x " * 50 + "flour " + "y " * 400 + "flour water salt yeast " + "z " * 400
    shown, highlights = snippet(text, frozenset({"flour", "water", "salt", "yeast"}), str, width=120)
    assert [shown[a:b] for a, b in highlights] == ["flour", "water", "salt", "yeast"]
    assert shown.startswith("… ")
    assert shown.endswith(" …")


def test_white_space_becomes_single_spaces_and_highlights_stay_in_place() -> None:
    shown, highlights = snippet("\n\n  bake\tthe \n\n loafs   now ", frozenset({"loaf", "bake"}), crude_stem)
    assert shown == "bake the loafs now "
    assert [shown[a:b] for a, b in highlights] == ["bake", "loafs"]


def test_without_a_match_the_beginning_is_shown() -> None:
    assert snippet("Short and sweet.", frozenset(), str) == ("Short and sweet.", ())


@given(st.text(max_size=400), st.integers(20, 200))
def test_highlights_lie_within_the_snippet_and_show_the_words(text: str, width: int) -> None:
    words = frozenset(text.lower().split()[:3])
    shown, highlights = snippet(text, words, str, width=width)
    assert "\n" not in shown
    for start, end in highlights:
        assert 0 <= start < end <= len(shown)


def test_the_share_of_terms_counts_each_once() -> None:
    highlighter = Highlighter(frozenset({"loaf", "bake", "oven", "yeast"}), crude_stem)
    assert highlighter.snippet("Baked loafs and LOAF").share == 0.5
    assert highlighter.snippet("").share == 0.0
