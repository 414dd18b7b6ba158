from __future__ import annotations

import io
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.model import ImportIssue
from workbench.sources import Record
from workbench.sources.jsonsplit import split_elements

TEXT = st.text(alphabet='"\\{}[]:, aé\n\x00😀', max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def pieces(data: bytes, chunk_size: int = 7, largest: int = 1 << 20) -> list[Record | ImportIssue]:
    return list(split_elements(io.BytesIO(data), "f.json", chunk_size=chunk_size, largest=largest))


def values(found: list[Record | ImportIssue]) -> list[Any]:
    return [json.loads(piece.data) for piece in found if isinstance(piece, Record)]


@settings(max_examples=300, deadline=None)
@given(st.lists(VALUES, max_size=5), st.integers(1, 40), st.sampled_from([None, 1]), st.booleans(), st.booleans())
def test_the_elements_are_those_that_a_parser_finds(
    value: list[Any], chunk_size: int, indent: int | None, bom: bool, ascii_only: bool
) -> None:
    written = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    found = pieces(b"\xef\xbb\xbf" * bom + written, chunk_size)
    assert all(isinstance(piece, Record) for piece in found)
    assert values(found) == value


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(TEXT, VALUES, max_size=3), min_size=1, max_size=4), st.integers(1, 20), st.data())
def test_a_truncated_file_gives_what_was_complete_and_says_where_it_ends(
    value: list[Any], chunk_size: int, data: st.DataObject
) -> None:
    written = json.dumps(value).encode()
    cut = data.draw(st.integers(1, len(written) - 1))
    found = pieces(written[:cut], chunk_size)
    complete = values(found)
    assert complete == value[: len(complete)]
    assert isinstance(found[-1], ImportIssue)
    assert "ends" in found[-1].reason


def test_the_issue_names_the_element_in_which_the_file_ends() -> None:
    found = pieces(b'[{"a": 1}, {"b": "x')
    assert found[1] == ImportIssue("f.json", "the file ends in the middle of element 1; the 1 before it were read")


def test_a_single_object_is_its_own_element() -> None:
    assert values(pieces(b' {"a": [1, "]"]} ')) == [{"a": [1, "]"]}]


def test_nul_bytes_between_elements_are_passed_over() -> None:
    assert values(pieces(b'[{"a": 1}\x00\x00, \x00{"b": 2}]\x00\x00')) == [{"a": 1}, {"b": 2}]


def test_garbage_between_elements_is_a_record_of_its_own() -> None:
    found = pieces(b'[{"a": 1} xx {"b": 2}]')
    assert [piece.data for piece in found if isinstance(piece, Record)] == [b'{"a": 1}', b"xx", b'{"b": 2}']


def test_an_empty_file_is_told() -> None:
    assert pieces(b"\xef\xbb\xbf \n") == [ImportIssue("f.json", "the file is empty")]


def test_bytes_after_the_list_are_told() -> None:
    found = pieces(b'[{"a": 1}]garbage')
    assert isinstance(found[-1], ImportIssue)
    assert "7 bytes after the end" in found[-1].reason


def test_an_element_beyond_the_limit_costs_only_itself() -> None:
    found = pieces(b'[{"a": 1}, {"long": "' + b"x" * 500 + b'"}, {"b": 2}]', largest=100)
    assert values(found) == [{"a": 1}, {"b": 2}]
    assert [piece.place for piece in found if isinstance(piece, ImportIssue)] == ["f.json[1]"]
