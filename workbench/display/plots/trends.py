"""Has something become slower, and since when: pictures of baselines, comparisons and trends, out of stored runs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go

from workbench.display.plots.style import GRID, MUTED, count, figure, nothing
from workbench.experiments.baseline import BETTER, REGRESSIONS, WORSE, Series, samples_of
from workbench.experiments.runs import Run

_SLOWER, _FASTER, _SAME, _BAND = "#b3261e", "#2e7d4f", "#66727f", "#f3f6f9"
_COLOURS = {"slower": _SLOWER, "faster": _FASTER, "same": _SAME, "unsure": _SAME}
_DIRECTIONS = {WORSE: _SLOWER, BETTER: _FASTER}
_LINE = "#0b4a70"
_ROW, _AROUND = 34, 200  # pixels
_FEWEST = 10  # runs of a series in which a change can be told from chance
_SYMBOLS = ("circle", "diamond", "square", "triangle-up")
_TICKS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.5, 1.75, 2.0, 2.5, 3.0)


def effect_sizes(*comparisons: Run) -> go.Figure:
    """A forest plot of comparisons: for each workload the ratio of after to before, with its interval.

    The shaded band is the threshold. A mark is filled where the change is beyond it and beyond chance.
    """
    if not comparisons:
        return nothing("Comparisons", "There is no comparison to draw.")
    workloads = list(dict.fromkeys(one["workload"] for run in comparisons for one in run.details["changes"]))
    fig = figure(
        _outcome(comparisons[-1]),
        "Time of one operation, after against before, with 95 % intervals for all workloads together",
        height=_AROUND + _ROW * len(workloads) * len(comparisons),
    )
    threshold = comparisons[-1].parameters["threshold"]
    fig.add_vrect(x0=1 / (1 + threshold), x1=1 + threshold, fillcolor=_BAND, line_width=0, layer="below")
    fig.add_vline(x=1, line={"color": MUTED, "width": 1})
    for place, run in enumerate(comparisons):
        _add_intervals(fig, run, workloads, place, len(comparisons))
    lows = [one["ratio"]["low"] for run in comparisons for one in run.details["changes"]]
    highs = [one["ratio"]["high"] for run in comparisons for one in run.details["changes"]]
    ends = [max(0.4, min(0.85, *lows) * 0.97), min(3.5, max(1.25, *highs) * 1.03)]
    ticks = [tick for tick in _TICKS if ends[0] <= tick <= ends[1]]
    fig.update_xaxes(
        type="log", range=np.log10(ends).tolist(), tickvals=ticks, ticktext=[_percent(tick) for tick in ticks],
        title_text="change of the time that one operation takes: to the right of 0 % it became slower",
    )  # fmt: skip
    return fig.update_yaxes(
        tickvals=list(range(len(workloads))), ticktext=workloads, range=[len(workloads) - 0.5, -0.5], gridcolor="white"
    )


def block_noise(baseline: Run, workload: str) -> go.Figure:
    """All blocks of a workload in the order they were measured: alone, and relative to the reference beside them.

    Both are drawn relative to their own median. Where the machine becomes slower for a while both rise in the first
    and not in the second.
    """
    samples = samples_of(baseline)
    seconds, beside = samples.seconds(workload, "cpu"), samples.reference(workload, "cpu")
    ratios = seconds / beside
    alone, relative = (100 * (values / np.median(values) - 1) for values in (seconds, ratios))
    spreads = [float(np.median(np.abs(values - np.median(values)))) for values in (alone, relative)]
    fig = figure(
        f"Half of the blocks are within {spreads[0]:.1f} % of their median, relative ones within {spreads[1]:.1f} %",
        f"Processor time of “{workload}”: {count(seconds.size, 'block')} in {count(len(seconds), 'round')} of fresh "
        "processes",
    )
    order = np.arange(seconds.size)
    for name, values, colour in (("alone", alone, "#c2571a"), ("relative to the reference", relative, _LINE)):
        fig.add_scatter(
            x=order, y=values.ravel(), mode="markers", name=name, marker={"color": colour, "size": 7, "opacity": 0.75},
            hovertemplate="block %{x}: %{y:+.1f} %<extra></extra>",
        )  # fmt: skip
    for edge in range(seconds.shape[1], seconds.size, seconds.shape[1]):
        fig.add_vline(x=edge - 0.5, line={"color": GRID, "width": 1})
    fig.update_xaxes(title_text="block, in the order measured; lines stand between rounds", showgrid=False)
    return fig.update_yaxes(title_text="difference from the median", ticksuffix=" %")


def trend(series: Series) -> go.Figure:
    """One figure over the runs, with the median of each part between changes, and each change with its size."""
    values = [point.value for point in series.points]
    fig = figure(
        _sentence(series), f"{series.kind}: {series.figure}, {count(len(values), 'run')}, {series.label}", height=380
    )
    order = list(range(len(values)))
    fig.add_scatter(
        x=order, y=values, mode="markers", marker={"color": _LINE, "size": 8}, name="run",
        customdata=[[f"{point.at:%Y-%m-%d %H:%M}", point.name or point.run] for point in series.points],
        hovertemplate=f"%{{customdata[1]}}<br>%{{customdata[0]}} UTC: %{{y:.4g}} {series.unit}<extra></extra>",
    )  # fmt: skip
    edges = [0, *(change.index for change in series.changes), len(values)]
    for start, end in pairwise(edges):
        middle = float(np.median(values[start:end]))
        fig.add_scatter(
            x=[start - 0.4, end - 0.6], y=[middle, middle], mode="lines", line={"color": MUTED, "width": 2},
            showlegend=False, hoverinfo="skip",
        )  # fmt: skip
    for change in series.changes:
        colour = _DIRECTIONS.get(series.direction(change), MUTED)
        fig.add_vline(
            x=change.index - 0.5, line={"color": colour, "width": 1.5, "dash": "dot"},
            annotation={"text": f"{_percent(change.ratio)}, p {change.p:.3f}", "font": {"color": colour, "size": 12}},
            annotation_position="top right",
        )  # fmt: skip
    step = max(1, len(values) // 8)
    fig.update_xaxes(
        tickvals=order[::step], ticktext=[f"{series.points[place].at:%d %b<br>%H:%M}" for place in order[::step]],
        showgrid=False, range=[-0.8, len(values) - 0.2],
    )  # fmt: skip
    low, high = min(values), max(values)
    room = 0.25 * (high - low) or abs(high) * 0.1 or 1.0
    fig.update_layout(showlegend=False)
    return fig.update_yaxes(title_text=series.unit, range=[low - room, high + room])


def _add_intervals(fig: go.Figure, run: Run, workloads: Sequence[str], place: int, runs: int) -> None:
    for one in run.details["changes"]:
        ratio, verdict = one["ratio"], one["verdict"]
        row = workloads.index(one["workload"]) + (place - (runs - 1) / 2) * 0.6 / runs
        colour = _COLOURS[verdict]
        symbol = _SYMBOLS[place % len(_SYMBOLS)] + "-open" * (verdict not in ("slower", "faster"))
        fig.add_scatter(
            x=[ratio["low"], ratio["high"]], y=[row, row], mode="lines", line={"color": colour, "width": 2},
            hoverinfo="skip", showlegend=False,
        )  # fmt: skip
        fig.add_scatter(
            x=[ratio["estimate"]], y=[row], mode="markers", showlegend=False,
            marker={"color": colour, "size": 11, "symbol": symbol, "line": {"color": colour, "width": 2}},
            hovertemplate=f"{one['workload']}: {ratio['estimate']:.3f} ({ratio['low']:.3f} to {ratio['high']:.3f})"
            f"<br>{one['before_ms']:.3f} → {one['after_ms']:.3f} ms, {verdict}<extra></extra>",
        )  # fmt: skip
    fig.add_scatter(
        x=[None], y=[None], mode="markers", name=_name(run),
        marker={"color": MUTED, "size": 11, "symbol": f"{_SYMBOLS[place % len(_SYMBOLS)]}-open", "line": {"width": 2}},
    )  # fmt: skip


def _name(run: Run) -> str:
    parameters = run.parameters
    return f"{parameters['after']} against {parameters['before']}"


def _outcome(run: Run) -> str:
    changes = run.details["changes"]
    slower, faster = (sum(one["verdict"] == verdict for one in changes) for verdict in ("slower", "faster"))
    if not slower and not faster:
        return f"{_name(run)}: no change beyond chance"
    said = [f"{number} slower" for number in (slower,) if number] + [
        f"{number} faster" for number in (faster,) if number
    ]
    planted = ", as was planted" if run.figure(REGRESSIONS) is None and slower else ""
    return f"{_name(run)}: {' and '.join(said)} of {len(changes)}{planted}"


def _sentence(series: Series) -> str:
    if len(series.points) < _FEWEST:
        return f"“{series.figure}”: too few runs to tell a change from chance"
    if not series.changes:
        return f"“{series.figure}” has not changed beyond chance"
    last = series.changes[-1]
    return (
        f"“{series.figure}” changed by {_percent(last.ratio)} on {series.points[last.index].at:%d %B %Y}"
        + f", {series.direction(last)}" * (series.direction(last) in _DIRECTIONS)
    )


def _percent(ratio: float) -> str:
    """0.9 as "−10 %"."""
    change = round(100 * (ratio - 1))
    return f"{'+' if change > 0 else '−' if change < 0 else ''}{abs(change)} %"
