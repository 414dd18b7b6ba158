"""Comparisons and trends on times whose truth is known: noise stays noise, and what was planted is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.errors import UsageError
from workbench.experiments.baseline import (
    BETTER,
    FASTER,
    REGRESSIONS,
    SAME,
    SLOWER,
    UNSURE,
    WORSE,
    Plan,
    Ratio,
    apart,
    as_plain,
    change_points,
    compare_baselines,
    comparison_lines,
    paired,
    plan_of,
    samples_of,
    trend_lines,
    trends,
)
from workbench.experiments.runs import HIGHER, LOWER, Figure, Run

ROUNDS, TURNS, WORKLOADS = 6, 10, 7
Times = NDArray[np.float64]


def likeness(random: np.random.Generator, count: int) -> Times:
    """A machine that becomes slower and faster: logarithms in which each value is like the one before."""
    values = random.normal(0, 0.04, count)
    for place in range(1, count):
        values[place] += 0.9 * values[place - 1]
    return values


def measured(random: np.random.Generator, change: float = 1.0) -> tuple[Times, Times]:
    """Two sides measured in turn, with processes that differ, drift, and a heavy tail of disturbances; after by before
    is `change` in truth.
    """
    noise = likeness(random, ROUNDS * TURNS * 2).reshape(ROUNDS, TURNS, 2)
    noise += random.normal(0, 0.015, (ROUNDS, 1, 2))
    noise += np.abs(random.standard_t(2.0, noise.shape)) * 0.05 * (random.random(noise.shape) < 0.2)
    return np.exp(noise[..., 0]), change * np.exp(noise[..., 1])


def relative(random: np.random.Generator, change: float = 1.0) -> tuple[Times, Times]:
    """Two sides measured at different times, each by its reference."""
    (first, beside), (second, later) = measured(random), measured(random)
    return first / beside, change * second / later


@pytest.mark.parametrize(("sides", "ratio"), [(measured, paired), (relative, apart)])
def test_of_comparisons_of_equal_versions_at_most_one_in_twenty_raises_an_alarm(sides: Any, ratio: Any) -> None:
    random = np.random.default_rng(1)
    found = [[ratio(*sides(random), workloads=WORKLOADS) for _ in range(WORKLOADS)] for _ in range(200)]
    beyond_chance = sum(any(not one.low <= 1 <= one.high for one in comparison) for comparison in found)
    alarms = sum(any(one.verdict(0.05) == SLOWER for one in comparison) for comparison in found)
    assert beyond_chance <= 0.09 * len(found)  # 5 %, and what 200 draws may be off
    assert alarms <= 0.03 * len(found)


@pytest.mark.parametrize(("sides", "ratio", "least"), [(measured, paired, 0.95), (relative, apart, 0.8)])
def test_a_slowdown_of_15_percent_is_found(sides: Any, ratio: Any, least: float) -> None:
    random = np.random.default_rng(2)
    found = [ratio(*sides(random, 1.15), workloads=WORKLOADS).verdict(0.05) for _ in range(200)]
    assert found.count(SLOWER) >= least * len(found)
    assert FASTER not in found


def test_a_speedup_is_faster_and_the_interval_holds_the_truth() -> None:
    random = np.random.default_rng(3)
    found = [paired(*measured(random, 0.8)) for _ in range(100)]
    assert all(one.verdict(0.05) == FASTER for one in found)
    assert sum(one.low <= 0.8 <= one.high for one in found) >= 90


def test_a_verdict_takes_an_interval_above_1_and_a_ratio_beyond_the_threshold() -> None:
    assert Ratio(1.10, 1.01, 1.20, 0.0).verdict(0.05) == SLOWER
    assert Ratio(1.10, 0.99, 1.20, 0.0).verdict(0.05) == UNSURE
    assert Ratio(1.04, 1.01, 1.07, 0.0).verdict(0.05) == UNSURE
    assert Ratio(1.02, 1.01, 1.03, 0.0).verdict(0.05) == SAME
    assert Ratio(0.90, 0.85, 0.95, 0.0).verdict(0.05) == FASTER


def test_times_without_any_noise_are_compared() -> None:
    same = np.ones((3, 4))
    assert paired(same, same * 1.2).estimate == pytest.approx(1.2)
    assert apart(same, same).verdict(0.05) == SAME


def test_a_plan_that_cannot_tell_its_own_noise_is_refused() -> None:
    with pytest.raises(UsageError, match="1 rounds"):
        Plan(rounds=1)
    with pytest.raises(UsageError, match="no workload 'fly'"):
        Plan(("fly",))


def baseline(change: float = 1.0, *, seed: int, name: str = "", **header: Any) -> Run:
    """A stored baseline of one workload that takes `change` times as long."""
    work, beside = measured(np.random.default_rng(seed))
    rows = [
        [place // TURNS, place % TURNS, change * took / 100, took / 90, ref / 300, ref / 290]
        for place, (took, ref) in enumerate(zip(work.ravel().tolist(), beside.ravel().tolist(), strict=True))
    ]
    plan = {
        "workloads": ["embed a query"], "rounds": ROUNDS, "turns": TURNS, "block_ms": 8.0, "seed": 7, "reference": True,
        "operations": {"embed a query": 40}, "threads": {},
    }  # fmt: skip
    head = {
        "made_at": "2026-11-21T10:00:00+00:00", "machine": {"cores": 2}, "versions": {"numpy": "2"},
        "store": {"messages": 7, "fingerprint": "f", "profile": {}}, "parameters": plan, **header,
    }  # fmt: skip
    return Run.of("baseline", head, [], name=name, details={"blocks": {"embed a query": rows}})


def test_stored_baselines_are_compared_by_their_references() -> None:
    before, same, slow = baseline(seed=1, name="before"), baseline(seed=2), baseline(1.4, seed=3)
    assert compare_baselines(before, same).slower == ()
    found = compare_baselines(before, slow)
    assert found.slower == ("embed a query",)
    assert found.changes[0].before_ms == pytest.approx(1000 / 100 / 40, rel=0.1)
    assert (found.before, found.paired, found.remarks) == ("before", False, ())


def test_what_a_comparison_cannot_see_past_is_said_or_refused() -> None:
    before = baseline(seed=1, name="before")
    other = baseline(seed=2, machine={"cores": 64}, versions={"numpy": "3"})
    assert [one.split(" (")[0].split(":")[0] for one in compare_baselines(before, other).remarks] == [
        "Another machine", "Other versions",
    ]  # fmt: skip
    elsewhere = baseline(seed=2, store={"messages": 8, "fingerprint": "f", "profile": {}})
    with pytest.raises(UsageError, match=r"did not do the same work\. They differ in the store's messages"):
        compare_baselines(before, elsewhere)
    with pytest.raises(UsageError, match="is no baseline but a run of the kind 'load'"):
        plan_of(replace(before, kind="load"))


def test_a_baseline_gives_its_plan_and_blocks_back() -> None:
    run = baseline(seed=1)
    assert plan_of(run).operations == {"embed a query": 40}
    assert samples_of(run).seconds("embed a query", "cpu").shape == (ROUNDS, TURNS)


# Change points and trends


def test_known_changes_are_found_where_they_are_and_noise_has_none() -> None:
    random = np.random.default_rng(4)
    steps = np.repeat([20.0, 24.0, 20.0], [25, 20, 15])
    for _ in range(5):
        found = change_points(steps * random.lognormal(0, 0.03, len(steps)))
        assert [abs(one.index - cut) <= 1 for one, cut in zip(found, (25, 45), strict=True)] == [True, True]
        assert found[0].ratio == pytest.approx(1.2, abs=0.05)
    noisy = [change_points(10 + random.standard_t(2.5, 20)) for _ in range(40)]
    assert sum(map(bool, noisy)) <= 2


@pytest.mark.parametrize("values", [[], [1.0], [1.0] * 5, [1.0] * 40])
def test_a_series_without_a_change_has_none(values: list[float]) -> None:
    assert change_points(values) == ()


def test_a_change_is_the_same_for_the_same_seed() -> None:
    values = np.concatenate([np.random.default_rng(5).normal(mean, 1, 12) for mean in (10, 13)])
    assert change_points(values) == change_points(values)
    assert len(change_points(values)) == 1


def night(day: int, p95: float, **other: Any) -> Run:
    """A load run of some day."""
    values = {"machine": {"cores": 2}, "store": {"messages": 1000 + day}, "parameters": {"users": 50, "seed": day}}
    return Run(
        "load", datetime(2026, 9, 1, tzinfo=UTC) + timedelta(days=day), versions={}, id=f"run{day}",
        figures=(Figure("p95", p95, "ms", LOWER), Figure("rate", 1000 / p95, "/s", HIGHER)), **{**values, **other},
    )  # fmt: skip


def test_a_trend_says_since_when_a_figure_is_worse_and_what_is_better() -> None:
    runs = [night(day, 20.0 + day % 3 + 6 * (day >= 12)) for day in range(24)]
    rate, p95 = sorted(trends(runs, kinds=["load"]), key=lambda one: one.figure, reverse=True)
    assert [one.index for one in p95.changes] == [12]
    assert (p95.standing, rate.standing) == (WORSE, WORSE)
    assert as_plain(p95)["changes"][0]["at"].startswith("2026-09-13")
    assert trends([*runs[12:], *runs[:12]])[0].standing == BETTER
    [text] = [line for line in trend_lines([p95]) if "load: p95" in line]
    assert "worse" in text
    assert "21 → 27" in text


def test_runs_that_cannot_be_compared_are_series_of_their_own() -> None:
    grown = [night(day, 20.0, store={"messages": int(1000 * 1.1**day)}) for day in range(10)]
    assert [len(one.points) for one in trends(grown, figures=["p9*"])] == [10]  # a store that grows slowly
    others = [
        night(1, 20.0), night(2, 20.0), night(3, 20.0, machine={"cores": 8}), night(4, 20.0, parameters={"users": 9}),
        night(5, 20.0, store={"messages": 9000}),
    ]  # fmt: skip
    assert sorted(len(one.points) for one in trends(others, figures=["p95"], fewest=1)) == [1, 1, 1, 2]


def test_a_change_below_the_threshold_is_none() -> None:
    runs = [night(day, 100.0 + 0.1 * (day % 3) + 2 * (day >= 12)) for day in range(24)]
    assert trends(runs, figures=["p95"])[0].changes == ()
    assert len(trends(runs, figures=["p95"], threshold=0.01)[0].changes) == 1


def test_a_comparison_of_noise_says_that_it_cannot_tell() -> None:
    change = {
        "workload": "w", "before_ms": 1.0, "after_ms": 1.1, "verdict": UNSURE,
        "ratio": {"estimate": 1.1, "low": 0.9, "high": 1.3, "spread": 0.1},
    }  # fmt: skip
    said = {"before": "a", "after": "b", "paired": True, "clock": "cpu", "threshold": 0.05}
    run = night(1, 1.0, parameters=said, details={"changes": [change], "remarks": []})
    text = "\n".join(comparison_lines(replace(run, figures=(Figure(REGRESSIONS, 0.0),))))
    assert "Nothing is slower by 5% or more beyond chance." in text
    assert "1 of 1 are too noisy to tell" in text
    assert "planted" not in text
