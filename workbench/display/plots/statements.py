"""What the catalog's statements cost: the rows each one read for the rows it gave, and its time."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go

from workbench.display.plots.style import MUTED, count, figure, nothing
from workbench.experiments.runs import Run

_READ, _GIVEN, _ADVISED = "#7fb3cf", "#0b4a70", "#c2571a"
_MOST = 14  # statements in one picture
_ROW = 38  # pixels
_WIDE, _NAME = 90, 48  # characters


def statement_costs(run: Run) -> go.Figure:
    """The dearest statements of a kept run: rows read and rows given on a logarithmic scale, milliseconds beside."""
    every = sorted(run.details["statements"], key=lambda one: -one["milliseconds"])
    found = every[:_MOST]
    if not found:
        return nothing("Statements of the catalog", "No statement was heard.")
    advised = sum(bool(one["advice"]) for one in every)
    fig = figure(
        f"{count(advised, 'statement')} of {len(every)} could read less" if advised else "No statement reads too much",
        f"Rows read and given by the {len(found)} dearest statements, and their time; "
        f"{run.store['messages']:,} messages. Orange: there is advice.",
        height=190 + _ROW * len(found),
    )
    labels = [_label(number, one) for number, one in enumerate(found, start=1)]
    for one, where in zip(found, labels, strict=True):
        fig.add_scatter(
            x=[1 + one["returned"], 1 + one["scanned"]], y=[where, where], mode="lines", hoverinfo="skip",
            line={"color": _ADVISED if one["advice"] else "#d5dbe1", "width": 3}, showlegend=False,
        )  # fmt: skip
    for name, key, colour in (("rows read", "scanned", _READ), ("rows given", "returned", _GIVEN)):
        fig.add_scatter(
            x=[1 + one[key] for one in found], y=labels, name=name, mode="markers",
            marker={"size": 11, "color": colour}, hovertext=[_hover(one) for one in found],
            hovertemplate="%{hovertext}<extra></extra>",
        )  # fmt: skip
    fig.add_scatter(
        x=[1 + max(one["scanned"], one["returned"]) for one in found], y=labels, mode="text", showlegend=False,
        text=[f"  {_time(one['milliseconds'])}" for one in found], textposition="middle right", hoverinfo="skip",
        textfont={"size": 12}, cliponaxis=False,
    )  # fmt: skip
    fig.update_layout(hovermode="closest", margin_r=80)
    fig.update_xaxes(type="log", title_text="rows, and one", dtick=1, tickformat=",d")
    return fig.update_yaxes(autorange="reversed", showgrid=False)


def _label(number: int, one: Mapping[str, Any]) -> str:
    """The operation that runs it, and what it reads; numbered, since no two labels may be the same."""
    name = one["name"] if len(one["name"]) <= _NAME else one["name"][: _NAME - 1] + "…"
    first, *others = one["operations"]
    more = f" and {len(others)} more" if others else ""
    small = f"<span style='color:{MUTED};font-size:11px'>{number}. {escape(name)}</span>"
    return f"{escape(first)}{more}<br>{small}"


def _time(milliseconds: float) -> str:
    return f"{milliseconds:,.0f} ms" if milliseconds >= 100 else f"{milliseconds:.1f} ms"


def _hover(one: Mapping[str, Any]) -> str:
    lines = [
        f"<b>{one['milliseconds']:.2f} ms</b>, {one['scanned']:,} read, {one['returned']:,} given",
        *map(escape, wrap(one["sql"][:400], _WIDE)),
    ]
    for said in one["advice"]:
        lines += [f"<b>{escape(said['rule'])}</b>", *map(escape, wrap(f"{said['finding']}; {said['todo']}", _WIDE))]
    return "<br>".join(lines)
