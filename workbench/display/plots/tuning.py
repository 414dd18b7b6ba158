"""What tuning found: recall against cost, and where the time of a query goes.

Each picture is of one kept run (`experiments.runs.RunHistory(folder).find("latest", "tuning")`), of today or of old.
Trials are measured on the queries for choosing; the present profile and the chosen one are measured again, side by
side, on queries that chose nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from workbench.display.plots.style import PAPER, figure
from workbench.display.plots.tuning_values import (
    CHOSEN,
    FRONT,
    OTHER,
    PRESENT,
    VECTOR_RECALL,
    Trial,
    described,
    errors,
    finalist,
    hover,
    trials,
)
from workbench.experiments.runs import Run

_STAGES = {
    "filter": "#c9d1d9", "lexical": "#d98c2b", "embed": "#8e6bbf", "vector": "#0b4a70", "fuse": "#7fb3cf",
    "fetch": "#2f855a", "facets": "#b0496e",
}  # fmt: skip
_REST = "#e8ebef"
_ROW = 34  # pixels


def tuning_front(run: Run) -> go.Figure:
    """Vector recall against CPU time of a query for every trial; the front is what no other index beats in both.

    Trials of one index find the same vectors; on the front it is stood for by the one of median time.
    """
    found = trials(run)
    present, best = finalist(run, "present")["trial"], finalist(run, "best")["trial"]
    now, then = present["figures"][VECTOR_RECALL]["mean"], best["figures"][VECTOR_RECALL]["mean"]
    fig = figure(
        f"Chosen: recall {then:.3f} at {best['cpu_ms']:.2f} ms; present: {now:.3f} at {present['cpu_ms']:.2f} ms",
        f"Vector recall@10 against CPU time a query; {described(run)}. Diamonds: measured again on held-out queries. "
        "Bars: 95 %.",
        height=460,
    )
    partial = [one for one in found if one["share"] < 1.0]
    _add_trials(
        fig, run, partial, "trials, part of the queries", {"color": PAPER, "size": 7, "line": _line(OTHER)}, bars=""
    )
    whole = [one for one in found if one["share"] >= 1.0]
    _add_trials(fig, run, whole, "trials, all queries", {"color": OTHER, "size": 9})
    front = sorted((found[number] for number in run.details["front"]), key=lambda one: one["cpu_ms"])
    _add_trials(fig, run, front, "front", {"color": FRONT, "size": 11}, line=True, bars=FRONT)
    ring = {"color": "rgba(0,0,0,0)", "size": 20, "line": _line(CHOSEN)}
    _add_trials(fig, run, [found[run.details["best"]]], "chosen, as it was found", ring)
    for one, name, colour in ((present, "present profile", PRESENT), (best, "chosen", CHOSEN)):
        _add_trials(fig, run, [one], name, {"color": colour, "size": 14, "symbol": "diamond"}, bars=colour)
    fig.update_layout(hovermode="closest")
    fig.update_xaxes(title_text="CPU milliseconds a query", rangemode="normal")
    lows = [one["figures"][VECTOR_RECALL]["low"] for one in (*whole, present, best)]
    low = min([*lows, *(one["figures"][VECTOR_RECALL]["mean"] for one in partial)])
    room = 0.06 * max(0.02, 1.0 - low)
    return fig.update_yaxes(title_text="vector recall@10", tickformat=".3~f", range=[low - room, 1.0 + room])


def tuning_stages(run: Run) -> go.Figure:
    """Where the milliseconds of a query go, stage by stage, for the present profile and each finalist."""
    every = sorted(run.details["finalists"], key=lambda one: (one["name"] != "present", one["name"] != "best"))
    labels = [_stage_label(one, number) for number, one in enumerate(every, start=1)]
    stages = [one["trial"]["stages_ms"] for one in every]
    order = [*(name for name in _STAGES if any(name in one for one in stages)),
             *sorted({name for one in stages for name in one} - set(_STAGES) - {"total"})]  # fmt: skip
    shown_first = {name: value for name, value in stages[0].items() if name != "total"}
    dearest = max(shown_first, key=lambda name: shown_first[name])
    total = sum(shown_first.values())
    fig = figure(
        f"{dearest} takes {shown_first[dearest] / total:.0%} of a query's time with the present profile",
        f"Mean wall milliseconds of each stage, one query at a time, on held-out queries; {described(run)}",
        height=190 + _ROW * len(every),
    )
    for name in order:
        values = [one.get(name, 0.0) for one in stages]
        if max(values) < 0.005 * total:
            continue
        fig.add_bar(
            y=labels, x=values, name=name, orientation="h", marker_color=_STAGES.get(name, _REST),
            hovertemplate=f"{name}: %{{x:.3f}} ms<extra></extra>",
        )  # fmt: skip
    fig.update_layout(barmode="stack", hovermode="y unified", legend_traceorder="normal", bargap=0.35)
    fig.update_xaxes(title_text="milliseconds")
    return fig.update_yaxes(autorange="reversed", showgrid=False)


def _add_trials(
    fig: go.Figure, run: Run, found: Sequence[Trial], name: str, marker: Mapping[str, Any], *,
    line: bool = False, bars: str = "#d5dbe1",
) -> None:  # fmt: skip
    if not found:
        return
    values = [one["figures"][VECTOR_RECALL] for one in found]
    fig.add_scatter(
        x=[one["cpu_ms"] for one in found], y=[one["mean"] for one in values], name=name,
        mode="lines+markers" if line else "markers", marker=dict(marker), line={"color": FRONT, "width": 2},
        error_y=errors(values, bars) if bars else None,
        hovertext=[hover(run, one) for one in found], hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip


def _stage_label(one: Mapping[str, Any], number: int) -> str:
    said = {"present": "present", "best": "chosen"}.get(one["name"], f"finalist {number}")
    total = sum(value for stage, value in one["trial"]["stages_ms"].items() if stage != "total")
    return f"{said}, {total:.2f} ms"


def _line(colour: str) -> dict[str, Any]:
    return {"color": colour, "width": 1.5}
