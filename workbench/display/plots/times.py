"""When: messages over the months, and over the hours of the week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import plotly.graph_objects as go
import polars as pl

from workbench.display.plots.frames import Source, messages_of
from workbench.display.plots.style import MUTED, SCALE, colours, count, figure, left_out, nothing
from workbench.model import assistant_name

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAY_MILLISECONDS = 86_400_000


@dataclass(frozen=True, slots=True)
class _Step:
    """The width of one bar: its name, Polars' and Plotly's words for it, and how a date within it is written."""

    noun: str
    truncate: str
    period: str | int
    date: str


_BY_DAY = _Step("day", "1d", _DAY_MILLISECONDS, "%d %b %Y")
_BY_WEEK = _Step("week", "1w", 7 * _DAY_MILLISECONDS, "week of %d %b %Y")
_BY_MONTH = _Step("month", "1mo", "M1", "%b %Y")


def messages_over_time(source: Source) -> go.Figure:
    """How many messages there are of each assistant in every day, week or month, whichever suits the span."""
    messages = messages_of(source)
    timed = messages.drop_nulls("created_at")
    if timed.is_empty():
        return nothing("Messages over time", _no_times(messages.height))
    first, last = _span(timed)
    step = _step(first, last)
    bars = (
        timed.group_by("assistant", pl.col("created_at").dt.truncate(step.truncate).alias("start"))
        .agg(pl.len().alias("messages"))
        .sort("start", "assistant")
    )
    [busiest] = bars.group_by("start").agg(pl.sum("messages")).sort(["messages", "start"]).tail(1).rows()
    fig = figure(
        f"{count(timed.height, 'message')} from {first:%b %Y} to {last:%b %Y}",
        f"Messages per {step.noun} (UTC). Busiest: {busiest[0]:{step.date}}, {busiest[1]:,}."
        + left_out(messages.height - timed.height),
    )
    palette = colours(bars["assistant"])
    for (assistant,), part in _largest_first(bars, "messages"):
        fig.add_bar(
            x=part["start"].to_list(), y=part["messages"].to_list(), name=assistant_name(assistant),
            marker_color=palette[assistant], xperiod=step.period, xperiodalignment="middle",
            hovertemplate=f"{assistant_name(assistant)}: %{{y:,}}<extra></extra>", xhoverformat=step.date,
        )  # fmt: skip
    fig.update_layout(barmode="stack", hovermode="x unified", bargap=0.12)
    fig.update_xaxes(showgrid=False, title_text="time (UTC)")
    return fig.update_yaxes(title_text=f"messages per {step.noun}", rangemode="tozero", tickformat=",d")


def hours_of_the_week(source: Source, *, role: str = "user") -> go.Figure:
    """On which weekdays and at which hours (UTC) messages of `role` were written, as a heat map."""
    messages = messages_of(source).filter(pl.col("role") == role)
    timed = messages.drop_nulls("created_at")
    if timed.is_empty():
        return nothing("Hours of the week", _no_times(messages.height))
    cells = timed.group_by(
        (pl.col("created_at").dt.weekday() - 1).alias("day"), pl.col("created_at").dt.hour().alias("hour")
    ).agg(pl.len().alias("messages"))
    grid = [[0] * 24 for _ in _DAYS]
    for day, hour, number in cells.iter_rows():
        grid[day][hour] = number
    top, day, hour = max((grid[day][hour], -day, -hour) for day in range(7) for hour in range(24))
    whose = "Your messages" if role == "user" else f"Messages of role {role}"
    fig = figure(
        f"{_DAYS[-day]} from {-hour:02}:00 to {1 - hour:02}:00 UTC is the busiest hour",
        f"{whose} by weekday and hour (UTC): {timed.height:,} in all, {top:,} in that hour."
        + left_out(messages.height - timed.height),
        height=360,
    )
    fig.add_heatmap(
        z=grid, x=list(range(24)), y=list(_DAYS), colorscale=SCALE, zmin=0, xgap=2, ygap=2,
        hovertemplate="%{y} %{x:02d}:00 UTC<br><b>%{z:,}</b> messages<extra></extra>",
        colorbar={
            "title": {"text": "messages", "side": "right", "font": {"size": 12, "color": MUTED}},
            "thickness": 10, "outlinewidth": 0, "tickformat": ",d",
        },
    )  # fmt: skip
    fig.update_xaxes(
        showgrid=False, title_text="hour of the day (UTC)", tickvals=list(range(0, 24, 3)),
        ticktext=[f"{hour:02}:00" for hour in range(0, 24, 3)],
    )  # fmt: skip
    fig.update_yaxes(showgrid=False, autorange="reversed")
    return fig.update_layout(margin_t=84)


def _span(timed: pl.DataFrame) -> tuple[datetime, datetime]:
    [(first, last)] = timed.select(pl.min("created_at").alias("first"), pl.max("created_at").alias("last")).rows()
    return first, last


def _step(first: datetime, last: datetime) -> _Step:
    """At most some sixty bars for five years, and never fewer than a handful."""
    days = (last - first).days
    if days <= 60:
        return _BY_DAY
    return _BY_WEEK if days <= 400 else _BY_MONTH


def _largest_first(frame: pl.DataFrame, weight: str) -> list[tuple[tuple[str], pl.DataFrame]]:
    """The frame by assistant, the one with the most first, so that it is the foot of the stack."""
    parts = frame.partition_by("assistant", as_dict=True)
    order = sorted(parts.items(), key=lambda part: (-int(part[1][weight].sum()), part[0]))
    return [((str(key[0]),), part) for key, part in order]


def _no_times(messages: int) -> str:
    if not messages:
        return "There are no messages."
    return f"The export gives no time for any of the {count(messages, 'message')}."
