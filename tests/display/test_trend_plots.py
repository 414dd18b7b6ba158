"""Pictures of comparisons and trends say what the runs say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from workbench.display import plots
from workbench.experiments.baseline import REGRESSIONS, trends
from workbench.experiments.runs import LOWER, Figure, Run

AT = datetime(2026, 9, 1, tzinfo=UTC)


def comparison(*verdicts: str) -> Run:
    changes = [
        {"workload": f"work {place}", "before_ms": 1.0, "after_ms": 1.2, "verdict": verdict,
         "ratio": {"estimate": 1.2, "low": 1.1, "high": 1.3, "spread": 0.01}}
        for place, verdict in enumerate(verdicts)
    ]  # fmt: skip
    said = {"before": "old", "after": "new", "threshold": 0.05}
    figures = (Figure(REGRESSIONS, verdicts.count("slower")),)
    return Run("comparison", AT, {}, {}, {}, said, figures, details={"changes": changes, "remarks": []})


def test_a_forest_plot_has_an_interval_for_each_workload_and_says_the_outcome() -> None:
    run = comparison("slower", "unsure")
    fig = plots.effect_sizes(run)
    assert fig.layout.title.text == "new against old: 1 slower of 2"
    intervals = [trace for trace in fig.data if trace.mode == "lines"]
    assert [list(trace.x) for trace in intervals] == [[1.1, 1.3]] * 2
    marks = [trace.marker.symbol for trace in fig.data if trace.mode == "markers"]
    assert marks == ["circle", "circle-open", "circle-open"]  # the last one is the legend's
    assert list(fig.layout.yaxis.ticktext) == ["work 0", "work 1"]
    planted = replace(run, figures=())
    assert plots.effect_sizes(run, planted).layout.title.text.endswith("1 slower of 2, as was planted")
    assert "no change beyond chance" in plots.effect_sizes(comparison("same")).layout.title.text
    assert "no comparison" in plots.effect_sizes().layout.annotations[0].text


def test_a_trend_shows_each_run_and_each_change() -> None:
    values = [20.0 + day % 3 + 6 * (day >= 12) for day in range(24)]
    runs = [
        Run("load", AT + timedelta(days=day), {}, {}, {}, {}, (Figure("p95", value, "ms", LOWER),), id=f"r{day}")
        for day, value in enumerate(values)
    ]
    fig = plots.trend(trends(runs)[0])
    assert list(fig.data[0].y) == values
    assert fig.layout.title.text == "“p95” changed by +29 % on 13 September 2026, worse"
    assert [list(trace.y) for trace in fig.data[1:]] == [[21.0, 21.0], [27.0, 27.0]]
    assert fig.layout.annotations[0].text.startswith("+29 %")
    assert "too few runs" in plots.trend(trends(runs[:4])[0]).layout.title.text


def test_the_noise_of_blocks_is_drawn_alone_and_relative() -> None:
    machine = np.repeat([1.0, 1.5], 6)  # it becomes slower half-way: the reference sees it, too
    rows = [[place // 4, place % 4, 0.008 * slow, 0.01, 0.003 * slow, 0.003] for place, slow in enumerate(machine)]
    run = Run("baseline", AT, {}, {}, {}, {}, (), details={"blocks": {"work": rows}})
    fig = plots.block_noise(run, "work")
    alone, relative = fig.data
    assert np.ptp(alone.y) > 30
    assert np.ptp(relative.y) < 1e-6
    assert "12 blocks in 3 rounds" in fig.layout.title.subtitle.text
