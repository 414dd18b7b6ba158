from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workbench.search.fusion import length_weight, min_max, neighbour_gain, ranks, scatter


def test_scores_are_scaled_between_the_worst_and_the_best_of_their_leg() -> None:
    scores = np.array([2.0, 6.0, 4.0, np.nan, 1.0], np.float32)
    assert min_max(scores, 2.0, 6.0).tolist() == [0.0, 1.0, 0.5, 0.0, 0.0]


def test_a_leg_with_one_answer_gives_it_the_full_score() -> None:
    assert min_max(np.array([3.0, np.nan], np.float32), 3.0, 3.0).tolist() == [1.0, 0.0]


def test_a_list_is_laid_out_over_the_candidates() -> None:
    out = scatter(np.array([2, 5, 9]), np.array([9, 2, 11, 4]), np.array([0.9, 0.2, 1.1, 0.4], np.float32))
    assert np.allclose(out, [0.2, np.nan, 0.9], equal_nan=True)


def test_the_better_neighbour_counts() -> None:
    ordinals = np.array([3, 4, 5, 9])
    fused = np.array([0.1, 0.5, 0.8, 1.0], np.float32)
    gain = neighbour_gain(ordinals, fused, np.array([-1, 3, 4, 8]), np.array([4, 5, -1, 10]))
    assert np.allclose(gain, [0.5, 0.8, 0.5, 0.0])


def test_context_fades_with_length() -> None:
    lengths = np.array([10, 200, 600, 1000, 5000])
    assert length_weight(lengths, 200, 1000, 0.0).tolist() == [1.0, 1.0, 0.5, 0.0, 0.0]
    assert length_weight(lengths, 200, 1000, 0.5).tolist() == [1.0, 1.0, 0.75, 0.5, 0.5]


def test_ranks_count_from_one_and_leave_out_the_unknown() -> None:
    assert ranks(np.array([0.2, np.nan, 0.9, 0.2], np.float32)).tolist() == [2, 0, 1, 3]


@given(st.lists(st.floats(0, 100, width=32), min_size=1, max_size=50))
def test_scaling_keeps_the_order(values: list[float]) -> None:
    scores = np.array(values, np.float32)
    scaled = min_max(scores, float(scores.min()), float(scores.max()))
    order = np.argsort(scores, kind="stable")
    assert (np.diff(scaled[order]) >= 0).all()
    assert scaled.min() >= 0
    assert scaled.max() <= 1
