"""A load experiment in pictures. Each function takes a run of the kind "load" as it was kept, however old."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench.display.plots.distributions import (
    BLUE,
    LIGHT,
    LOGARITHMIC,
    ORANGE,
    Distribution,
    add_percentiles,
    ecdf,
    histogram,
)
from workbench.display.plots.style import INK, MUTED, figure, nothing
from workbench.experiments.load.knee import Step
from workbench.experiments.load.stages import IN_LINE, REST, WAITING
from workbench.experiments.runs import Run

_PARTS = {
    IN_LINE: "#c9d1d9", WAITING: "#9aa5b1", "filter": "#c2a100", "lexical": ORANGE, "embed": "#8e6bbf",
    "vector": BLUE, "fuse": "#357fa8", "fetch": LIGHT, "facets": "#b0496e", REST: "#5b7083",
}  # fmt: skip
_ROW_HEIGHT = 165
_GAP = {"p50": None, "p95": None, "p99": None}
Values = Callable[[Mapping[str, Any]], float | None]
Panel = tuple[str, list[float], list[float]]


def load_histogram(run: Run) -> go.Figure:
    """How many answers took how long, from when their request was due."""
    latency = _latency(run)
    if not latency["count"]:
        return _no_answers("Latency", run)
    title = f"Half of the answers took {latency['p50']:.1f} ms, 95 % {latency['p95']:.1f} ms"
    shown = Distribution("answers", BLUE, latency, run.details["histogram"])
    return histogram([shown], title, f"Share of answers by latency, {_load(run)}")


def load_ecdf(run: Run) -> go.Figure:
    """The share of answers that came within a time, from when their request was due and from its sending."""
    latency, service_time = _latency(run), run.details["run"]["service_time"]
    if not latency["count"]:
        return _no_answers("Latency", run)
    if run.details["run"]["scenario"]["mode"] == "closed":
        title = f"95 % of the answers came within {latency['p95']:.1f} ms"
        shown = [Distribution("answers", BLUE, latency, run.details["histogram"])]
    else:
        title = (
            f"95 % of the answers came within {latency['p95']:.1f} ms of their due time, "
            f"{service_time['p95']:.1f} ms of the sending"
        )
        shown = [
            Distribution("from the due time", BLUE, latency, run.details["histogram"]),
            Distribution("from the sending", ORANGE, service_time, run.details["service_time_histogram"]),
        ]
    return ecdf(shown, title, f"Share of answers within a time, {_load(run)}")


def load_over_time(run: Run) -> go.Figure:
    """Percentiles over the time of the run, above the requests due and the answers given."""
    rows = run.details["timeline"]
    if not rows:
        return _no_answers("Latency over time", run)
    p95s = [row["p95"] for row in rows if row["answers"]]
    title = f"p95 between {min(p95s):.1f} and {max(p95s):.1f} ms"
    subtitle = f"Percentiles of every {rows[0]['seconds']:.3g} s, {_load(run)}"
    fig = make_subplots(
        rows=2, shared_xaxes=True, row_heights=[0.66, 0.34], vertical_spacing=0.09,
        figure=figure(title, subtitle, height=560),
    )  # fmt: skip
    middles = [row["begin"] + row["seconds"] / 2 for row in rows]
    add_percentiles(fig, middles, [row if row["answers"] else _GAP for row in rows])
    closed = run.details["run"]["scenario"]["mode"] == "closed"
    lines = (("answers", "answered", INK, "solid"), ("due", "asked" if closed else "due", MUTED, "dot"))
    for key, name, colour, dash in lines:
        fig.add_scatter(
            x=middles, y=[row[key] / row["seconds"] for row in rows], mode="lines", name=f"{name} a second",
            line={"color": colour, "dash": dash}, row=2, col=1, hovertemplate=f"%{{y:,.0f}} {name}/s<extra></extra>",
        )  # fmt: skip
    fig.update_xaxes(title_text="seconds since the warm-up", row=2)
    fig.update_yaxes(title_text="milliseconds", rangemode="tozero", row=1)
    return fig.update_yaxes(title_text="a second", rangemode="tozero", row=2)


def load_stages(run: Run) -> go.Figure:
    """What the quick and the slow answers waited for: the mean of each part, for bands of latency."""
    bands = run.details["stages"]
    if not bands:
        return nothing("Latency by stage", "No answer told the time of its stages: all came from the cache, or none.")
    kept = run.details["run"]["cached_share"]
    left_out = f"; {kept:.0%} of the answers came from the cache and are left out" if kept else ""
    last = bands[-1]["milliseconds"]
    largest = max(last, key=lambda part: float(last[part]))
    fig = figure(
        f"The slowest answers spent most of their time in: {largest}",
        f"Mean milliseconds of each part, by percentile of latency{left_out}", height=460,
    )  # fmt: skip
    names = [f"p{band['low']:g} to p{band['high']:g}" for band in bands]
    for part in dict.fromkeys(part for band in bands for part in band["milliseconds"]):
        values = [band["milliseconds"].get(part, 0.0) for band in bands]
        if max(values) >= 0.005 * sum(last.values()):
            fig.add_bar(
                y=names, x=values, orientation="h", name=part, marker_color=_PARTS.get(part, MUTED),
                hovertemplate=f"{part}: %{{x:.2f}} ms<extra></extra>",
            )  # fmt: skip
    fig.update_layout(barmode="stack")
    fig.update_xaxes(title_text="milliseconds")
    return fig.update_yaxes(title_text="answers by latency", autorange="reversed")


def load_sweep(run: Run) -> go.Figure:
    """Latency against offered rate, with the knee and the usable capacity."""
    sweep = run.details["sweep"]
    if not sweep:
        return nothing("Latency against offered rate", "This run tried no other rates.")
    steps, knee, capacity = sweep["steps"], sweep["knee"], sweep["capacity"]
    found = [f"knee at {knee['offered']:,.0f}/s" if knee else "no knee: no rate was kept up with"]
    if capacity:
        found.append(f"up to {capacity['offered']:,.0f}/s at a p95 of {sweep['p95_limit']:g} ms")
    else:
        found.append(f"no rate at a p95 of {sweep['p95_limit']:g} ms")
    fig = figure(
        ", ".join(found).capitalize(),
        f"Latency from the due time, against the offered rate; {_corpus(run)}. Hollow: a backlog grew, or errors.",
        height=460,
    )  # fmt: skip
    add_percentiles(fig, [step["offered"] for step in steps], steps)
    fig.update_traces(marker_symbol=["circle" if _keeps_up(step) else "circle-open" for step in steps], marker_size=8)
    fig.add_hline(y=sweep["p95_limit"], line={"color": MUTED, "dash": "dash", "width": 1})
    fig.add_annotation(
        text=f"limit of p95: {sweep['p95_limit']:g} ms", x=1, xref="paper", y=math.log10(sweep["p95_limit"]), yshift=9,
        showarrow=False, xanchor="right", font={"size": 11, "color": MUTED},
    )  # fmt: skip
    for step, name, place in ((knee, "knee", 0.995), (capacity, "usable capacity", 0.925)):
        if step:
            fig.add_vline(x=step["offered"], line={"color": INK, "dash": "dot", "width": 1})
            fig.add_annotation(
                text=name, x=step["offered"], y=place, yref="paper", showarrow=False, xanchor="right", xshift=-4,
                font={"size": 11, "color": INK},
            )  # fmt: skip
    fig.update_xaxes(title_text="requests a second that were asked for", rangemode="tozero", tickformat=",")
    return fig.update_yaxes(title_text="milliseconds", **LOGARITHMIC)


def load_resources(run: Run) -> go.Figure:
    """Memory, processor, threads, files and connections of the service, and what it said of itself, over the run."""
    samples, timeline = run.details["resources"], run.details["timeline"]
    if not samples:
        return nothing("Resources", "The processes of the service were not looked at.")
    panels = [*_of_processes(samples), *_of_service(samples)]
    if run.details["cache"] != "off":
        begins = [row["begin"] + row["seconds"] / 2 for row in timeline]
        panels.append(("answers from the cache, %", begins, [100 * row["hit_share"] for row in timeline]))
    rows = (len(panels) + 1) // 2
    peak = max(one["unique"] for one in samples) / 1e6
    fig = make_subplots(
        rows=rows, cols=2, shared_xaxes="all", horizontal_spacing=0.09, vertical_spacing=0.3 / rows,
        subplot_titles=[name for name, _, _ in panels],
        figure=figure(
            f"At most {peak:,.0f} MB, {max(one['cpu'] for one in samples):.1f} cores, "
            f"{max(one['open_files'] for one in samples):,} open files",
            f"All processes of the service together, {_load(run)}", height=120 + rows * _ROW_HEIGHT,
        ),
    )  # fmt: skip
    for number, (name, x, y) in enumerate(panels):
        fig.add_scatter(
            x=x, y=y, mode="lines+markers", marker={"size": 4}, line={"color": BLUE, "width": 2}, showlegend=False,
            row=number // 2 + 1, col=number % 2 + 1, hovertemplate=f"%{{y:,.4g}} {name}<extra></extra>",
        )  # fmt: skip
    fig.update_annotations(font={"size": 12, "color": MUTED})
    fig.update_yaxes(rangemode="tozero")
    return fig.update_xaxes(title_text="seconds since the warm-up", row=rows)


def _keeps_up(step: Mapping[str, Any]) -> bool:
    return Step(**step).keeps_up


def _of_processes(samples: Sequence[Mapping[str, Any]]) -> list[Panel]:
    shown: tuple[tuple[str, Values], ...] = (
        ("memory (USS), MB", lambda one: one["unique"] / 1e6),
        ("cores", lambda one: one["cpu"]),
        ("threads", lambda one: one["threads"]),
        ("open files", lambda one: one["open_files"]),
        ("connections", lambda one: one["connections"]),
    )
    return [_panel(name, samples, value) for name, value in shown]


def _of_service(samples: Sequence[Mapping[str, Any]]) -> list[Panel]:
    """What it said of itself, if it did."""
    told = [one for one in samples if one["live"]]
    shown = (
        ("searches that wait", "queue_depth"), ("database reads under way", "database_reads"),
        ("refused since the start", "rejected"),
    )  # fmt: skip
    return [_panel(name, told, _live(key)) for name, key in shown] if told else []


def _live(key: str) -> Values:
    return lambda one: one["live"].get(key)


def _panel(name: str, samples: Sequence[Mapping[str, Any]], value: Values) -> Panel:
    found = [(one["at"], value(one)) for one in samples]
    return name, [at for at, one in found if one is not None], [one for _, one in found if one is not None]


def _latency(run: Run) -> Mapping[str, Any]:
    found: Mapping[str, Any] = run.details["run"]["latency"]
    return found


def _load(run: Run) -> str:
    return f"{run.details['label']}, {_corpus(run)}"


def _corpus(run: Run) -> str:
    return f"{run.store['messages']:,} messages, {run.machine['cores']} cores"


def _no_answers(title: str, run: Run) -> go.Figure:
    errors = sum(run.details["run"]["errors"].values())
    return nothing(title, f"Not one good answer was counted; {errors:,} requests failed.")
