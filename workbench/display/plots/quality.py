"""How good the answers are: recall as a curve, figures by category, and what hybrid search gains over BM25.

Each picture is of one labelled set, searched with one embedder, out of a report of `workbench bench quality`.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go

from workbench.display.plots.style import GRID, MUTED, PAPER, count, figure, nothing
from workbench.errors import UsageError
from workbench.evaluation.curves import recall_curve
from workbench.evaluation.figures import OVERALL, Comparison, Drawing, Figure
from workbench.evaluation.judgements import Split
from workbench.evaluation.report import QualityReport, SetRun
from workbench.evaluation.searching import BM25, HYBRID

_COLOURS = {"hybrid": "#0b4a70", "BM25": "#d98c2b", "vectors": "#8e6bbf", "equal weight": "#66727f"}
_OTHER = "#8a8a8a"
_DASHES = {"equal weight": "dot", "vectors": "dash"}
_NAMES = {"recall@5": "recall@5", "recall@10": "recall@10", "recall@20": "recall@20", "mrr@10": "MRR@10",
          "ndcg@10": "nDCG@10"}  # fmt: skip
_SURE = 0.05
_CURVE_RESAMPLES = 2_000  # a band in a picture needs fewer than a figure in a table
_ROW = 34  # pixels
_LABEL_CHARACTERS = 14


def recall_curves(report: QualityReport, dataset: str, embedder: str) -> go.Figure:
    """Recall among the first k messages, k from 1 on, for each system, with the 95 % interval as a band."""
    run = _run(report, dataset, embedder)
    split = _split(report, dataset)
    depth = int(report.parameters["depth"])
    queries = [one for one in run.queries if split in (OVERALL, one.split)]
    drawing = Drawing(_CURVE_RESAMPLES, seed=int(report.parameters["drawing"]["seed"]))
    curves = {name: recall_curve(queries, name, depth, drawing) for name in report.parameters["systems"]}
    ten = min(depth, 10)
    hybrid, words = (curves[name][ten - 1].mean for name in (HYBRID.name, BM25.name))
    fig = figure(
        f"Of the answers, {hybrid:.0%} are among the first {ten} messages; words alone bring {words:.0%}",
        f"Recall among the first k messages, {_described(run, split, len(queries))}. Bands: 95 % bootstrap intervals.",
        height=440,
    )
    ks = list(range(1, depth + 1))
    for name, curve in reversed(curves.items()):  # hybrid last, so that it lies on top
        colour = _COLOURS.get(name, _OTHER)
        fig.add_scatter(
            x=[*ks, *ks[::-1]], y=[*(one.high for one in curve), *(one.low for one in curve[::-1])], mode="none",
            fill="toself", fillcolor=colour, opacity=0.12, legendgroup=name, showlegend=False, hoverinfo="skip",
        )  # fmt: skip
        fig.add_scatter(
            x=ks, y=[one.mean for one in curve], name=name, legendgroup=name, mode="lines",
            line={"color": colour, "width": 3 if name == HYBRID.name else 2, "dash": _DASHES.get(name, "solid")},
            customdata=[(one.low, one.high) for one in curve],
            hovertemplate=f"{name}: %{{y:.3f}} (%{{customdata[0]:.3f}} to %{{customdata[1]:.3f}})<extra></extra>",
        )  # fmt: skip
    fig.update_layout(hovermode="x unified", legend_traceorder="reversed")
    fig.update_xaxes(title_text="k, messages looked at", showgrid=False, tickvals=[1, *range(5, depth + 1, 5)])
    return fig.update_yaxes(title_text="recall@k", range=[0, 1], tickformat=".0%")


def quality_by_category(report: QualityReport, dataset: str, embedder: str, *, measure: str = "ndcg@10") -> go.Figure:
    """One measure of each system in each category of queries, with 95 % intervals."""
    run, split = _run(report, dataset, embedder), _split(report, dataset)
    figures = _figures(report, dataset, embedder, split, measure)
    categories = [one for one in dict.fromkeys(one.category for one in figures) if one != OVERALL]
    best = {category: _best([one for one in figures if one.category == category]) for category in categories}
    won = sum(name == HYBRID.name for name in best.values())
    total = next(one.queries for one in figures if one.category == OVERALL)
    fig = figure(
        f"Hybrid search is the best in {won} of {count(len(categories), 'category', 'categories')}",
        f"{_NAMES[measure]}, {_described(run, split, total)}. Bars: 95 % bootstrap intervals.",
    )
    for system in dict.fromkeys(one.system for one in figures):
        of_system = [one for one in figures if one.system == system and one.category != OVERALL]
        fig.add_bar(
            x=[_category(one) for one in of_system], y=[one.estimate.mean for one in of_system], name=system,
            marker_color=_COLOURS.get(system, _OTHER), error_y=_errors(of_system),
            hovertemplate=f"{system}: %{{y:.3f}}<extra></extra>",
        )  # fmt: skip
    fig.update_layout(barmode="group", bargap=0.24, bargroupgap=0.05, hovermode="x unified")
    fig.update_xaxes(type="category", showgrid=False)
    return fig.update_yaxes(title_text=_NAMES[measure], range=[0, 1])


def gains_over_bm25(report: QualityReport, embedder: str, *, measure: str = "ndcg@10") -> go.Figure:
    """What hybrid search gains over BM25 alone, query by query: a row for every set and each of its categories.

    A filled mark is a difference that chance does not explain (p below .05, corrected for the categories of the set).
    """
    rows = [
        one
        for dataset in dict.fromkeys(run.dataset for run in report.runs if run.embedder == embedder)
        for one in _figures(report, dataset, embedder, _split(report, dataset), measure)
        if one.system == HYBRID.name
    ]
    compared = [(one, one.comparison) for one in rows if one.comparison is not None]
    if not compared:
        return nothing("Gains over BM25", f"Nothing was measured with {embedder}.")
    sure = [gain for _, gain in compared if gain.p_holm < _SURE]
    worse = sum(gain.difference.mean < 0 for gain in sure)
    fig = figure(
        f"Better than words alone in {sum(gain.difference.mean > 0 for _, gain in compared)} of {len(compared)} rows, "
        f"beyond chance in {len(sure) - worse}" + (f"; worse beyond chance in {worse}" if worse else ""),
        f"{_NAMES[measure]} of hybrid search minus BM25, paired by query, with 95 % intervals. "
        "Filled: p < .05 (randomisation test, Holm).",
        height=170 + _ROW * len(compared),
    )
    labels = [_label(one) for one, _ in compared]
    fig.add_vline(x=0, line={"color": MUTED, "width": 1})
    _add_gains(fig, labels, compared)
    fig.update_layout(showlegend=False, margin_l=20)
    fig.update_xaxes(title_text=f"gain in {_NAMES[measure]}", tickformat="+.2f", gridcolor=GRID)
    return fig.update_yaxes(
        type="category", categoryorder="array", categoryarray=labels[::-1], showgrid=False,
        range=[-0.6, len(labels) - 0.4],
    )  # fmt: skip


def _add_gains(fig: go.Figure, labels: Sequence[str], compared: Sequence[tuple[Figure, Comparison]]) -> None:
    gains = [gain for _, gain in compared]
    colours = [_COLOURS["hybrid"] if gain.difference.mean >= 0 else "#b0496e" for gain in gains]
    fig.add_scatter(
        x=[gain.difference.mean for gain in gains], y=labels, mode="markers",
        error_x={
            "type": "data", "symmetric": False, "color": MUTED, "thickness": 1.4, "width": 0,
            "array": [gain.difference.high - gain.difference.mean for gain in gains],
            "arrayminus": [gain.difference.mean - gain.difference.low for gain in gains],
        },
        marker={
            "size": [13 if one.category == OVERALL else 10 for one, _ in compared],
            "symbol": ["diamond" if one.category == OVERALL else "circle" for one, _ in compared],
            "color": [
                colour if gain.p_holm < _SURE else PAPER for colour, gain in zip(colours, gains, strict=True)
            ],
            "line": {"color": colours, "width": 2}, "opacity": 1,
        },
        customdata=[(one.queries, gain.difference.low, gain.difference.high, gain.p_holm) for one, gain in compared],
        hovertemplate="%{y}<br><b>%{x:+.3f}</b> (%{customdata[1]:+.3f} to %{customdata[2]:+.3f}), "
        "p %{customdata[3]:.4f}, %{customdata[0]:,} queries<extra></extra>",
    )  # fmt: skip


def _run(report: QualityReport, dataset: str, embedder: str) -> SetRun:
    for run in report.runs:
        if (run.dataset, run.embedder) == (dataset, embedder):
            return run
    measured = ", ".join(f"{run.dataset} with {run.embedder}" for run in report.runs)
    raise UsageError(f"{dataset!r} was not measured with {embedder!r}", "", f"measured were: {measured}")


def _split(report: QualityReport, dataset: str) -> str:
    """The half of a set to show: the held-out one if it was searched."""
    there = [one.split for one in report.figures if one.dataset == dataset]
    return str(Split.HELD_OUT) if Split.HELD_OUT in there else there[0]


def _figures(report: QualityReport, dataset: str, embedder: str, split: str, measure: str) -> list[Figure]:
    """Those of one measure and of the systems that search, all categories together last."""
    if measure not in _NAMES:
        raise UsageError(f"there is no measure {measure!r}", "", f"there are: {', '.join(_NAMES)}")
    wanted = (dataset, embedder, split, measure)
    found = [one for one in report.figures if (one.dataset, one.embedder, one.split, one.measure) == wanted]
    found = [one for one in found if one.system in report.parameters["systems"]]
    return sorted(found, key=lambda one: one.category == OVERALL)


def _best(figures: Sequence[Figure]) -> str:
    return max(figures, key=lambda one: one.estimate.mean).system


def _described(run: SetRun, split: str, queries: int) -> str:
    half = "" if split == OVERALL else f", {split} half"
    return f"{run.dataset.replace('_', ' ')}{half}, {run.embedder}, {count(queries, 'query', 'queries')}"


def _category(one: Figure) -> str:
    """Broken into lines, so that no label has to lean."""
    return "<br>".join([*wrap(one.category.replace("_", " "), _LABEL_CHARACTERS), f"({one.queries:,})"])


def _label(one: Figure) -> str:
    dataset = one.dataset.replace("_", " ")
    name = f"<b>{dataset}, all</b>" if one.category == OVERALL else f"{dataset}, {one.category.replace('_', ' ')}"
    return f"{name} ({one.queries:,})"


def _errors(figures: Sequence[Figure]) -> dict[str, Any]:
    return {
        "type": "data", "symmetric": False, "color": "#1f2933", "thickness": 1, "width": 0,
        "array": [one.estimate.high - one.estimate.mean for one in figures],
        "arrayminus": [one.estimate.mean - one.estimate.low for one in figures],
    }  # fmt: skip
