from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import QueryError
from workbench.model import Filters, Period, Selection, Words
from workbench.search.language import ParsedQuery, parse
from workbench.search.names import Names

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2025, 11, 21, 15, 30, tzinfo=BERLIN)
KNOWN = Names(
    {
        "assistant": ["chatgpt", "claude", "gemini"],
        "role": ("user", "assistant", "system", "tool"),
        "project": ["", "Garden House"],
        "model": ["", "gpt-4", "gpt-4o"],
        "kind": ["code", "image", "link", "file"],
        "language": ["", "python", "sql"],
    },
    {"3f2a9c1e": "Sourdough bread", "77aa01bc": "Trip to Lisbon", "99cc02de": "Lisbon again"},
)


def read(text: str) -> ParsedQuery:
    return parse(text, now=NOW, known=KNOWN)


def day(year: int, month: int, number: int = 1) -> datetime:
    return datetime(year, month, number, tzinfo=BERLIN)


def test_words_are_kept_as_they_are() -> None:
    assert read("  how  do I\nproof dough? ") == ParsedQuery(Words("how  do I\nproof dough?"))


def test_phrases_exclusions_and_prefixes_are_told_apart() -> None:
    assert read('"cold proof" dough -yeast -"baking soda" auth* -foo*').words == Words(
        "cold proof dough auth", ("cold proof",), ("auth",), ("yeast", "baking soda"), ("foo",)
    )


def test_typographic_quotes_are_quotes() -> None:
    assert read("“cold proof” «two words»").words.phrases == ("cold proof", "two words")


YEAR = Period(day(2023, 1), day(2024, 1))


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("assistant:claude", Filters(assistants=("claude",))),
        ("Assistant:Claude,gemini from:chatgpt", Filters(assistants=("claude", "gemini", "chatgpt"))),
        ("role:me", Filters(roles=("user",))),
        ('project:"garden house"', Filters(projects=("Garden House",))),
        ("project:garden", Filters(projects=("Garden House",))),
        ("model:gpt-4", Filters(models=("gpt-4",))),
        ("model:gpt", Filters(models=("gpt-4", "gpt-4o"))),
        ("has:code,images", Filters(kinds=("code", "image"))),
        ("has:url", Filters(kinds=("link",))),
        ("lang:py language:sql", Filters(languages=("python", "sql"))),
        ("in:3f2a9c1e", Filters(conversation_ids=("3f2a9c1e",))),
        ("in:77aa", Filters(conversation_ids=("77aa01bc",))),
        ('in:"bread"', Filters(conversation_ids=("3f2a9c1e",))),
        ("in:lisbon", Filters(conversation_ids=("77aa01bc", "99cc02de"))),
        ("-assistant:claude", Filters(excluded=Selection(assistants=("claude",)))),
        ("-has:code -lang:py", Filters(excluded=Selection(kinds=("code",), languages=("python",)))),
        ("after:2025-03", Filters(after=day(2025, 3))),
        ("before:2025-03", Filters(before=day(2025, 3))),
        ("until:2025-03", Filters(before=day(2025, 4))),
        ('since:"last month" before:today', Filters(after=day(2025, 10), before=day(2025, 11, 21))),
        ("after:last month", Filters(after=day(2025, 10))),
        ("from:2025-03-31", Filters(after=day(2025, 3, 31))),
        ("on:March 2025", Filters(periods=(Period(day(2025, 3), day(2025, 4)),))),
        ("during:2023,2024", Filters(periods=(YEAR, Period(day(2024, 1), day(2025, 1))))),
        ("on:2023 on:yesterday", Filters(periods=(YEAR, Period(day(2025, 11, 20), day(2025, 11, 21))))),
        ("-on:2023", Filters(excluded=Selection(periods=(YEAR,)))),
        ("after:2024 after:2025", Filters(after=day(2025, 1))),
    ],
)
def test_fields_become_filters(text: str, filters: Filters) -> None:
    assert read(text) == ParsedQuery(Words(""), filters)
    assert read(f"dough {text} bread").filters == filters
    assert read(f"dough {text} bread").text == "dough bread"


