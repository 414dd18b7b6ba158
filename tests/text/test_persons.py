from __future__ import annotations

import pytest

from workbench.text.persons import is_personal


@pytest.mark.parametrize(
    "query",
    [
        "what did I decide",
        "MY thesis",
        "the cat of mine",
        "I\u2019ve been to Rome",
        "was habe ich gesagt",
        "meinem Garten",
    ],
)
def test_a_question_in_the_first_person_is_personal(query: str) -> None:
    assert is_personal(query)


@pytest.mark.parametrize("query", ["what did Caroline decide", "ionic bonds", "mysql index", "", "i18n", "meinung"])
def test_other_questions_are_not(query: str) -> None:
    assert not is_personal(query)
