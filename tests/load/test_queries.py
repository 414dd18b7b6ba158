"""Query mixes."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import UsageError
from workbench.experiments.load.pool import QueryPool
from workbench.experiments.load.queries import DISTINCT, POPULAR, REPEATED, known_items, repeated, search_targets
from workbench.experiments.load.scenario import Scenario
from workbench.workspace import Workbench

NUMBERS = [f"query number {number}" for number in range(20_000)]


def test_known_items_all_differ_and_have_three_to_eight_words(filled: Workbench) -> None:
    found = known_items(filled.snapshot, 3_000)
    assert len(found) == 3_000
    assert len({query.lower() for query in found}) == 3_000
    assert all(3 <= len(query.split()) <= 8 for query in found)


def test_the_same_seed_gives_the_same_queries_and_another_seed_others(filled: Workbench) -> None:
    first = known_items(filled.snapshot, 200, seed=1)
    assert first == known_items(filled.snapshot, 200, seed=1)
    assert first != known_items(filled.snapshot, 200, seed=2)


def test_the_words_of_a_known_item_stand_in_some_message(filled: Workbench) -> None:
    contents = " \n ".join(filled.messages()["content"].to_list())
    for query in known_items(filled.snapshot, 50):
        assert all(word in contents for word in query.split())


def test_a_store_gives_no_more_queries_than_it_has(memory: Workbench, tmp_path) -> None:
    from building import claude_export

    memory.ingest(claude_export(tmp_path / "conversations.json", {"one": ["only four words here", "so few"]}))
    found = known_items(memory.snapshot, 1_000)
    assert set(found) <= {"only four words", "four words here", "only four words here"}
    memory.close()


def test_a_store_without_a_message_of_three_words_is_refused(memory: Workbench, tmp_path) -> None:
    from building import claude_export

    memory.ingest(claude_export(tmp_path / "conversations.json", {"one": ["hello", "hi"]}))
    with pytest.raises(UsageError, match="three words"):
        known_items(memory.snapshot, 10)
    memory.close()


@settings(max_examples=30, deadline=None)
@given(share=st.floats(0.0, 1.0), seed=st.integers(0, 1_000))
def test_the_share_of_repeats_is_the_one_asked_for(share: float, seed: int) -> None:
    popular, rest = NUMBERS[:POPULAR], NUMBERS[POPULAR:]
    found = repeated(popular, rest, 5_000, share=share, seed=seed)
    again = sum(query in set(popular) for query in found) / 5_000
    assert abs(again - share) < 5 * (0.25 / 5_000) ** 0.5
    fresh = [query for query in found if query not in set(popular)]
    assert len(set(fresh)) == len(fresh)
    assert found == repeated(popular, rest, 5_000, share=share, seed=seed)


def test_popular_queries_are_asked_in_proportion_to_their_rank() -> None:
    found = repeated(NUMBERS[:100], [], 50_000, share=1.0)
    first, tenth = found.count(NUMBERS[0]), found.count(NUMBERS[9])
    assert 8.0 < first / tenth < 12.5


def test_the_mix_ends_where_the_different_queries_do() -> None:
    found = repeated(NUMBERS[:10], NUMBERS[10:20], 1_000, share=0.5)
    assert sum(query in NUMBERS[10:20] for query in found) == 10
    assert len(found) < 1_000


def test_a_share_above_one_is_refused() -> None:
    with pytest.raises(UsageError, match="share"):
        repeated(["a"], ["b"], 10, share=1.5)


def test_no_two_distinct_runs_see_the_same_query_while_there_are_others() -> None:
    pool = QueryPool(NUMBERS)
    scenario = Scenario(1, DISTINCT, seconds=4.0, warmup=0.0)
    first, second = pool.targets(scenario), pool.targets(scenario)
    assert len(set(first)) == len(first) == scenario.most
    assert not set(first) & set(second)


def test_two_repeated_runs_share_the_popular_queries_only() -> None:
    pool = QueryPool(NUMBERS)
    scenario = Scenario(1, REPEATED, seconds=4.0, warmup=0.0)
    shared = set(pool.targets(scenario)) & set(pool.targets(scenario))
    assert shared
    assert shared <= set(search_targets(NUMBERS[:POPULAR]))


def test_a_query_in_any_script_survives_the_request_line() -> None:
    [target] = search_targets(["naïve 東京 & 50 % + #1"], k=7)
    assert target.isascii()
    assert parse_qs(urlsplit(target).query) == {"q": ["naïve 東京 & 50 % + #1"], "k": ["7"]}