ORDINARY = [
    "!!!",
    "😀 emoji",
    "日本語の質問",
    "http://example.org/a?b=c:d",
    "std::vector<int>",
    "foo:bar",
    "C:\\Users\\x",
    "^(a|b)*$",
    '5" disk',
    "'single' quotes",
    "-",
    "--",
    "--force",
    "-rf",
    "-5",
    "-3.14",
    "state-of-the-art",
    "a - b",
    "git commit -am x",
    "From: Ann",
    "date: Monday",
    "in: the house",
    "on:",
    "has:",
    "role:)",
    "a* b",
    "**bold**",
    "*.py",
    "-> x",
    "last month",
    "March 2025",
    "yesterday in Lisbon",
    "since 2024",
    "a,b",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_is_not_taken_for_syntax(text: str) -> None:
    assert read(text) == ParsedQuery(Words(text))


def test_a_word_of_every_message_is_neither_left_out_nor_demanded() -> None:
    assert read('bread -the "a" -in:').words == Words("bread a")
    assert len(read("bread -the").notes) == 1


@pytest.mark.parametrize("text", ['"never closed', 'say "hello', "x “y"])
def test_a_quote_that_is_never_closed_is_text_and_noted(text: str) -> None:
    parsed = read(text)
    assert parsed.words == Words(text)
    assert "quote" in parsed.notes[0]


@pytest.mark.parametrize(
    ("text", "marked", "said"),
    [
        ("dough assistant:cluade", "cluade", "did you mean claude?"),
        ("role:uesr", "uesr", "user"),
        ("lang:pyton", "pyton", "python"),
        ("model:gpt-5", "gpt-5", "gpt-4"),
        ('project:"gardn house"', '"gardn house"', "Garden House"),
        ("in:lisbonn", "lisbonn", "Lisbon again"),
        ("in:zzzzzz", "zzzzzz", "give an id"),
        ("after:someday x", "someday", "last month"),
        ("on:2025-02-30", "2025-02-30", "2025-03-31"),
        ("has:code,imges", "imges", "image"),
        ("after:2025 before:2024", "2024", "exchange them"),
        ("-after:2025", "2025", "use after: and before:"),
        ("日本 assistant:x", "x", "chatgpt, claude, gemini"),
        ('assistant:""', '""', "write a name"),
    ],
)
def test_what_is_not_understood_is_marked_with_what_to_write(text: str, marked: str, said: str) -> None:
    with pytest.raises(QueryError) as caught:
        read(text)
    assert said.casefold() in caught.value.todo.casefold()
    shown, carets = caught.value.todo.split("\n")[-2:]
    assert shown.strip() == text
    assert carets.count("^") == len(marked)
    if text.isascii():
        assert shown[carets.index("^") :].startswith(marked)


def test_the_mark_stands_below_its_place_after_wide_characters() -> None:
    with pytest.raises(QueryError) as caught:
        read("日本 assistant:x")
    assert caught.value.todo.split("\n")[-1].index("^") == len("    ") + 4 + len(" assistant:")


def test_a_fault_in_a_long_query_shows_its_surroundings() -> None:
    with pytest.raises(QueryError) as caught:
        read("word " * 500 + "after:never " + "word " * 500)
    assert max(len(line) for line in caught.value.todo.split("\n")[1:]) < 120


def test_without_names_they_are_kept_as_written() -> None:
    assert parse("assistant:Nova", now=NOW).filters == Filters(assistants=("Nova",))


@given(st.text())
def test_no_text_raises_anything_but_a_query_error(text: str) -> None:
    try:
        parsed = read(text)
    except QueryError:
        return
    assert hash(parsed.filters) == hash(read(text).filters)
    assert parsed == read(text)


@given(st.lists(st.from_regex(r"[a-z]{3,8}", fullmatch=True), min_size=1))
def test_plain_words_come_back(words: list[str]) -> None:
    text = " ".join(words)
    assert read(text) == ParsedQuery(Words(text))
