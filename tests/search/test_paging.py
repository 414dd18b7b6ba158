from __future__ import annotations

from dataclasses import replace

import pytest
from building import publish_embedded, transcript
from hypothesis import given
from hypothesis import strategies as st

from workbench.embedding import Embedder
from workbench.errors import QueryError
from workbench.model import Filters, Query
from workbench.record import open_record
from workbench.search import SearchEngine
from workbench.search.paging import DEPTHS, Place, decode, encode
from workbench.search.tuning import DEFAULT
from workbench.settings import Settings
from workbench.workspace import Workbench

SMALL = replace(DEFAULT, lexical_candidates=8, vector_candidates=5)
MESSAGES = 300


@pytest.fixture(scope="module")
def engine(garden: Workbench, embedder: Embedder) -> SearchEngine:
    """An engine whose first depth holds a few hits only, so that pages reach into the deeper ones."""
    return SearchEngine(garden.snapshot, embedder, tuning=SMALL)


@given(
    st.builds(Place, st.integers(0, len(DEPTHS) - 1), st.integers(0, 10**6), st.integers(0, 10**6)),
    st.text(min_size=1, max_size=50),
    st.integers(1, 10**6),
)
def test_a_cursor_leads_back_to_its_place(place: Place, text: str, generation: int) -> None:
    query = Query(text)
    cursor = encode(place, query, generation)
    assert cursor.isascii()
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert decode(replace(query, cursor=cursor), generation) == place


@pytest.mark.parametrize("alpha", [0.4, 0.0, 1.0])
def test_pages_give_every_message_once(engine: SearchEngine, alpha: float) -> None:
    ids = [hit.message_id for page in engine.pages(Query("tomato garden", k=7, alpha=alpha)) for hit in page]
    assert len(ids) == len(set(ids))
    assert len(ids) >= 200


def test_the_order_does_not_depend_on_the_size_of_a_page(engine: SearchEngine) -> None:
    def order(k: int) -> list[str]:
        return [hit.message_id for page in engine.pages(Query("tomato garden", k=k)) for hit in page]

    assert order(3) == order(10) == order(100)


def test_ranks_go_on_over_pages(engine: SearchEngine) -> None:
    ranks = [hit.rank for page in engine.pages(Query("tomato", k=4)) for hit in page]
    assert ranks == list(range(1, len(ranks) + 1))


def test_one_thousand_at_once_are_all_there_are(engine: SearchEngine) -> None:
    assert len(engine.search(Query("tomato garden", k=1000))) == MESSAGES


def test_grouped_pages_give_every_conversation_once(engine: SearchEngine) -> None:
    query = Query("tomato garden", k=3, by_conversation=True)
    found = [hit.conversation_id for page in engine.pages(query) for hit in page]
    assert len(found) == len(set(found)) == 10


def test_a_group_counts_its_other_hits(garden: Workbench) -> None:
    grouped = garden.engine.search(Query("tomato garden", k=20, by_conversation=True))
    flat = garden.engine.search(Query("tomato garden", k=1000))
    assert sum(hit.others + 1 for hit in grouped) <= len(flat)
    assert [hit.score for hit in grouped] == sorted((hit.score for hit in grouped), reverse=True)
    assert grouped.hits[0].others > 0


def test_a_cursor_of_another_query_is_refused(engine: SearchEngine) -> None:
    cursor = engine.search(Query("tomato", k=2)).cursor
    with pytest.raises(QueryError, match="another query"):
        engine.search(Query("tomato", k=2, filters=Filters(roles=("user",)), cursor=cursor))


def test_a_cursor_of_another_generation_is_refused(engine: SearchEngine) -> None:
    cursor = encode(Place(0, 2, 2), Query("tomato"), engine.snapshot.generation + 1)
    with pytest.raises(QueryError, match="has changed"):
        engine.search(Query("tomato", cursor=cursor))


@pytest.mark.parametrize("cursor", ["", "x", "!!", "AAAA", "bnVsbA", "WzEsMiwzXQ", "ü"])
def test_what_is_no_cursor_is_refused(engine: SearchEngine, cursor: str) -> None:
    with pytest.raises(QueryError, match="not a cursor"):
        engine.search(Query("tomato", cursor=cursor))


@pytest.fixture(scope="module")
def garden(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Workbench:
    """Ten conversations of thirty messages, all about the same."""
    store = tmp_path_factory.mktemp("garden")
    with open_record(store) as record:
        texts = [[f"tomato {c} {i} in the garden bed {i * 7 % 11}" for i in range(30)] for c in range(10)]
        publish_embedded(record, store, embedder, *(transcript(f"plot {c}", *texts[c]) for c in range(10)))
    return Workbench(Settings(store=store, ray="off"))
