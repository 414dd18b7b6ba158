"""The live figures of the last minutes, a small picture for each matter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import plotly.graph_objects as go
import polars as pl
from plotly.subplots import make_subplots

from workbench.display.plots.style import GRID, MUTED, TEMPLATE

_MEGABYTE = 1e6
Live = Mapping[str, Any]


def _done(live: Live) -> float | None:
    running = live.get("ingestion")
    if not running:
        return None
    return 100.0 * running["done"] / running["total"] if running["total"] else 0.0


FIGURES: Mapping[str, Callable[[Live], float | None]] = {
    "p50 ms": lambda live: live["search_latency"]["p50_ms"],
    "p95 ms": lambda live: live["search_latency"]["p95_ms"],
    "p99 ms": lambda live: live["search_latency"]["p99_ms"],
    "requests a second": lambda live: live["requests_per_second"],
    "answers %": lambda live: 100.0 * live["cache_performance"]["search_hit_rate"],
    "query vectors %": lambda live: 100.0 * live["cache_performance"]["embedding_hit_rate"],
    "query mean ms": lambda live: live["database"]["query_time_avg"],
    "private MB": lambda live: live["memory"]["private_bytes"] / _MEGABYTE,
    "resident MB": lambda live: live["memory"]["resident_bytes"] / _MEGABYTE,
    "waiting": lambda live: live["queue_depth"],
    "turned away": lambda live: live["rejected"],
    "import %": _done,
}
"""Each figure by its name, out of the answer of /metrics/performance/live; None where there is nothing to say."""

_PANELS = (
    ("Search latency, ms", ("p50 ms", "p95 ms", "p99 ms"), None),
    ("Requests a second", ("requests a second",), None),
    ("Found in a cache, %", ("answers %", "query vectors %"), 100),
    ("Reading the database, ms", ("query mean ms",), None),
    ("Memory, MB", ("private MB", "resident MB"), None),
    ("Searches that wait", ("waiting",), None),
    ("Turned away since the start", ("turned away",), None),
    ("Import, % of its stage", ("import %",), 100),
)
_SHADES = ("#0b4a70", "#c2571a", "#7fb3cf")
_COLUMNS = 2


def live_board(frame: pl.DataFrame) -> go.Figure:
    """`frame` has `seconds` (negative, before now) and the FIGURES as columns; gaps stay gaps."""
    rows = len(_PANELS) // _COLUMNS
    titles = [_title(frame, title, names) for title, names, _ in _PANELS]
    fig = make_subplots(rows, _COLUMNS, subplot_titles=titles, vertical_spacing=0.09, horizontal_spacing=0.08)
    for number, (_, names, top) in enumerate(_PANELS):
        at = {"row": number // _COLUMNS + 1, "col": number % _COLUMNS + 1}
        for name, shade in zip(names, _SHADES, strict=False):
            fig.add_scatter(
                x=frame["seconds"].to_list(), y=frame[name].to_list(), mode="lines", name=name, line_color=shade,
                showlegend=False, hovertemplate=f"{name} %{{y:,.4g}}<extra></extra>", **at,
            )  # fmt: skip
        fig.update_yaxes(range=[0, top] if top else None, rangemode="tozero", nticks=4, **at)
    layout = {"template": TEMPLATE, "height": 190 * rows, "margin": {"l": 56, "r": 24, "t": 48, "b": 40}}
    fig.update_layout(layout)
    fig.update_annotations(font={"size": 12, "color": MUTED})
    return fig.update_xaxes(gridcolor=GRID, ticksuffix=" s", nticks=5)


def _title(frame: pl.DataFrame, title: str, names: tuple[str, ...]) -> str:
    """The matter, and the newest value of each line in the colour of the line."""
    newest = []
    for name, shade in zip(names, _SHADES, strict=False):
        known = frame[name].drop_nulls()
        called = f"{name.rpartition(' ')[0] if len(names) > 1 else ''} ".lstrip()
        newest.append(f'<span style="color:{shade}"><b>{called}{known[-1]:,.3g}</b></span>' if len(known) else "–")
    return f"{title}:  {'   '.join(newest)}"
