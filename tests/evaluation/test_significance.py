from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.evaluation.significance import bootstrap_means, holm, percentile_interval, randomisation_p


def drawn(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


def sign_test(positive: int, negative: int) -> float:
    """What the randomisation test must give for differences of +1 and -1: the two-sided binomial."""
    n, far = positive + negative, abs(positive - negative)
    return sum(comb(n, k) for k in range(n + 1) if abs(2 * k - n) >= far) / 2**n


def test_four_wins_out_of_four_happen_by_chance_once_in_eight() -> None:
    assert randomisation_p(np.ones((4, 1)), draws=1, generator=drawn()) == pytest.approx([2 / 16])


def test_few_queries_are_tested_exactly_as_by_hand() -> None:
    """Sums of 1, 2 and 4 with any signs are 1, 3, 5 or 7 away from 0: all reach 1 + 2 - 4, only two 1 + 2 + 4."""
    differences = np.array([[1.0, 3.0], [2.0, -3.0], [-4.0, 1.0]])
    assert randomisation_p(differences, draws=1, generator=drawn()) == pytest.approx([8 / 8, 8 / 8])
    assert randomisation_p(np.array([[1.0], [2.0], [4.0]]), draws=1, generator=drawn()) == pytest.approx([2 / 8])


@pytest.mark.parametrize(("positive", "negative"), [(12, 4), (20, 10), (9, 7)])
def test_drawn_signs_agree_with_the_binomial(positive: int, negative: int) -> None:
    differences = np.array([1.0] * positive + [-1.0] * negative)[:, None]
    [p] = randomisation_p(differences, draws=40_000, generator=drawn())
    assert p == pytest.approx(sign_test(positive, negative), abs=0.01)


def test_p_is_never_zero_and_is_one_where_nothing_differs() -> None:
    differences = np.stack([np.ones(200), np.zeros(200)], axis=1)
    assert randomisation_p(differences, draws=999, generator=drawn()) == pytest.approx([1 / 1000, 1])


def test_where_two_systems_are_equal_one_in_twenty_looks_significant() -> None:
    differences = drawn(11).standard_normal((30, 1000))
    p = randomisation_p(differences, draws=2_000, generator=drawn())
    assert 0.03 < (p < 0.05).mean() < 0.07
    assert 0.45 < p.mean() < 0.55


def test_a_95_percent_interval_holds_the_truth_about_95_times_in_a_hundred() -> None:
    scores = drawn(5).standard_normal((80, 1000)) + 2.0
    low, high = percentile_interval(bootstrap_means(scores, resamples=1_000, generator=drawn()))
    assert 0.92 < ((low < 2.0) & (high > 2.0)).mean() < 0.97


def test_bootstrapped_means_spread_like_the_standard_error() -> None:
    scores = drawn().random((400, 1))
    means = bootstrap_means(scores, resamples=4_000, generator=drawn())
    assert means.shape == (4_000, 1)
    assert means.mean() == pytest.approx(scores.mean(), abs=0.002)
    assert means.std() == pytest.approx(scores.std() / 20, rel=0.05)


def test_a_resample_is_the_same_for_all_columns_so_that_differences_stay_paired() -> None:
    first = drawn().random(50)
    means = bootstrap_means(np.stack([first, first + 0.1], axis=1), resamples=500, generator=drawn())
    assert means[:, 1] - means[:, 0] == pytest.approx(0.1)


def test_many_queries_are_drawn_in_blocks_and_every_resample_is_whole() -> None:
    scores = np.ones((3_000_000, 1))
    assert bootstrap_means(scores, resamples=3, generator=drawn()) == pytest.approx(1.0)


def test_the_same_seed_gives_the_same_figures() -> None:
    scores = drawn().random((40, 2)) - 0.4
    again = [bootstrap_means(scores, resamples=100, generator=drawn()) for _ in range(2)]
    assert (again[0] == again[1]).all()
    tests = [randomisation_p(scores, draws=100, generator=drawn()) for _ in range(2)]
    assert (tests[0] == tests[1]).all()


def test_holm_multiplies_the_smallest_by_all_and_the_next_by_one_less() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.6]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_only_raises_and_keeps_the_order(p: list[float]) -> None:
    adjusted = holm(p)
    assert all(a >= b for a, b in zip(adjusted, p, strict=True))
    assert max(adjusted) <= 1
    order = sorted(range(len(p)), key=lambda i: p[i])
    assert [adjusted[i] for i in order] == sorted(adjusted)
    assert min(adjusted) == pytest.approx(min(1.0, min(p) * len(p)))
