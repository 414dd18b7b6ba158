"""When requests are due, as pure values."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import UsageError
from workbench.experiments.load.arrivals import Piece, constant, due_times, expected, ramp, rate_at, spike, thinking
from workbench.experiments.load.scenario import Scenario

RATES = st.floats(0.5, 400.0)
SECONDS = st.floats(0.1, 20.0)


@given(
    pieces=st.lists(
        st.builds(Piece, seconds=SECONDS, rate=st.floats(0.0, 300.0), to=st.floats(0.0, 300.0)), min_size=1, max_size=4
    )
)
def test_as_many_requests_are_due_as_the_rate_promises_at_any_time(pieces: list[Piece]) -> None:
    due = due_times(tuple(pieces))
    assert len(due) == int(np.ceil(expected(tuple(pieces)) - 1e-9))
    assert (np.diff(due) >= -1e-9).all()
    begin, before = 0.0, 0.0
    for piece in pieces:
        begin, before = begin + piece.seconds, before + piece.expected
        # Request i is due when i are expected: at the end of a piece, at most one more or less by rounding.
        assert abs(int((due < begin).sum()) - before) <= 1.0 + 1e-6


@given(rate=RATES, seconds=SECONDS)
def test_a_constant_rate_is_even(rate: float, seconds: float) -> None:
    assert np.allclose(due_times(constant(rate, seconds)), np.arange(int(np.ceil(rate * seconds - 1e-9))) / rate)


@given(rate=RATES, to=RATES, seconds=SECONDS, warmup=st.floats(0.0, 3.0))
def test_a_ramp_goes_from_one_rate_to_the_other_after_the_warm_up(
    rate: float, to: float, seconds: float, warmup: float
) -> None:
    pieces = ramp(rate, to, seconds, warmup=warmup)
    assert rate_at(pieces, warmup / 2) == pytest.approx(rate)
    assert rate_at(pieces, warmup + seconds / 2) == pytest.approx((rate + to) / 2)
    assert rate_at(pieces, warmup + seconds * 0.999) == pytest.approx(to + 0.001 * (rate - to))
    due = due_times(pieces)
    halfway = warmup + seconds / 2
    assert abs(int((due < halfway).sum()) - (warmup * rate + seconds / 2 * (3 * rate + to) / 4)) <= 1.0 + 1e-6


def test_a_spike_is_the_middle_fifth() -> None:
    due = due_times(spike(10.0, 100.0, 10.0, warmup=2.0))
    during = (due >= 6.0) & (due < 8.0)
    assert int(during.sum()) == 200
    assert int((~during).sum()) == 100
    assert rate_at(spike(10.0, 100.0, 10.0), 5.0) == 100.0
    assert rate_at(spike(10.0, 100.0, 10.0), 11.0) == 0.0


def test_random_arrivals_are_a_poisson_process_and_the_same_for_the_same_seed() -> None:
    due = due_times(constant(200.0, 100.0), random=1)
    assert (due == due_times(constant(200.0, 100.0), random=1)).all()
    assert len(due) != len(due_times(constant(200.0, 100.0), random=2))
    assert 0.0 <= due.min() <= due.max() < 100.0
    gaps = np.diff(due)
    assert gaps.mean() == pytest.approx(1 / 200, rel=0.03)
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.03)  # as of an exponential distribution
    counts = np.bincount(due.astype(int), minlength=100)
    assert counts.var() / counts.mean() == pytest.approx(1.0, abs=0.5)  # 1 for Poisson, 0 for an even rate


def test_random_arrivals_follow_a_ramp() -> None:
    due = due_times(ramp(10.0, 190.0, 100.0), random=3)
    assert len(due) == pytest.approx(10_000, rel=0.05)
    assert float((due < 50.0).mean()) == pytest.approx((10 + 100) / 2 * 50 / 10_000, abs=0.02)


def test_thinking_takes_its_mean_on_average_and_at_most_ten_of_it() -> None:
    draw = random.Random(1)
    drawn = [thinking(2.0, draw) for _ in range(20_000)]
    assert np.mean(drawn) == pytest.approx(2.0, rel=0.03)
    assert max(drawn) <= 20.0


@pytest.mark.parametrize(
    ("given", "message"),
    [({"mode": "rate"}, "has no rate"), ({"mode": "ramp", "rate": 5.0}, "to what rate"), ({"mode": "flood"}, "flood")],
)
def test_a_load_without_its_rate_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Scenario(5, **given)  # type: ignore[arg-type]


def test_a_scenario_says_how_many_queries_it_may_need() -> None:
    for scenario in (
        Scenario(5, mode="rate", rate=50.0), Scenario(5, mode="ramp", rate=5.0, to=90.0),
        Scenario(5, mode="spike", rate=5.0, to=90.0), Scenario(5, mode="poisson", rate=50.0),
    ):  # fmt: skip
        assert 0 < len(scenario.due) <= scenario.most <= len(scenario.due) + 2
    assert Scenario(50, requests=20, seconds=600.0, warmup=0.0).most < 1_100
    assert Scenario(50).due == []
