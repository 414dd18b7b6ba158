"""Other stores beside ours: latency, throughput, recall, build and size, out of a kept run of `bench peers`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench.display.plots.distributions import BLUE, ORANGE
from workbench.display.plots.style import GRID, MUTED, figure, nothing
from workbench.experiments.runs import Run

_OURS = "workbench"
_OTHER = "#8795a3"
_PERCENTILES = (("p50", "circle"), ("p95", "diamond"), ("p99", "line-ns-open"))
_RECALLS = ("circle", "diamond", "square", "triangle-up")
_ROW_HEIGHT = 30
_TICKS = [step * 10.0**power for power in range(-3, 6) for step in (1, 3)]
_LOGARITHMIC: dict[str, Any] = {"type": "log", "tickvals": _TICKS, "ticktext": [f"{tick:,g}" for tick in _TICKS]}
Peer = Mapping[str, Any]


def peers_compared(run: Run) -> go.Figure:
    """Six panels with a line for each peer that could be measured; ours on top, in blue."""
    peers = [one for one in run.details["peers"] if one["one"]]
    if not peers:
        return nothing("Peers", "No peer could be measured: the run says why.")
    most = max((crowd["clients"] for one in peers for crowd in one["crowds"]), default=1)
    fig = figure(
        _title(peers, most), f"In process, {run.store['messages']:,} messages, {run.machine['cores']} cores, "
        f"{run.made_at:%Y-%m-%d}. Latency: circle p50, diamond p95, tick p99, logarithmic.",
        height=230 + 2 * (70 + _ROW_HEIGHT * len(peers)),
    )  # fmt: skip
    titles = (
        "1 client: ms until the answer", f"{most} clients: ms until the answer", f"{most} clients: answers a second",
        _recall_title(peers), "seconds to build", "GB on disk ●, of memory ◆",
    )  # fmt: skip
    make_subplots(
        rows=2, cols=3, shared_yaxes=True, subplot_titles=titles, figure=fig, horizontal_spacing=0.035,
        vertical_spacing=0.16,
    )  # fmt: skip
    _latencies(fig, 1, [(one, one["one"]["latency"]) for one in peers])
    crowds = [(one, crowd) for one in peers for crowd in one["crowds"] if crowd["clients"] == most]
    _latencies(fig, 2, [(one, crowd["latency"]) for one, crowd in crowds])
    _bars(fig, (1, 3), [(one, crowd["per_second"]) for one, crowd in crowds])
    _recalls(fig, peers)
    _bars(fig, (2, 2), [(one, one["built"]["seconds"]) for one in peers])
    _sizes(fig, peers)
    fig.update_yaxes(autorange="reversed", gridcolor=GRID, tickfont={"size": 11})
    fig.update_xaxes(tickfont={"size": 10}, tickangle=0, nticks=6)
    fig.update_annotations(font={"size": 12, "color": MUTED}, xanchor="left", align="left")
    for note, axis in zip(fig.layout.annotations, ("", "2", "3", "4", "5", "6"), strict=False):
        note.x = fig.layout[f"xaxis{axis}"].domain[0]
    return fig.update_layout(showlegend=False, margin={"t": 128, "b": 40, "l": 190})


def _title(peers: Sequence[Peer], clients: int) -> str:
    """What is seen, without a winner: where we are among those that search by words and meaning."""
    latency = {one["name"]: crowd["latency"]["p95"] for one in peers for crowd in one["crowds"]
               if crowd["clients"] == clients}  # fmt: skip
    if _OURS not in latency:
        return f"{len(peers)} stores, the same messages and queries"
    return f"{clients} clients: ours answers 95 % within {latency[_OURS]:,.0f} ms; the same messages and queries"


def _recall_title(peers: Sequence[Peer]) -> str:
    shares = [f"{sign} {narrow['share']:.0%}" for narrow, sign in zip(peers[0]["filtered"], "◆■▲", strict=False)]
    return " ".join(["recall@10: ● all", *shares])


def _colour(one: Peer) -> str:
    return BLUE if one["name"] == _OURS else _OTHER


def _latencies(fig: go.Figure, column: int, found: Sequence[tuple[Peer, Mapping[str, float]]]) -> None:
    for one, latency in found:
        values = [latency[name] for name, _ in _PERCENTILES]
        fig.add_scatter(
            x=values, y=[one["title"]] * len(values), mode="lines+markers", line={"color": _colour(one), "width": 2},
            marker={"symbol": [symbol for _, symbol in _PERCENTILES], "size": 9,
                    "color": _colour(one), "line": {"width": 2, "color": _colour(one)}},
            hovertemplate="%{y}: %{x:,.1f} ms<extra></extra>", row=1, col=column,
        )  # fmt: skip
    fig.update_xaxes(row=1, col=column, **_LOGARITHMIC)


def _bars(fig: go.Figure, place: tuple[int, int], found: Sequence[tuple[Peer, float]]) -> None:
    row, column = place
    fig.add_bar(
        x=[value for _, value in found], y=[one["title"] for one, _ in found], orientation="h",
        marker_color=[_colour(one) for one, _ in found], text=[f"{value:,.0f}" for _, value in found],
        textposition="auto", textfont={"size": 11}, hovertemplate="%{y}: %{x:,.1f}<extra></extra>", row=row, col=column,
    )  # fmt: skip
    fig.update_xaxes(type="linear", rangemode="tozero", row=row, col=column)


def _recalls(fig: go.Figure, peers: Sequence[Peer]) -> None:
    """A shape for each filter; what is below 0.9 in orange."""
    lowest = 1.0
    for one in peers:
        points = [("all messages", one["vector"]["recall"]["mean"])]
        points += [(f"{narrow['share']:.0%} filter", narrow["recall"]["mean"]) for narrow in one["filtered"]]
        lowest = min(lowest, *(value for _, value in points))
        fig.add_scatter(
            x=[value for _, value in points], y=[one["title"]] * len(points), mode="markers",
            marker={"symbol": _RECALLS[: len(points)], "size": 9, "opacity": 0.85,
                    "color": [ORANGE if value < 0.9 else _colour(one) for _, value in points]},
            text=[name for name, _ in points], hovertemplate="%{y}, %{text}: %{x:.3f}<extra></extra>", row=2, col=1,
        )  # fmt: skip
    fig.update_xaxes(range=[min(0.8, lowest) - 0.03, 1.03], row=2, col=1)


def _sizes(fig: go.Figure, peers: Sequence[Peer]) -> None:
    for one in peers:
        values = [one["built"]["bytes"] / 1e9, one["memory"] / 1e9]
        fig.add_scatter(
            x=values, y=[one["title"]] * 2, mode="markers", marker={"symbol": ["circle", "diamond"], "size": 9,
            "color": _colour(one)}, hovertemplate="%{y}: %{x:.2f} GB<extra></extra>", row=2, col=3,
        )  # fmt: skip
    fig.update_xaxes(rangemode="tozero", row=2, col=3)
