from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.text.passages import HEAD_CHARACTERS, HEAD_WORDS, passages


def test_a_short_message_is_its_own_passage() -> None:
    assert passages("My bread\n is  flat.") == ("My bread is flat.",)


def test_only_the_head_of_a_long_message_gets_a_vector() -> None:
    text = " ".join(f"w{i}" for i in range(500))
    assert passages(text) == (" ".join(f"w{i}" for i in range(HEAD_WORDS)),)


def test_markup_is_no_part_of_the_meaning() -> None:
    assert passages("## **Feeding** the `starter`\n```python\nx = 1\n```") == ("Feeding the starter x = 1",)


def test_nothing_to_say_needs_no_vector() -> None:
    assert passages("") == passages(" \n ") == passages("***") == ()


@given(st.text())
def test_a_passage_is_never_longer_than_its_bounds(text: str) -> None:
    for passage in passages(text):
        assert 0 < len(passage) <= HEAD_CHARACTERS
        assert len(passage.split(" ")) <= HEAD_WORDS
