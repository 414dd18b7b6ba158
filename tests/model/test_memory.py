from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import UsageError
from workbench.model import NewMemory
from workbench.model.memory import normalised_content

TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=200).filter(str.strip)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"content": " \n "}, "blank"),
        ({"content": "x" * 10_001}, "10,001 characters"),
        ({"content": "half \ud800"}, "surrogate"),
        ({"category": ""}, "category"),
        ({"category": "Fact"}, "category"),
        ({"category": "two words"}, "category"),
        ({"category": "fact\n"}, "category"),
        ({"category": "x" * 41}, "category"),
        ({"confidence": 1.01}, "confidence"),
        ({"confidence": -0.1}, "confidence"),
        ({"confidence": float("nan")}, "confidence"),
        ({"labels": ("",)}, "label"),
        ({"labels": ("x" * 61,)}, "label"),
        ({"labels": tuple(map(str, range(21)))}, "21 labels"),
        ({"labels": "home"}, "list"),
        ({"source": "x" * 201}, "source"),
    ],
)
def test_what_cannot_be_a_memory_is_refused_with_the_reason(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        NewMemory(**{"content": "tea at five", **wrong})  # type: ignore[arg-type]


def test_the_limits_themselves_are_allowed() -> None:
    labels = tuple(f"{number:060}" for number in range(20))
    kept = NewMemory("x" * 10_000, "a" * 40, 0, labels, "s" * 200)
    assert (kept.confidence, kept.labels) == (0.0, labels)


def test_labels_are_freed_of_spaces_and_kept_once_in_their_order() -> None:
    assert NewMemory("tea", labels=(" b ", "a", "b")).labels == ("b", "a")


@settings(deadline=None)
@given(TEXTS)
def test_white_space_and_unicode_form_do_not_make_another_memory(text: str) -> None:
    spaced = "\n".join(f" {word}\t" for word in unicodedata.normalize("NFD", text).split())
    assert NewMemory(spaced).id == NewMemory(text).id


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_other_words_and_other_categories_make_other_memories(one: str, other: str) -> None:
    assert (NewMemory(one).id == NewMemory(other).id) == (normalised_content(one) == normalised_content(other))
    assert NewMemory(one).id != NewMemory(one, "preference").id
