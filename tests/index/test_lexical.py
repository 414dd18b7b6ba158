from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import SnapshotError
from workbench.index import Clauses, LexicalDocuments, LexicalIndex, microseconds, tag
from workbench.index.lexical.days import Days
from workbench.model import Words

MARCH, APRIL, MAY = (datetime(2024, month, 1, tzinfo=UTC) for month in (3, 4, 5))
BODIES = [
    "Proofing the dough in a cold kitchen",
    "The café in Lisbon had running water",
    "東京都の天気はどうですか",
    "KeyError: 'user_id' in handler.py",
    "nothing of note",
]


def documents(bodies: list[str], tags: list[list[str]] | None = None) -> LexicalDocuments:
    rows = list(range(len(bodies)))
    return LexicalDocuments(
        rows, bodies, [""] * len(rows), [""] * len(rows), [None] * len(rows), tags or [[]] * len(rows)
    )


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    folder = tmp_path_factory.mktemp("lexical")
    assistants = ["chatgpt", "claude", "gemini", "claude", "claude"]
    times = [MARCH, APRIL, MAY, None, APRIL]
    days = [[tag("year", 2024), tag("month", f"{t:%Y-%m}"), tag("day", f"{t:%Y-%m-%d}")] if t else [] for t in times]
    batch = LexicalDocuments(
        ordinal=[10, 20, 30, 40, 50],
        body=BODIES,
        extra=["", "", "", "traceback of the payment service", ""],
        title=["Bread", "Trip", "Weather", "Bug", ""],
        time=[microseconds(time) if time else None for time in times],
        tags=[[tag("assistant", one), *day] for one, day in zip(assistants, days, strict=True)],
    )
    LexicalIndex.build(folder, [batch])
    return LexicalIndex.open(folder)


def index_of(folder: Path, bodies: list[str], tags: list[list[str]] | None = None) -> LexicalIndex:
    LexicalIndex.build(folder, [documents(bodies, tags)])
    return LexicalIndex.open(folder)


def found(index: LexicalIndex, words: Words | str, **options: object) -> list[int]:
    return index.search(words, 10, **options).ordinals.tolist()  # type: ignore[arg-type]


def test_words_match_in_any_form_case_and_accent(index: LexicalIndex) -> None:
    assert found(index, "DOUGHS proof")[0] == 10
    assert found(index, "cafe runs") == [20]


def test_unspaced_script_is_found_by_parts_of_a_run(index: LexicalIndex) -> None:
    assert found(index, "東京") == [30]
    assert found(index, "天") == [30]


def test_code_symbols_and_error_messages_are_found(index: LexicalIndex) -> None:
    assert found(index, "user_id KeyError") == [40]
    assert found(index, "handler.py") == [40]


def test_what_a_message_carries_and_its_title_are_searched_too(index: LexicalIndex) -> None:
    assert found(index, "payment traceback") == [40]
    assert found(index, "bread") == [10]


def test_a_phrase_must_be_there_as_it_stands(index: LexicalIndex) -> None:
    assert found(index, Words("cold kitchen", phrases=("cold kitchen",))) == [10]
    assert found(index, Words("kitchen cold", phrases=("kitchen cold",))) == []
    assert found(index, Words("note dough", phrases=("in a",))) == [10]


def test_a_phrase_of_unspaced_script_must_be_there_in_order(index: LexicalIndex) -> None:
    assert found(index, Words("東京都の天気", phrases=("東京都の天気",))) == [30]
    assert found(index, Words("天気の東京", phrases=("天気の東京",))) == []


def test_what_is_excluded_is_not_found(index: LexicalIndex) -> None:
    assert sorted(found(index, Words("dough lisbon"))) == [10, 20]
    assert found(index, Words("dough lisbon", excluded=("kitchens",))) == [20]
    assert found(index, Words("dough lisbon", excluded=("cold water",))) == found(index, "dough lisbon")
    assert found(index, Words("dough lisbon", excluded_prefixes=("kitch",))) == [20]


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [("Lisb", [20]), ("CAFÉ", [20]), ("Lísb", [20]), ("handl", [40]), ("user_i", [40]), ("proofin", [10]), ("zz", [])],
)
def test_a_prefix_stands_for_all_words_that_begin_so(index: LexicalIndex, prefix: str, expected: list[int]) -> None:
    assert found(index, Words(prefix, prefixes=(prefix,))) == expected


