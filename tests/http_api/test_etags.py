"""Answers that a client has already are not sent again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from workbench.http_api.wire.etags import etag, matches
from workbench.model import Query, SearchResult
from workbench.search import SearchEngine
from workbench.search.engine import Answer

CONVERSATION = "c_4830955c8f4835e52d94"
CONTENT = [
    "/search/rag?q=bread",
    "/api/v1/conversations?limit=3",
    f"/api/v1/conversations/{CONVERSATION}",
    "/api/v1/artifacts",
    "/api/v1/facets",
    "/api/v1/facets?q=bread",
]


@pytest.mark.parametrize("path", CONTENT)
def test_what_has_not_changed_is_not_sent_again(api: TestClient, path: str) -> None:
    first = api.get(path)
    again = api.get(path, headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert "content-length" not in again.headers


def test_every_request_has_a_tag_of_its_own(api: TestClient) -> None:
    tags = {api.get(path).headers["etag"] for path in CONTENT}
    assert len(tags) == len(CONTENT)


def test_the_tag_of_another_request_is_no_tag_of_this_one(api: TestClient) -> None:
    tag = api.get("/api/v1/conversations").headers["etag"]
    assert api.get("/api/v1/conversations/c_nowhere", headers={"If-None-Match": tag}).status_code == 404


def test_what_was_remembered_since_is_sent(own_api: TestClient) -> None:
    tags = {path: own_api.get(path).headers["etag"] for path in CONTENT}
    own_api.post("/api/v1/encode", json={"content": "Prefers rye over wheat"})
    for path, tag in tags.items():
        assert own_api.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_an_answer_that_is_not_whole_has_no_tag(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    search_many = SearchEngine.search_many

    def cut_short(engine: SearchEngine, queries: Sequence[Query]) -> list[Answer]:
        return [replace(one, partial=True) for one in search_many(engine, queries) if isinstance(one, SearchResult)]

    monkeypatch.setattr(SearchEngine, "search_many", cut_short)
    answer = api.get("/search/rag", params={"q": "a search whose time is over"})
    assert answer.json()["partial"]
    assert "etag" not in answer.headers
    assert api.get("/search/rag", params={"q": "a search whose time is over"}).headers["x-cache"] == "miss"


def test_a_tag_is_that_of_a_version_and_a_request() -> None:
    tag = etag("12.3", "then", b"/a?b")
    others = [
        etag("12.4", "then", b"/a?b"), etag("12.3", "now", b"/a?b"), etag("12.3", "then", b"/a?c"),
        etag("12.3", "then", b"/a?b", dated=True),
    ]  # fmt: skip
    assert tag == etag("12.3", "then", b"/a?b")
    assert len({tag, *others}) == 5


@given(st.lists(st.text(st.characters(codec="latin-1", exclude_characters='",'), max_size=5), max_size=4))
def test_a_header_matches_if_it_names_the_tag(others: list[str]) -> None:
    header = ", ".join(f'"{one}"' for one in others)
    assert not matches(header, 'W/"12.3-abc-x"')
    assert matches(f'{header}, W/"12.3-abc-x"', 'W/"12.3-abc-x"')
    assert matches(f'"12.3-abc-x", {header}', 'W/"12.3-abc-x"')
