from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from workbench.errors import SnapshotError
from workbench.index import LexicalDocuments, LexicalIndex
from workbench.index.lexical import microseconds
from workbench.model import Filters

MARCH, APRIL, MAY = (datetime(2024, month, 1, tzinfo=UTC) for month in (3, 4, 5))
BODIES = [
    "Proofing the dough in a cold kitchen",
    "The café in Lisbon had running water",
    "東京都の天気はどうですか",
    "KeyError: 'user_id' in handler.py",
    "nothing of note",
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    folder = tmp_path_factory.mktemp("lexical")
    documents = LexicalDocuments(
        ordinal=[10, 20, 30, 40, 50],
        body=BODIES,
        extra=["", "", "", "traceback of the payment service", ""],
        title=["Bread", "Trip", "Weather", "Bug", "Bread"],
        assistant=["chatgpt", "claude", "gemini", "claude", "claude"],
        role=["user", "assistant", "user", "user", "assistant"],
        conversation=[0, 1, 2, 3, 0],
        time=[microseconds(MARCH), microseconds(APRIL), microseconds(MAY), None, microseconds(APRIL)],
    )
    LexicalIndex.build(folder, [documents])
    return LexicalIndex.open(folder)


def found(index: LexicalIndex, text: str, **options: object) -> list[int]:
    return index.search(text, 10, **options)[0].tolist()  # type: ignore[arg-type]


def test_words_match_in_any_form_case_and_accent(index: LexicalIndex) -> None:
    assert found(index, "DOUGHS proof")[0] == 10
    assert found(index, "cafe runs") == [20]


def test_unspaced_script_is_found_by_parts_of_a_run(index: LexicalIndex) -> None:
    assert found(index, "東京") == [30]
    assert found(index, "天") == [30]


def test_code_symbols_and_error_messages_are_found(index: LexicalIndex) -> None:
    assert found(index, "user_id KeyError") == [40]
    assert found(index, "handler.py") == [40]


def test_what_a_message_carries_is_searched_too(index: LexicalIndex) -> None:
    assert found(index, "payment traceback") == [40]


def test_a_title_finds_but_does_not_outrank_the_words_themselves(index: LexicalIndex) -> None:
    assert found(index, "bread dough") == [10, 50]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(assistants=("claude",)), [20]),
        (Filters(assistants=("gemini", "chatgpt")), []),
        (Filters(roles=("assistant",)), [20]),
        (Filters(after=APRIL, before=MAY), [20]),
        (Filters(after=MAY), []),
        (Filters(before=APRIL), []),
    ],
)
def test_filters_are_exact(index: LexicalIndex, filters: Filters, expected: list[int]) -> None:
    assert found(index, "lisbon", filters=filters) == expected


def test_a_message_without_a_time_passes_no_date_filter(index: LexicalIndex) -> None:
    assert found(index, "KeyError", filters=Filters(after=datetime(1970, 1, 1, tzinfo=UTC))) == []


def test_one_conversation_can_be_searched_alone(index: LexicalIndex) -> None:
    assert found(index, "bread", conversation=0) == [10, 50]
    assert found(index, "bread", conversation=1) == []


def test_filters_do_not_change_scores(index: LexicalIndex) -> None:
    free = index.search("lisbon", 10)[1]
    filtered = index.search("lisbon", 10, filters=Filters(assistants=("claude",)))[1]
    assert free.tolist() == filtered.tolist()


def test_equal_scores_come_in_order(tmp_path: Path) -> None:
    rows = list(range(500, 0, -1))
    same = ["the same words"] * len(rows)
    one = ["claude"] * len(rows)
    LexicalIndex.build(tmp_path, [LexicalDocuments(rows, same, same, same, one, one, rows, rows)])
    hits = found(LexicalIndex.open(tmp_path), "same words")
    assert len(hits) == 10
    assert hits == sorted(hits)


@pytest.mark.parametrize("text", ["", "!!!", "🙂", '"unbalanced (', "a AND OR NOT", "field:value^2~", "\\", "*"])
def test_no_text_is_too_odd_to_search_for(index: LexicalIndex, text: str) -> None:
    assert isinstance(found(index, text), list)


def test_a_missing_index_is_said(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="workbench verify"):
        LexicalIndex.open(tmp_path / "none")