def test_what_binds_both_legs_is_told(index: LexicalIndex) -> None:
    required, excluded = index.matching(Words("x", phrases=("cold kitchen",), excluded=("lisbon", "note")))
    assert required is not None
    assert excluded is not None
    assert (required.tolist(), excluded.tolist()) == ([10], [20, 50])
    assert index.matching(Words("x")) == (None, None)


@pytest.mark.parametrize(
    ("clauses", "expected"),
    [
        (Clauses(wanted=((tag("assistant", "claude"),),)), [20]),
        (Clauses(wanted=((tag("assistant", "gemini"), tag("assistant", "chatgpt")),)), []),
        (Clauses(unwanted=(tag("assistant", "claude"),)), []),
        (Clauses(unwanted=(tag("assistant", "gemini"),)), [20]),
        (Clauses(spans=(((microseconds(APRIL), microseconds(MAY)),),)), [20]),
        (Clauses(spans=(((microseconds(APRIL) + 1, None),),)), []),
        (Clauses(spans=(((microseconds(MAY), None), (None, microseconds(APRIL) + 1)),)), [20]),
        (Clauses(spans=(((None, microseconds(APRIL)),),)), []),
        (Clauses(unwanted_spans=((microseconds(APRIL), microseconds(MAY)),)), []),
    ],
)
def test_filters_are_exact(index: LexicalIndex, clauses: Clauses, expected: list[int]) -> None:
    assert found(index, "lisbon", clauses=clauses) == expected


def test_a_message_without_a_time_passes_no_date_filter(index: LexicalIndex) -> None:
    assert found(index, "KeyError", clauses=Clauses(spans=(((0, None),),))) == []


def test_filters_do_not_change_scores(index: LexicalIndex) -> None:
    free = index.search("lisbon", 10).scores
    filtered = index.search("lisbon", 10, clauses=Clauses(wanted=((tag("assistant", "claude"),),))).scores
    assert free.tolist() == filtered.tolist()


@pytest.mark.parametrize("kept", [1.0, 0.5, 0.2, 0.05, 0.01, 0.0])
@pytest.mark.parametrize("with_clauses", [True, False])
def test_a_filter_of_any_width_gives_the_best_of_what_it_keeps(tmp_path: Path, kept: float, with_clauses: bool) -> None:
    """Also when what it keeps is what matches worst."""
    bodies = [f"{'dough ' * (1 + i % 7)} and {'other words ' * (i % 11)}" for i in range(600)]
    worst = np.zeros(600, bool)
    free = index_of(tmp_path, bodies).search("dough", 600)
    worst[free.ordinals[600 - int(600 * kept) :]] = True
    folder = tmp_path / "tagged"
    folder.mkdir()
    index = index_of(folder, bodies, [[tag("kind", "kept")] if one else [] for one in worst])
    clauses = Clauses(wanted=((tag("kind", "kept"),),)) if with_clauses else None
    hits = index.search("dough", 20, clauses=clauses, mask=worst)
    expected = free.ordinals[worst[free.ordinals]][:20]
    assert hits.ordinals.tolist() == expected.tolist()


def test_facets_count_what_matches_and_passes(index: LexicalIndex) -> None:
    counts = index.facets("dough lisbon user_id")
    assert counts["assistant"] == [("claude", 2), ("chatgpt", 1)]
    assert sorted(counts["month"]) == [("2024-03", 1), ("2024-04", 1)]
    april = Clauses(spans=(((microseconds(APRIL), None),),))
    assert index.facets("dough lisbon", april)["assistant"] == [("claude", 1)]
    assert dict(index.facets("")["assistant"]) == {"claude": 3, "chatgpt": 1, "gemini": 1}
    assert index.facets("zzz") == {}


