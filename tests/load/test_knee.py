"""The knee and the usable capacity, where queueing theory knows them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.experiments.load.histogram import Latency
from workbench.experiments.load.knee import Step, knee, usable_capacity
from workbench.experiments.load.scenario import LoadRun, Scenario
from workbench.experiments.load.sweep import ladder_of, sweep

TWENTY = math.log(20)  # p95 of an exponential distribution, in means


def step(offered: float, mean_seconds: float, *, backlog: int = 0, errors: int = 0) -> Step:
    """A step of ten seconds whose response times are exponential."""
    mean = mean_seconds * 1000
    return Step(
        offered, offered - backlog / 10, mean, mean * math.log(2), mean * TWENTY, mean * math.log(100), errors,
        round(offered * 10), backlog,
    )  # fmt: skip


@given(service_rate=st.floats(10.0, 10_000.0))
def test_the_knee_of_m_m_1_is_at_half_the_service_rate(service_rate: float) -> None:
    rates = service_rate * np.linspace(0.05, 0.95, 19)
    found = knee([step(rate, 1 / (service_rate - rate)) for rate in rates.tolist()])
    assert found is not None
    assert found.offered == pytest.approx(service_rate / 2)


@given(service_rate=st.floats(10.0, 10_000.0))
def test_the_knee_of_m_d_1_is_at_two_minus_the_root_of_two_of_it(service_rate: float) -> None:
    used = np.linspace(0.005, 0.995, 199)
    mean = (1 + used / (2 * (1 - used))) / service_rate  # Pollaczek and Khinchine
    found = knee([step(rate, m) for rate, m in zip((used * service_rate).tolist(), mean.tolist(), strict=True)])
    assert found is not None
    assert found.offered / service_rate == pytest.approx(2 - math.sqrt(2), abs=0.005)


def test_what_is_not_kept_up_with_is_neither_knee_nor_capacity() -> None:
    good, behind, failing = step(10.0, 0.01), step(20.0, 0.001, backlog=50), step(15.0, 0.001, errors=1)
    assert knee([behind, failing, good]) == usable_capacity([behind, failing, good], 50.0) == good
    assert knee([behind]) is None
    assert usable_capacity([behind], 50.0) is None


def test_a_rate_beyond_one_that_was_too_slow_does_not_count() -> None:
    steps = [step(10.0, 0.010), step(20.0, 0.018), step(30.0, 0.012)]
    assert usable_capacity(steps, 50.0) == steps[0]


def test_a_sweep_finds_the_usable_capacity_of_m_m_1_with_few_steps() -> None:
    """Of 1,000 a second with a p95 of at most 20 ms: 1,000 - ln 20 / 0.02."""
    asked: list[float] = []

    def probe(rate: float) -> LoadRun:
        asked.append(rate)
        kept_up = min(rate, 1_000.0)
        mean = 1000 / (1_000.0 - rate) if rate < 1_000.0 else 5_000.0
        latency = Latency(100, mean * math.log(2), 0.0, mean * TWENTY, mean * math.log(100), 0.0, mean * 9, mean)
        return LoadRun(
            Scenario(50, mode="rate", rate=rate), "m/m/1", kept_up, latency, latency, (), {}, 100, 0.0, 0.0, 0.0, 0.0,
            50, (), False, 0.0, 0.0, "", 10.0,
        )  # fmt: skip

    found = sweep(probe, 1_000.0, steps=12, p95_limit=20.0)
    assert found.capacity is not None
    assert found.capacity.offered == pytest.approx(1_000 - TWENTY / 0.02, rel=0.03)
    assert len(asked) <= 12
    assert [one.offered for one in found.steps] == sorted(asked)
    assert asked[:8] == pytest.approx(ladder_of(1_000.0, 8))
    assert not found.steps[-1].keeps_up
