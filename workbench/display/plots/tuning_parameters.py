"""How quality depends on the parameters: over one of them, over two, and what each of them does by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go

from workbench.display.plots.style import GRID, MUTED, SCALE, count, figure, nothing
from workbench.display.plots.tuning_values import (
    CHOSEN,
    MEASURES,
    OTHER,
    PRESENT,
    Trial,
    comparable_trials,
    described,
    finalist,
    full_trials,
    hover,
    label,
    shown,
    varied,
    winner,
)
from workbench.experiments.runs import Run
from workbench.experiments.tuning.effects import Effect, main_effects

_KINDS = ("#d98c2b", "#8e6bbf", "#2f855a", "#b0496e", "#5b7083", "#c2a100")


def tuning_curve(run: Run, *, parameter: str = "alpha", measure: str = "ndcg@10") -> go.Figure:
    """A measure over the values of one parameter, all others as in the winner; of all queries and of each kind."""
    cut = _slice(run, parameter)
    name = MEASURES[measure]
    if len(cut) < 2:
        return nothing(
            f"{name} over {parameter}", f"Fewer than two values of {parameter} were tried beside the winner."
        )
    best = max(cut, key=lambda one: one["figures"][measure]["mean"])
    top = best["figures"][measure]
    alike = [one for one in cut if one["figures"][measure]["mean"] >= top["low"]]
    low, high = (shown(one["parameters"][parameter]) for one in (alike[0], alike[-1]))
    fig = figure(
        f"{name} is highest at {parameter} {shown(best['parameters'][parameter])}"
        + (f"; from {low} to {high} it lies within the interval" if len(alike) > 1 else ""),
        f"All else as in the best trial; {described(run)}. Band: 95 % over queries; paired differences are surer.",
        height=440,
    )
    xs = [shown(one["parameters"][parameter]) for one in cut]
    if all(isinstance(one["parameters"][parameter], (int, float)) for one in cut):
        xs = [one["parameters"][parameter] for one in cut]
    _add_band(fig, xs, [one["figures"][measure] for one in cut])
    for kind, colour in zip(sorted(cut[0]["by_kind"]), _KINDS, strict=False):
        _add_line(fig, xs, [one["by_kind"].get(kind, {}).get(measure) for one in cut], kind, colour, width=1.6)
    _add_line(fig, xs, [one["figures"][measure] for one in cut], "all queries", CHOSEN, width=3)
    present = finalist(run, "present")["trial"]["parameters"].get(parameter)
    if present in [one["parameters"][parameter] for one in cut]:
        _mark(fig, present if xs[0] is not str(xs[0]) else shown(present), "present")
    fig.update_layout(hovermode="x unified")
    fig.update_xaxes(title_text=parameter, showgrid=False, tickvals=xs)
    return fig.update_yaxes(title_text=name, tickformat=".2f")


def tuning_surface(run: Run, *, x: str = "alpha", y: str | None = None, measure: str = "ndcg@10") -> go.Figure:
    """A measure over two parameters as a heat map of the best trials; `y` is by default that of most values."""
    others = [name for name in varied(run) if name != x]
    space = run.details["plan"]["space"]
    y = y or max(others, key=lambda name: len(space[name]), default=None)
    tried, name = full_trials(run), MEASURES[measure]
    if y is None or x not in varied(run):
        return nothing(f"{name} over two parameters", f"{x} was not tried together with another parameter.")
    columns, rows = sorted(space[x]), sorted(space[y], key=lambda value: (isinstance(value, str), value))
    cells = {(one["parameters"][x], one["parameters"][y]): one for one in sorted(tried, key=lambda one: one["score"])}
    grid = [[cells.get((column, row)) for column in columns] for row in rows]
    best = winner(run)
    fig = figure(
        f"Best score with {label(best['parameters'], (x, y))}: {name} {best['figures'][measure]['mean']:.3f}",
        f"Best trial of each cell; {described(run)}. Outlined: chosen. Empty: not tried on all queries.",
        height=200 + 44 * max(4, len(rows)),
    )
    fig.add_heatmap(
        z=[[one and one["figures"][measure]["mean"] for one in row] for row in grid],
        x=[shown(one) for one in columns], y=[shown(one) for one in rows], colorscale=SCALE, xgap=2, ygap=2,
        text=[[f"{one['figures'][measure]['mean']:.3f}" if one else "" for one in row] for row in grid],
        texttemplate="%{text}", hovertext=[[hover(run, one) if one else "not tried" for one in row] for row in grid],
        hovertemplate="%{hovertext}<extra></extra>", colorbar={"thickness": 10, "outlinewidth": 0, "tickformat": ".2f"},
    )  # fmt: skip
    at, up = columns.index(best["parameters"][x]), rows.index(best["parameters"][y])
    fig.add_shape(
        type="rect", x0=at - 0.5, x1=at + 0.5, y0=up - 0.5, y1=up + 0.5, line={"color": PRESENT, "width": 3}
    )  # fmt: skip
    fig.update_xaxes(type="category", title_text=x, showgrid=False)
    return fig.update_yaxes(type="category", title_text=y, showgrid=False)


def tuning_effects(run: Run, *, of: str = "score") -> go.Figure:
    """What each value of each parameter adds to the score (or a measure, or "cpu_ms"), by an additive model."""
    tried = comparable_trials(run)
    found = main_effects([_space_of(run, one) for one in tried], [_figure(one, of) for one in tried])
    if not found:
        return nothing("Effect of each parameter", "No parameter was tried with several values.")
    names = sorted({one.parameter for one in found}, key=lambda name: -_reach(found, name))
    shares = {one["share"] for one in tried}
    unit = " ms" if of == "cpu_ms" else ""
    fig = figure(
        f"{names[0]} moves the {_word(of)} most, by {_reach(found, names[0]):.3f}{unit} between its values",
        f"What a value adds, others held equal; {count(len(tried), 'trial')} on {max(shares):.0%} of the queries. "
        "Bars: two standard errors over trials. Grey: nothing shown.",
        height=180 + 24 * len(found),
    )
    rows = [one for name in names for one in found if one.parameter == name]
    fig.add_vline(x=0, line={"color": MUTED, "width": 1})
    _add_effects(fig, rows, better=-1 if of == "cpu_ms" else 1)
    fig.update_layout(showlegend=False)
    fig.update_xaxes(title_text=f"added to the {_word(of)}{unit and ' (ms)'}", tickformat="+.3~f", gridcolor=GRID)
    return fig.update_yaxes(type="category", showgrid=False, autorange="reversed")


def _slice(run: Run, parameter: str) -> list[Trial]:
    """Full trials that differ from the winner in `parameter` only, by its value, each value once."""
    best = winner(run)["parameters"]
    rest = {name: value for name, value in best.items() if name != parameter}
    cut = {
        one["parameters"][parameter]: one
        for one in full_trials(run)
        if parameter in one["parameters"] and {**one["parameters"], parameter: None} == {**rest, parameter: None}
    }
    return [cut[value] for value in sorted(cut, key=lambda value: (isinstance(value, str), value))]


def _add_band(fig: go.Figure, xs: Sequence[Any], values: Sequence[Mapping[str, float]]) -> None:
    fig.add_scatter(
        x=[*xs, *xs[::-1]], y=[*(one["high"] for one in values), *(one["low"] for one in values[::-1])], mode="none",
        fill="toself", fillcolor=CHOSEN, opacity=0.13, showlegend=False, hoverinfo="skip",
    )  # fmt: skip


def _add_line(
    fig: go.Figure, xs: Sequence[Any], values: Sequence[Mapping[str, float] | None], name: str, colour: str, *,
    width: float,
) -> None:  # fmt: skip
    fig.add_scatter(
        x=list(xs), y=[one and one["mean"] for one in values], name=name, mode="lines+markers",
        line={"color": colour, "width": width}, marker={"size": 5 + width},
        customdata=[(one["low"], one["high"]) if one else (None, None) for one in values],
        hovertemplate=f"{name}: %{{y:.3f}} (%{{customdata[0]:.3f}} to %{{customdata[1]:.3f}})<extra></extra>",
    )  # fmt: skip


def _mark(fig: go.Figure, at: Any, text: str) -> None:
    fig.add_vline(x=at, line={"color": PRESENT, "width": 1, "dash": "dot"})
    fig.add_annotation(
        x=at, y=0, yref="paper", text=text, showarrow=False, xanchor="left", yanchor="bottom", xshift=4,
        font={"size": 11, "color": PRESENT},
    )  # fmt: skip


def _add_effects(fig: go.Figure, rows: Sequence[Effect], *, better: int) -> None:
    known = [one.low is not None for one in rows]
    fig.add_scatter(
        x=[one.effect for one in rows],
        y=[f"{escape(one.parameter)} <b>{escape(shown(one.value))}</b>" for one in rows], mode="markers",
        marker={"size": 10, "color": [_colour(one, better) for one in rows]},
        error_x={
            "type": "data", "color": MUTED, "thickness": 1.4, "width": 0,
            "array": [one.high - one.effect if one.high is not None else 0.0 for one in rows],
        },
        customdata=[(one.low, one.high, one.trials) for one in rows],
        hovertemplate=[
            "%{x:+.4f}" + (" (%{customdata[0]:+.4f} to %{customdata[1]:+.4f})" if sure else "")
            + ", %{customdata[2]} trials<extra></extra>"
            for sure in known
        ],
    )  # fmt: skip


def _colour(one: Effect, better: int) -> str:
    """Grey where the interval has nothing in it."""
    if one.low is not None and one.high is not None and one.low <= 0.0 <= one.high:
        return OTHER
    return CHOSEN if better * one.effect >= 0 else PRESENT


def _reach(found: Sequence[Effect], name: str) -> float:
    values = [one.effect for one in found if one.parameter == name]
    return max(values) - min(values)


def _space_of(run: Run, trial: Trial) -> dict[str, Any]:
    return {name: trial["parameters"].get(name) for name in varied(run)}


def _figure(trial: Trial, of: str) -> float:
    return float(trial[of] if of in ("score", "cpu_ms", "p95_ms") else trial["figures"][of]["mean"])


def _word(of: str) -> str:
    return {"score": "score", "cpu_ms": "CPU time", "p95_ms": "p95"}.get(of, MEASURES.get(of, of))