def test_equal_scores_come_in_order(tmp_path: Path) -> None:
    rows = list(range(500, 0, -1))
    same = ["the same words"] * len(rows)
    LexicalIndex.build(tmp_path, [LexicalDocuments(rows, same, same, same, rows, [[]] * len(rows))])
    index = LexicalIndex.open(tmp_path)
    hits = found(index, "same words")
    assert len(hits) == 10
    assert hits == sorted(hits)


SCRIPTS = {
    "Thai": ("ภาษาไทยเป็นภาษาที่สวยงาม", "สวยงาม"),
    "Lao": ("ພາສາລາວແມ່ນພາສາທາງການ", "ພາສາລາວ"),
    "Khmer": ("ភាសាខ្មែរជាភាសាផ្លូវការ", "ភាសាខ្មែរ"),
    "Burmese": ("မြန်မာဘာသာစကားသည်", "ဘာသာစကား"),
    "Hindi": ("मुझे हिन्दी में लिखना है", "हिन्दी"),
    "Arabic with vowels": ("قَرَأْتُ الكِتَابَ أمس", "الكتاب"),
    "Hebrew with points": ("שָׁלוֹם עולם", "שלום"),
    "Turkish": ("İstanbul'da ışık", "istanbul"),
    "German": ("Donaudampfschifffahrt nach Größe", "grosse"),
    "full width": ("Ｐｙｔｈｏｎ ３", "python"),
    "ligature": ("the ﬁnal oﬃce", "final office"),
    "Korean": ("한국어로 말해요", "한국어"),
    "Vietnamese": ("Tiếng Việt rất hay", "tieng viet"),
    "emoji": ("party 🎉 tonight", "🎉"),
}


def test_every_script_is_found(tmp_path: Path) -> None:
    index = index_of(tmp_path, [text for text, _ in SCRIPTS.values()])
    for place, (name, (_, query)) in enumerate(SCRIPTS.items()):
        assert found(index, query)[:1] == [place], name
        assert found(index, Words(query, phrases=(query,)))[:1] == [place], name


def test_very_frequent_words_cost_nothing_where_there_are_few_messages(tmp_path: Path) -> None:
    index = index_of(tmp_path, ["common words one two three"] * 30 + ["common one two three"])
    assert len(index.search("common words one two three", 50).ordinals) == 31


@pytest.mark.parametrize(
    "text", ["", "!!!", "🙂", '"unbalanced (', "a AND OR NOT", "field:value^2~", "\\", "*", "x" * 10_000]
)
def test_no_text_is_too_odd_to_search_for(index: LexicalIndex, text: str) -> None:
    assert isinstance(found(index, text), list)
    assert isinstance(found(index, Words(text, (text,), (text,), (text,), (text,))), list)


def test_a_missing_index_is_said(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="workbench verify"):
        LexicalIndex.open(tmp_path / "none")


BEGUN = datetime(2023, 11, 1, tzinfo=UTC)


@given(
    st.sets(st.integers(0, 500), min_size=1),
    st.none() | st.integers(-10, 510 * 24),
    st.none() | st.integers(-10, 510 * 24),
)
def test_a_span_touches_its_days_and_no_other(there: set[int], start: int | None, end: int | None) -> None:
    names = [f"{BEGUN + timedelta(days=one):%Y-%m-%d}" for one in there]
    first, last = (None if one is None else microseconds(BEGUN + timedelta(hours=one)) for one in (start, end))
    tags = Days(names).touched((first, last))
    covered = {day for day in names if any(one.partition(":")[2] == day[: len(one.partition(":")[2])] for one in tags)}
    within = {
        day
        for day, one in zip(names, there, strict=True)
        if (start is None or (one + 1) * 24 > start) and (end is None or one * 24 < end)
    }
    assert covered == within or (start is not None and end is not None and start >= end)
