from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from building import claude_export
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import UsageError
from workbench.evaluation import load_judgements, ndcg, recall, reciprocal_rank
from workbench.workspace import Workbench

GRADES = {"a": 2, "b": 1, "c": 1}


def test_recall_is_the_share_of_what_is_relevant() -> None:
    assert recall(["a", "x", "b", "c"], GRADES, 3) == pytest.approx(2 / 3)


def test_reciprocal_rank_looks_at_the_first_only() -> None:
    assert reciprocal_rank(["x", "b", "a"], GRADES, 10) == 0.5
    assert reciprocal_rank(["x", "y", "a"], GRADES, 2) == 0.0


def test_ndcg_agrees_with_a_sum_by_hand() -> None:
    ideal = 2 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
    found = 1 / math.log2(2) + 2 / math.log2(4)
    assert ndcg(["b", "x", "a"], GRADES, 10) == pytest.approx(found / ideal)


@given(st.permutations(["a", "b", "c", "x", "y"]))
def test_no_order_is_better_than_the_ideal_one(ranking: list[str]) -> None:
    assert 0 < ndcg(ranking, GRADES, 5) <= ndcg(["a", "b", "c", "x", "y"], GRADES, 5) == pytest.approx(1)


def test_quotes_that_fit_no_message_or_several_are_all_named(memory: Workbench, tmp_path: Path) -> None:
    memory.ingest(claude_export(tmp_path / "conversations.json", {"soup": ("miso soup", "kombu soup")}))
    relevant = [{"assistant": "claude", "quote": quote, "grade": 1} for quote in ("kombu", "soup", "garlic")]
    path = tmp_path / "queries.jsonl"
    path.write_text(json.dumps({"id": "q1", "query": "soup", "kind": "x", "relevant": relevant}), encoding="utf-8")
    with pytest.raises(UsageError, match=r"2 messages have 'soup'; q1: no messages have 'garlic'"):
        load_judgements(path, memory.snapshot.catalog)
