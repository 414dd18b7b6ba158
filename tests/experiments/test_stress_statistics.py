"""The slope of memory and the search for anomalies, on series of which it is known what is in them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from workbench.errors import UsageError
from workbench.experiments.load.job import LoadSamples
from workbench.experiments.stress.anomaly_hunt import latency_series
from workbench.experiments.stress.outliers import jumps, rolling_median, slow_stretches
from workbench.experiments.stress.trend import FEWEST, LEAK, NO_LEAK, UNDECIDED, judge, line, trend_of

Series = NDArray[np.float64]
KB = 1024.0


def white(random: np.random.Generator, count: int) -> Series:
    return random.standard_normal(count)


def persistent(random: np.random.Generator, count: int) -> Series:
    """Each sample has nine tenths of the one before in it."""
    noise = np.zeros(count + 100)
    for place, shock in enumerate(random.standard_normal(count + 99), start=1):
        noise[place] = 0.9 * noise[place - 1] + shock
    return noise[100:]


def walk(random: np.random.Generator, count: int) -> Series:
    return np.cumsum(random.standard_normal(count))


def stairs(random: np.random.Generator, count: int) -> Series:
    """An allocator: now and then a block is taken or given back, and a little noise."""
    steps = (random.random(count) < 0.1) * random.exponential(1.0, count) * random.choice([-1.0, 1.0], count)
    return np.cumsum(steps) + 0.05 * random.standard_normal(count)


@pytest.mark.parametrize("noise", [white, persistent, walk, stairs])
def test_the_interval_holds_the_true_slope_as_often_as_it_says_whatever_the_noise(
    noise: Callable[[np.random.Generator, int], Series],
) -> None:
    random, x, slope, runs = np.random.default_rng(5), np.arange(60.0), 0.3, 60
    found = [trend_of(x, slope * x + noise(random, 60)) for _ in range(runs)]
    assert sum(one.low <= slope <= one.high for one in found) >= 0.88 * runs


def test_a_line_without_noise_is_found_exactly() -> None:
    found = trend_of([0, 1, 2, 4, 5, 7, 8, 9], [3 + 2 * x for x in [0, 1, 2, 4, 5, 7, 8, 9]])
    assert (found.slope, found.low, found.high) == pytest.approx((2, 2, 2))
    assert found.level == pytest.approx(3)


@settings(max_examples=20, deadline=None)
@given(st.floats(-1e3, 1e3), st.floats(0.01, 1e4), st.floats(-1e6, 1e6))
def test_other_units_give_the_same_trend_in_other_units(added: float, scale: float, start: float) -> None:
    x = np.arange(30.0)
    y = walk(np.random.default_rng(8), 30) + 0.5 * x
    plain, moved = trend_of(x, y), trend_of(x + start, scale * (y + added * x))
    assert [moved.slope, moved.low, moved.high] == pytest.approx(
        [scale * (one + added) for one in (plain.slope, plain.low, plain.high)], rel=1e-3, abs=1e-3 * scale
    )


def test_a_leak_of_a_kilobyte_is_found_in_the_noise_of_an_allocator_and_a_quiet_run_is_cleared() -> None:
    random, queries, runs = np.random.default_rng(9), np.linspace(0, 5_000, 120), 20
    memory = [100e6 + 60_000 * stairs(random, 120) for _ in range(runs)]
    verdicts = [judge(trend_of(queries, KB * queries + one), KB / 4) for one in memory]
    quiet = [judge(trend_of(queries, one), KB / 4) for one in memory]
    assert verdicts.count(LEAK) >= runs - 1
    assert quiet.count(LEAK) == 0
    assert quiet.count(NO_LEAK) >= 0.8 * runs


def test_a_run_that_is_too_short_is_undecided_and_says_what_it_could_have_seen() -> None:
    queries = np.linspace(0, 200, 20)
    found = trend_of(queries, 100e6 + 200_000 * walk(np.random.default_rng(1), 20))
    assert judge(found, KB / 4) == UNDECIDED
    assert found.seen > KB


def test_too_few_samples_or_a_time_that_runs_backwards_are_refused() -> None:
    with pytest.raises(UsageError, match="too few"):
        trend_of(range(FEWEST - 1), range(FEWEST - 1))
    with pytest.raises(UsageError, match="ascend"):
        trend_of([*range(FEWEST), 3], range(FEWEST + 1))


def test_the_drawn_lines_meet_in_the_middle_and_open_to_the_ends() -> None:
    x = np.arange(20.0)
    found = trend_of(x, x + white(np.random.default_rng(3), 20))
    middle, low, high = line(found, [0.0, 9.5, 19.0])
    assert low[1] == middle[1] == high[1]
    assert low[2] < middle[2] < high[2]
    assert low[0] > middle[0] > high[0]


def lognormal(random: np.random.Generator, shape: tuple[int, int]) -> Series:
    return random.lognormal(np.log(8), 0.5, shape)


def pareto(random: np.random.Generator, shape: tuple[int, int]) -> Series:
    return 6 * (1 + random.pareto(2.5, shape))


def mixed(random: np.random.Generator, shape: tuple[int, int]) -> Series:
    """One answer of fifty takes two to eight times as long."""
    slow = np.where(random.random(shape) < 0.02, random.uniform(2, 8, shape), 1.0)
    return random.lognormal(np.log(8), 0.4, shape) * slow


def latencies(kind: Callable[..., Series], random: np.random.Generator, count: int = 120) -> Series:
    """Upper quartiles of twenty requests each."""
    return np.percentile(kind(random, (count, 20)), 75, axis=1)


@pytest.mark.parametrize("kind", [lognormal, pareto, mixed])
def test_quiet_latencies_raise_no_alarm_however_heavy_their_tail(kind: Callable[..., Series]) -> None:
    random, runs = np.random.default_rng(4), 40
    assert sum(bool(slow_stretches(latencies(kind, random))) for _ in range(runs)) <= 0.1 * runs


@pytest.mark.parametrize("kind", [lognormal, pareto, mixed])
def test_a_stall_is_found_where_it_is_and_is_one_anomaly(kind: Callable[..., Series]) -> None:
    series = latencies(kind, np.random.default_rng(6))
    series[40:43] += 400
    [found] = [one for one in slow_stretches(series) if one.first >= 38]
    assert (found.first, found.last) == (40, 42)
    assert found.value > 400 > 100 > found.level


def test_two_stalls_do_not_hide_each_other() -> None:
    series = latencies(lognormal, np.random.default_rng(2))
    series[[20, 90]] *= [50, 8]
    assert [one.first for one in slow_stretches(series)] == [20, 90]


def test_a_slow_drift_is_no_anomaly() -> None:
    drift = np.geomspace(1, 4, 120) * latencies(lognormal, np.random.default_rng(7))
    assert slow_stretches(drift) == []


def test_a_jump_of_memory_is_found_and_steady_growth_is_not() -> None:
    memory = 1e8 + 2e5 * walk(np.random.default_rng(3), 100) + 1e6 * np.arange(100)
    assert jumps(memory, least=1.6e7) == []
    memory[60:] += 6.4e7
    [found] = jumps(memory, least=1.6e7)
    assert (found.first, found.last) == (60, 60)
    assert found.value - found.level == pytest.approx(6.5e7, rel=0.05)


def test_a_series_that_does_not_move_has_no_anomaly_and_its_one_move_is_one() -> None:
    flat = np.full(50, 1e8)
    assert jumps(flat, least=1e6) == []
    flat[20:] = 2e8
    assert [one.first for one in jumps(flat, least=1e6)] == [20]


@given(st.lists(st.floats(0.1, 1e6), min_size=1, max_size=80))
def test_a_rolling_median_is_as_long_as_its_series_and_stays_within_it(values: list[float]) -> None:
    found = rolling_median(values)
    assert len(found) == len(values)
    assert min(values) <= found.min() <= found.max() <= max(values)


def test_latencies_count_from_when_requests_were_due_so_that_a_stall_fills_its_time() -> None:
    due = np.arange(0.0, 2.0, 0.05)
    done = np.where((due >= 0.5) & (due < 1.0), 1.0, due + 0.01)
    at, quartiles = latency_series(LoadSamples(due, due, done, window=2.0), 0.25)
    assert at.tolist() == [0.125 + 0.25 * part for part in range(8)]
    assert quartiles[[0, 1, 4, 5, 6, 7]] == pytest.approx(10)
    assert quartiles[2] > quartiles[3] > 100
