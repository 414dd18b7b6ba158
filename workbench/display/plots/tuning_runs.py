"""Tuning over time: how fast a search for parameters gets there, and many runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench.display.plots.style import GRID, INK, MUTED, PAPER, TEMPLATE, count, figure, nothing
from workbench.display.plots.tuning_values import CHOSEN, MEASURES, OTHER, PRESENT, described, finalist, title_of
from workbench.experiments.runs import Run

_LINES = (CHOSEN, "#d98c2b", "#8e6bbf", "#2f855a", "#b0496e", "#5b7083")
_CLOSE = 0.05  # of the best of an exhaustive grid
_QUARTER = 0.25
_ROW = 34  # pixels
_MOST = 40  # runs in one picture


def tuning_progress(runs: Run | Sequence[Run]) -> go.Figure:
    """The best score so far against the evaluations spent, a line a run.

    Where another run tried the whole grid of the last one, on the same store and queries, the zone is shown that is
    within 5 % of its best and a quarter of its cost.
    """
    every = [runs] if isinstance(runs, Run) else list(runs)
    every = [run for run in every if run.details["path"]]
    if not every:
        return nothing("Progress", "No run of tuning to show.")
    last = every[-1]
    score, spent = last.details["path"][-1][1], last.details["effort"]["full_evaluations"]
    fig = figure(
        f"{title_of(last)}: score {score:.4f} after {spent:.3g} evaluations; the whole grid has "
        f"{last.details['effort']['grid']:,}",
        "Best score so far, on all queries for choosing, against queries asked in evaluations of all of them. "
        f"{described(last)}",
        height=440,
    )
    for run, colour in zip(every, _cycle(len(every)), strict=True):
        path = [*run.details["path"], (run.details["effort"]["full_evaluations"], run.details["path"][-1][1])]
        x, y = zip(*path, strict=True)
        name = f"{run.details['plan']['strategy']}, {title_of(run)}"
        fig.add_scatter(
            x=list(x), y=list(y), mode="lines+markers", line={"shape": "hv", "color": colour, "width": 2.4},
            marker={"size": 6}, name=escape(name), hovertemplate="%{x:.2f} evaluations: %{y:.4f}<extra></extra>",
        )  # fmt: skip
    _add_goal(fig, every)
    fig.update_layout(hovermode="closest")
    fig.update_xaxes(title_text="evaluations of all queries", rangemode="tozero")
    return fig.update_yaxes(title_text="best score so far", tickformat=".3~f")


def tuning_runs(runs: Sequence[Run], *, measure: str = "ndcg@10") -> go.Figure:
    """Runs in one picture, the oldest on top: the gain of each winner, its quality, and its CPU time before and after.

    The winner of each run is compared with the profile that was present, on queries that chose nothing.
    """
    every = sorted(runs, key=lambda run: run.made_at)[-_MOST:]
    if not every:
        return nothing("Runs of tuning", "There is no run of tuning yet.")
    better = sum(run.details["outcome"] == "better" for run in every)
    fig = make_subplots(
        cols=3, shared_yaxes=True, horizontal_spacing=0.03,
        subplot_titles=("gain in score", MEASURES[measure], "CPU ms a query"),
    )  # fmt: skip
    fig.update_layout(
        template=TEMPLATE, height=240 + _ROW * len(every), showlegend=True,
        title={
            "text": f"{better} of {count(len(every), 'run')} found something better than what was in use",
            "subtitle": {
                "text": "Winner (blue) against the profile present at the time (orange), on held-out queries. Bars: "
                "95 %. Filled: beyond chance."
            },
        },
    )  # fmt: skip
    rows = list(range(len(every)))
    _add_gain(fig, every, rows)
    _add_before_and_after(fig, every, rows, measure)
    labels = [_row_label(run) for run in every]
    fig.update_yaxes(tickvals=rows, ticktext=labels, range=[len(every) - 0.5, -0.5], showgrid=False, zeroline=False)
    fig.update_xaxes(gridcolor=GRID)
    fig.update_annotations(font={"size": 12, "color": MUTED}, yshift=2)
    fig.update_layout(legend={"y": -0.12 - 0.5 / len(every), "yanchor": "top"}, margin_t=120, margin_b=90)
    return fig


def _add_gain(fig: go.Figure, every: Sequence[Run], rows: Sequence[int]) -> None:
    gains = [finalist(run, "best")["gain"] for run in every]
    sure = [run.details["outcome"] in ("better", "worse") for run in every]
    colours = [CHOSEN if gain["mean"] >= 0 else PRESENT for gain in gains]
    fig.add_vline(x=0, line={"color": MUTED, "width": 1}, row=1, col=1)
    fig.add_scatter(
        x=[gain["mean"] for gain in gains], y=list(rows), mode="markers", showlegend=False, row=1, col=1,
        error_x=_bars(gains), cliponaxis=False,
        marker={
            "size": 11, "line": {"color": colours, "width": 2}, "opacity": 1,
            "color": [colour if known else PAPER for colour, known in zip(colours, sure, strict=True)],
        },
        customdata=[(gain["low"], gain["high"]) for gain in gains],
        hovertemplate="%{x:+.4f} (%{customdata[0]:+.4f} to %{customdata[1]:+.4f})<extra></extra>",
    )  # fmt: skip


def _add_before_and_after(fig: go.Figure, every: Sequence[Run], rows: Sequence[int], measure: str) -> None:
    pairs = [[finalist(run, name)["trial"] for name in ("present", "best")] for run in every]
    for row, (present, best) in zip(rows, pairs, strict=True):
        lines = ((2, *(one["figures"][measure]["mean"] for one in (present, best))),
                 (3, present["cpu_ms"], best["cpu_ms"]))  # fmt: skip
        for column, before, after in lines:
            fig.add_scatter(
                x=[before, after], y=[row, row], mode="lines", line={"color": OTHER, "width": 2}, showlegend=False,
                hoverinfo="skip", row=1, col=column,
            )  # fmt: skip
    for which, name, colour in ((0, "present", PRESENT), (1, "chosen", CHOSEN)):
        mine = [pair[which] for pair in pairs]
        values = [one["figures"][measure] for one in mine]
        common: dict[str, Any] = {
            "y": list(rows), "mode": "markers", "name": name, "legendgroup": name, "row": 1,
            "marker": {"size": 10, "color": colour},
        }  # fmt: skip
        fig.add_scatter(
            x=[one["mean"] for one in values], col=2, error_x=_bars(values, colour), **common,
            hovertemplate=f"{name}: %{{x:.3f}}<extra></extra>",
        )  # fmt: skip
        fig.add_scatter(
            x=[one["cpu_ms"] for one in mine], col=3, showlegend=False, **common,
            hovertemplate=f"{name}: %{{x:.2f}} ms<extra></extra>",
        )  # fmt: skip


def _add_goal(fig: go.Figure, every: Sequence[Run]) -> None:
    """Within 5 % of the best of the whole grid, in a quarter of its evaluations."""
    grids = [run for run in every[:-1] if _is_grid(run) and _task(run) == _task(every[-1])]
    if not grids or _is_grid(every[-1]):
        return
    top = max(run.details["path"][-1][1] for run in grids)
    size = max(run.details["effort"]["grid"] for run in grids)
    fig.add_shape(
        type="rect", x0=0, x1=_QUARTER * size, y0=top - _CLOSE * abs(top), y1=top, fillcolor="#2f855a", opacity=0.1,
        line_width=0, layer="below",
    )  # fmt: skip
    fig.add_annotation(
        x=0, y=top, text="within 5 % of the best, in a quarter of the grid's evaluations", showarrow=False,
        xanchor="left", yanchor="bottom", font={"size": 11, "color": "#2f855a"},
    )  # fmt: skip


def _is_grid(run: Run) -> bool:
    effort = run.details["effort"]
    return bool(effort["full_evaluations"] >= effort["grid"])


def _task(run: Run) -> tuple[Any, ...]:
    """What has to be the same for scores to be compared."""
    plan = run.details["plan"]
    asked = (run.details["queries"]["source"], sum(run.details["queries"]["chosen_on"].values()), plan["seed"])
    return run.store, {name: list(values) for name, values in plan["space"].items()}, plan["objective"], asked


def _row_label(run: Run) -> str:
    what = run.details["plan"]["strategy"]
    name = f"<b>{escape(run.name)}</b>" if run.name else "unnamed"
    small = f"{run.made_at:%d %b %Y %H:%M}, {run.store['messages']:,} messages"
    return f"{name}, {what}<br><span style='color:{MUTED};font-size:11px'>{small}</span>"


def _bars(values: Sequence[Any], colour: str = INK) -> dict[str, Any]:
    return {
        "type": "data", "symmetric": False, "color": colour, "thickness": 1.2, "width": 0,
        "array": [one["high"] - one["mean"] for one in values],
        "arrayminus": [one["mean"] - one["low"] for one in values],
    }  # fmt: skip


def _cycle(number: int) -> list[str]:
    return [_LINES[at % len(_LINES)] for at in range(number)]
