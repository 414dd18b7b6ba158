"""The pieces that all pictures of latency share: a distribution as bars or as a curve, percentiles over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from workbench.display.plots.style import figure
from workbench.experiments.load.histogram import decoded

BLUE, ORANGE, LIGHT = "#0b4a70", "#c2571a", "#7fb3cf"
PERCENTILES = (("p50", LIGHT), ("p95", BLUE), ("p99", ORANGE))
_MARKED = (("p50", 50, "bottom right"), ("p95", 95, "bottom right"), ("p99", 99, "top left"))
_BARS = 60
_TICKS = [step * 10.0**power for power in range(-2, 6) for step in (1, 2, 5)]
LOGARITHMIC: dict[str, Any] = {"type": "log", "tickvals": _TICKS, "ticktext": [f"{tick:,g}" for tick in _TICKS]}


@dataclass(frozen=True, slots=True)
class Distribution:
    """One distribution with its name and colour. `latency` is plain: p50, p95, p99, max, and the curve.

    `histogram` is all of it as text, where that was kept.
    """

    name: str
    colour: str
    latency: Mapping[str, Any]
    histogram: str = ""

    @property
    def curve(self) -> tuple[Any, Any]:
        """Percentiles, and the milliseconds at them."""
        if self.histogram:
            milliseconds, percentiles = decoded(self.histogram)
        else:
            percentiles, milliseconds = np.array(self.latency["curve"]).T
        return percentiles, milliseconds


def histogram(found: Sequence[Distribution], title: str, subtitle: str) -> go.Figure:
    """How many answers took how long, on a logarithmic scale of milliseconds."""
    fig = figure(title, subtitle)
    low = min(one.curve[1][0] for one in found)
    high = max(one.latency["max"] for one in found)
    edges = np.geomspace(low * 0.999, high * 1.001, _BARS + 1)
    for one in found:
        percentiles, points = one.curve
        below = np.interp(edges, points, percentiles, left=0.0, right=100.0)
        fig.add_bar(
            x=np.sqrt(edges[:-1] * edges[1:]), y=np.diff(below), width=np.diff(edges) * 0.95, name=one.name,
            marker_color=one.colour, opacity=0.8, hovertemplate="%{x:.1f} ms: %{y:.1f} %<extra></extra>",
        )  # fmt: skip
    fig.update_layout(barmode="overlay", showlegend=len(found) > 1)
    fig.update_xaxes(title_text="milliseconds until the answer", **LOGARITHMIC)
    return fig.update_yaxes(title_text="% of answers", rangemode="tozero")


def ecdf(found: Sequence[Distribution], title: str, subtitle: str) -> go.Figure:
    """The share of answers that came within a time, with p50, p95 and p99 marked; of several, in the legend."""
    fig = figure(title, subtitle)
    alone = len(found) == 1
    for one in found:
        percentiles, points = one.curve
        told = ", ".join(f"{name} {one.latency[name]:.1f}" for name, _, _ in _MARKED)
        fig.add_scatter(
            x=points, y=percentiles, mode="lines", line_shape="hv", line_color=one.colour,
            name=f"{one.name}: {told} ms",
        )  # fmt: skip
        fig.add_scatter(
            x=[one.latency[name] for name, _, _ in _MARKED], y=[percentile for _, percentile, _ in _MARKED],
            mode="markers+text" if alone else "markers", marker={"color": one.colour, "size": 8}, showlegend=False,
            text=[f"{name} {one.latency[name]:.1f} ms" for name, _, _ in _MARKED],
            textposition=[place for _, _, place in _MARKED], textfont={"size": 11, "color": one.colour},
            hoverinfo="skip", cliponaxis=False,
        )  # fmt: skip
    fig.update_layout(showlegend=not alone)
    fig.update_xaxes(title_text="milliseconds until the answer", **LOGARITHMIC)
    return fig.update_yaxes(title_text="% of answers", range=[0, 101])


def add_percentiles(fig: go.Figure, x: Sequence[float], rows: Sequence[Mapping[str, Any]]) -> go.Figure:
    """A line for each percentile of `rows` over `x`, in milliseconds."""
    for name, shade in PERCENTILES:
        fig.add_scatter(
            x=x, y=[row[name] for row in rows], mode="lines+markers", name=name, line_color=shade,
            hovertemplate=f"{name} %{{y:.1f}} ms<extra></extra>",
        )  # fmt: skip
    return fig
