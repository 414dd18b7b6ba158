"""Where the hits of a query lie in time."""

from __future__ import annotations

from html import escape
from textwrap import wrap

import plotly.graph_objects as go

from workbench.display.plots.style import PAPER, colours, count, figure, nothing
from workbench.model import Hit, Role, SearchResult, assistant_name

_LABELLED = 9  # the best hits carry their rank
_HOVER_COLUMNS, _HOVER_LINES = 70, 4


def hits_in_time(result: SearchResult) -> go.Figure:
    """The hits of one search by date and score; a circle is the person, a diamond the assistant."""
    query = _shortened(result.query.text, 60)
    timed = [hit for hit in result if hit.created_at is not None]
    if not timed:
        why = f"None of the {count(len(result), 'hit')} has a time." if len(result) else "Nothing was found."
        return nothing(f"“{query}”", why)
    assistants = sorted({hit.assistant for hit in timed})
    untimed = len(result) - len(timed)
    best = timed[0]
    fig = figure(
        f"“{query}”: best with {assistant_name(best.assistant)}, {best.created_at:%d %b %Y}",
        f"{count(len(timed), 'message')}: ● yours, ◆ the assistant's; numbers are ranks. Point at one to read it."
        + (f" {count(untimed, 'hit')} without a time left out." if untimed else ""),
        height=460,
    )
    palette = colours(assistants)
    for assistant in assistants:
        _add_marks(fig, [hit for hit in timed if hit.assistant == assistant], palette[assistant])
    fig.update_layout(hovermode="closest")
    fig.update_xaxes(title_text="date (UTC)")
    return fig.update_yaxes(title_text="score (higher is better)", rangemode="normal")


def _add_marks(fig: go.Figure, hits: list[Hit], colour: str) -> None:
    fig.add_scatter(
        x=[hit.created_at for hit in hits], y=[hit.score for hit in hits], name=assistant_name(hits[0].assistant),
        mode="markers+text", text=[f"{hit.rank}" if hit.rank <= _LABELLED else "" for hit in hits],
        textfont={"size": 10, "color": PAPER}, textposition="middle center", cliponaxis=False,
        marker={
            "color": colour, "opacity": 0.9, "line": {"color": PAPER, "width": 1},
            "size": [18 if hit.rank <= _LABELLED else 10 for hit in hits],
            "symbol": ["circle" if hit.role == Role.USER else "diamond" for hit in hits],
        },
        customdata=[hit.message_id for hit in hits], hovertext=[_hover(hit) for hit in hits],
        hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip


def _hover(hit: Hit) -> str:
    """Title, facts and snippet; escaped, since Plotly reads tags and links in a text."""
    lines = wrap(hit.snippet, _HOVER_COLUMNS)
    if len(lines) > _HOVER_LINES:
        lines = [*lines[:_HOVER_LINES], "…"]
    when = f"{hit.created_at:%d %b %Y %H:%M} UTC" if hit.created_at else ""
    head = f"<b>{escape(_shortened(hit.title or '(untitled)', _HOVER_COLUMNS))}</b>"
    facts = f"#{hit.rank} · {hit.score:.3f} · {assistant_name(hit.assistant)} · {hit.role} · {when}"
    return "<br>".join([head, facts, *map(escape, lines)])


def _shortened(text: str, width: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"
