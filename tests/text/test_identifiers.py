from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.text.identifiers import identifiers, names, opening


@pytest.mark.parametrize(
    "name",
    [
        "handler.py",
        "get_user_by_id",
        "__init__",
        "192.168.0.1",
        "C++",
        "c#",
        "std::vector",
        "--force",
        "#1234",
        "v1.2.3",
        ".env",
        "550e8400-e29b-41d4-a716-446655440000",
        "ann@example.org",
        "gpt-4o",
        "$HOME",
    ],
)
def test_a_name_is_one_term(name: str) -> None:
    found = identifiers(f"so ({name}), is")
    assert len(found) == 1
    assert found[0].isalnum()
    assert found == identifiers(name.upper())


@pytest.mark.parametrize(
    "prose", ["well-known", "and/or", "note:this", "end. Start", "hello, world!", "plain", "1234", "a - b", ""]
)
def test_prose_has_no_names(prose: str) -> None:
    assert identifiers(prose) == []


def test_different_names_are_different_terms() -> None:
    written = ["a.b", "a_b", "a::b", "a/b.c", "C++", "C#", "#1", "-b", "--bb", "a-1", "a.1"]
    terms = [identifiers(one)[0] for one in written]
    assert len(set(terms)) == len(written)


def test_a_path_is_also_its_last_part() -> None:
    assert set(identifiers("handler.py")) < set(identifiers("src/app/handler.py"))


def test_names_in_mixed_case_have_parts_unless_they_are_brands() -> None:
    assert names("NullPointerException") == ["Null", "Pointer", "Exception"]
    assert names("KeyError getUser") == ["Key", "Error", "get", "User"]
    assert names("GitHub YouTube iPhone") == []


def test_a_beginning_begins_the_term() -> None:
    assert identifiers("get_user_by_id")[0].startswith(opening("get_us"))


@given(st.text(alphabet="ab1._/-:#@+~$\\ \n東é", max_size=60))
def test_terms_are_whole_words_to_any_tokeniser(text: str) -> None:
    assert all(term.isalnum() for term in identifiers(text))
