"""One look for all figures: quiet axes, a title that says what is seen, a colour for each assistant."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import plotly.graph_objects as go

from workbench.display.formatters import COLOURS

INK, MUTED, GRID, PAPER = "#1f2933", "#66727f", "#e8ebef", "#ffffff"
SCALE = ((0.0, "#f3f6f9"), (0.25, "#c3dbe8"), (0.5, "#7fb3cf"), (0.75, "#357fa8"), (1.0, "#0b4a70"))
_MORE_COLOURS = ("#8e6bbf", "#c2a100", "#5b7083", "#b0496e")
_FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

# The paper is opaque: in a dark theme a figure is a light card instead of dark letters on a dark ground.
TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": _FONT, "size": 13, "color": INK},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "colorway": [*COLOURS.values(), *_MORE_COLOURS],
        "title": {
            "x": 0.0, "xref": "container", "xanchor": "left", "pad": {"l": 20, "t": 18},
            "y": 1.0, "yref": "container", "yanchor": "top", "font": {"size": 18, "weight": 600},
            "subtitle": {"font": {"size": 13, "color": MUTED}},
        },
        "margin": {"l": 72, "r": 28, "t": 112, "b": 58},
        "xaxis": {
            "gridcolor": GRID, "linecolor": GRID, "zeroline": False, "ticks": "", "automargin": True,
            "title": {"font": {"size": 12, "color": MUTED}, "standoff": 10},
        },
        "yaxis": {
            "gridcolor": GRID, "linecolor": GRID, "zeroline": False, "ticks": "", "automargin": True,
            "ticklabelstandoff": 6, "title": {"font": {"size": 12, "color": MUTED}, "standoff": 12},
        },
        "legend": {
            "orientation": "h", "x": 0.0, "xanchor": "left", "y": 1.0, "yanchor": "bottom", "font": {"size": 12},
            "traceorder": "normal", "itemsizing": "constant",
        },
        "hoverlabel": {"bgcolor": PAPER, "bordercolor": "#c9d1d9", "font": {"color": INK, "size": 12}, "align": "left"},
        "bargap": 0.18,
    }
)  # fmt: skip


def figure(title: str, subtitle: str, *, height: int = 420) -> go.Figure:
    """An empty figure with our look; `title` states what is seen, `subtitle` what is drawn and in which units."""
    layout = {
        "template": TEMPLATE,
        "height": height,
        "title": {"text": escape(title), "subtitle": {"text": escape(subtitle)}},
    }
    return go.Figure(layout=layout)


def nothing(title: str, why: str) -> go.Figure:
    """A figure that says why there is nothing to see."""
    empty = figure(title, "", height=220)
    empty.update_xaxes(visible=False)
    empty.update_yaxes(visible=False)
    return empty.add_annotation(
        text=escape(why), x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, font={"size": 14, "color": MUTED}
    )


def colours(assistants: Iterable[str]) -> dict[str, str]:
    """A colour for each assistant: its own, or one of a few more."""
    others = sorted(set(assistants) - set(COLOURS))
    return {**COLOURS, **{other: _MORE_COLOURS[i % len(_MORE_COLOURS)] for i, other in enumerate(others)}}


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 message", "1,234 messages"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def left_out(untimed: int) -> str:
    """The remark on what is missing from a picture of time, with a leading space; empty if nothing is."""
    return f" {count(untimed, 'message')} without a time {'is' if untimed == 1 else 'are'} left out." if untimed else ""
