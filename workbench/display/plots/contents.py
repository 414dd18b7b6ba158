"""What: artifacts, languages of code, lengths of conversations."""

from __future__ import annotations

import plotly.graph_objects as go
import polars as pl
from plotly.subplots import make_subplots

from workbench.display.plots.frames import Source, artifacts_of, messages_of
from workbench.display.plots.style import MUTED, colours, count, figure, nothing
from workbench.model import assistant_name

_MOST_ROWS = 12
_ROW_PIXELS = 26
_OTHERS = "others"
_NO_LANGUAGE = "not said"


def artifacts_and_languages(source: Source) -> go.Figure:
    """What came with the messages besides words, by kind, and the languages of the code, each by assistant.

    A click on an assistant in the legend takes it out of both.
    """
    artifacts = artifacts_of(source)
    if artifacts.is_empty():
        return nothing("Artifacts", "No message carries code, a file, a picture, a document or a citation.")
    code = artifacts.filter(pl.col("kind") == "code")
    kinds = _counted(artifacts, pl.col("kind").str.replace_all("_", " "))
    languages = _counted(code, pl.col("language").fill_null("").replace("", _NO_LANGUAGE))
    share = "all" if code.height == artifacts.height else f"{code.height:,}"
    rows = max(_rows(kinds), _rows(languages), 5)
    fig = figure(
        f"{count(artifacts.height, 'artifact')}, {share} of them code",
        "What came with the messages, by kind (left), and the languages of the code (right). The number is the total.",
        height=170 + _ROW_PIXELS * rows,
    )
    panels = make_subplots(rows=1, cols=2, horizontal_spacing=0.14)
    fig.update_layout(xaxis=panels.layout.xaxis, xaxis2=panels.layout.xaxis2)
    fig.update_layout(yaxis=panels.layout.yaxis, yaxis2=panels.layout.yaxis2, barmode="stack", bargap=0.3)
    palette = colours(artifacts["assistant"])
    order = artifacts.group_by("assistant").len().sort(["len", "assistant"], descending=[True, False])["assistant"]
    for assistant in order:
        _add_bars(fig, kinds, assistant, palette[assistant], axis="")
        _add_bars(fig, languages, assistant, palette[assistant], axis="2")
    _label(fig, kinds, "yaxis", rows=rows)
    _label(fig, languages, "yaxis2", rows=rows)
    if code.is_empty():
        fig.add_annotation(
            text="no code", x=0.5, y=0.5, xref="x2 domain", yref="y2 domain", showarrow=False, font_color=MUTED
        )
        fig.update_layout(xaxis2_visible=False, yaxis2_visible=False)
    fig.update_layout(xaxis_title_text="artifacts", xaxis2_title_text="pieces of code")
    return fig.update_xaxes(tickformat=",d", rangemode="tozero")


def conversation_lengths(source: Source) -> go.Figure:
    """How long the conversations with each assistant are, in messages of the thread as it is shown.

    Lengths are gathered in bins that double, so that short and very long conversations are both seen.
    """
    thread = messages_of(source).filter(pl.col("on_active_path") & pl.col("searched"))
    lengths = thread.group_by("conversation_id", "assistant").agg(pl.len().alias("length"))
    if lengths.is_empty():
        return nothing("Lengths of conversations", "There are no conversations.")
    shortest, longest = lengths.select(pl.min("length").alias("min"), pl.max("length").alias("max")).row(0)
    bins = _doubling_bins(shortest, longest)
    fig = figure(
        f"Half of the {count(lengths.height, 'conversation')} have at most {_median(lengths)} messages, "
        f"the longest {longest:,}",
        "Share of each assistant's conversations by their number of messages. Each step is twice as wide as the last.",
    )
    palette = colours(lengths["assistant"])
    for (assistant,), part in sorted(lengths.partition_by("assistant", as_dict=True).items()):
        counts = [part.filter(pl.col("length").is_between(low, high)).height for low, high in bins]
        fig.add_bar(
            x=[_bin_name(low, high) for low, high in bins], y=[n / part.height for n in counts],
            name=f"{assistant_name(assistant)} ({part.height:,}, median {_median(part)})",
            marker_color=palette[assistant], customdata=counts,
            hovertemplate=f"{assistant_name(assistant)}: %{{customdata:,}} conversations, %{{y:.0%}}<extra></extra>",
        )  # fmt: skip
    fig.update_layout(barmode="group", bargap=0.22, bargroupgap=0.06, hovermode="x unified")
    fig.update_xaxes(type="category", showgrid=False, title_text="messages in the conversation")
    return fig.update_yaxes(title_text="share of the assistant's conversations", tickformat=".0%", rangemode="tozero")


def _counted(frame: pl.DataFrame, label: pl.Expr) -> pl.DataFrame:
    """Rows of label, assistant, count; labels past the most frequent are put together as others."""
    named = frame.select(label.alias("label"), "assistant")
    frequent = named.group_by("label").len().sort(["len", "label"], descending=[True, False])["label"]
    kept = frequent if len(frequent) <= _MOST_ROWS else frequent.head(_MOST_ROWS - 1)
    return (
        named.with_columns(pl.when(pl.col("label").is_in(kept.to_list())).then("label").otherwise(pl.lit(_OTHERS)))
        .group_by("label", "assistant")
        .agg(pl.len().alias("count"))
    )


def _rows(counted: pl.DataFrame) -> int:
    return counted["label"].n_unique()


def _add_bars(fig: go.Figure, counted: pl.DataFrame, assistant: str, colour: str, *, axis: str) -> None:
    part = counted.filter(pl.col("assistant") == assistant).sort("label")
    fig.add_bar(
        x=part["count"].to_list(), y=part["label"].to_list(), orientation="h", name=assistant_name(assistant),
        marker_color=colour, legendgroup=assistant, showlegend=not axis, xaxis=f"x{axis}", yaxis=f"y{axis}",
        hovertemplate=f"%{{y}}, {assistant_name(assistant)}: %{{x:,}}<extra></extra>",
    )  # fmt: skip


def _label(fig: go.Figure, counted: pl.DataFrame, axis: str, *, rows: int) -> None:
    """The largest on top, each with its total; what was put together comes last. There is room for `rows` bars."""
    totals = counted.group_by("label").agg(pl.sum("count"))
    ordered = totals.sort([pl.col("label") == _OTHERS, "count", "label"], descending=[True, False, True])
    labels = ordered["label"].to_list()
    texts = [f"{label}  <b>{number:,}</b>" for label, number in ordered.iter_rows()]
    fig.update_layout(
        {
            axis: {
                "categoryorder": "array", "categoryarray": labels, "tickvals": labels, "ticktext": texts,
                "range": [len(labels) - rows - 0.5, len(labels) - 0.5], "showgrid": False,
            }
        }
    )  # fmt: skip


def _doubling_bins(shortest: int, longest: int) -> list[tuple[int, int]]:
    """Those of 1, 2, 3-4, 5-8, 9-16 and so on from the one that holds `shortest` to the one that holds `longest`."""
    bins = [(1, 1)]
    while bins[-1][1] < longest:
        bins.append((bins[-1][1] + 1, bins[-1][1] * 2))
    return [(low, high) for low, high in bins if high >= shortest]


def _bin_name(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"


def _median(lengths: pl.DataFrame) -> int:
    """The shortest length that at least half of the conversations do not exceed."""
    return int(lengths["length"].quantile(0.5, interpolation="lower") or 0)
