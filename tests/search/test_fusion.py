from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workbench.search.fusion import best_first, min_max, places, rank_of, scatter


def test_scores_are_scaled_between_the_worst_and_the_best_of_their_leg() -> None:
    scores = np.array([2.0, 6.0, 4.0, np.nan, 1.0], np.float32)
    assert min_max(scores, 2.0, 6.0).tolist() == [0.0, 1.0, 0.5, 0.0, 0.0]


def test_a_leg_with_one_answer_gives_it_the_full_score() -> None:
    assert min_max(np.array([3.0, np.nan], np.float32), 3.0, 3.0).tolist() == [1.0, 0.0]


def test_a_list_is_laid_out_over_the_candidates() -> None:
    out = scatter(np.array([2, 5, 9]), np.array([9, 2, 11, 4]), np.array([0.9, 0.2, 1.1, 0.4], np.float32))
    assert np.allclose(out, [0.2, np.nan, 0.9], equal_nan=True)


def test_ranks_count_from_one_and_leave_out_the_unknown() -> None:
    scores = np.array([0.2, np.nan, 0.9, 0.2], np.float32)
    assert [rank_of(scores, at) for at in range(4)] == [2, 0, 1, 3]


def test_a_place_is_given_only_for_what_is_there() -> None:
    at, there = places(np.array([3, 4, 9]), np.array([9, 5, -1, 3, 12]))
    assert there.tolist() == [True, False, False, True, False]
    assert at[there].tolist() == [2, 0]
    assert places(np.array([], np.int64), np.array([1, 2]))[1].tolist() == [False, False]


@given(st.lists(st.sampled_from([0.1, 0.5, 0.9, 1.0]), max_size=40), st.integers(1, 50))
def test_the_best_come_first_and_equals_by_ordinal(values: list[float], limit: int) -> None:
    scores = np.array(values, np.float32)
    ordinals = np.arange(len(values)) * 3
    wanted = sorted(range(len(values)), key=lambda i: (-values[i], i))[:limit]
    assert best_first(ordinals, scores, limit).tolist() == wanted


@given(st.lists(st.floats(0, 100, width=32), min_size=1, max_size=50))
def test_scaling_keeps_the_order(values: list[float]) -> None:
    scores = np.array(values, np.float32)
    scaled = min_max(scores, float(scores.min()), float(scores.max()))
    order = np.argsort(scores, kind="stable")
    assert (np.diff(scaled[order]) >= 0).all()
    assert scaled.min() >= 0
    assert scaled.max() <= 1
