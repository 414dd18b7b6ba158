"""How values of Workbench look as the result of a notebook cell.

IPython is told which function renders which type, so that the values know nothing of HTML.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from html import escape
from typing import Any

from workbench.ingest import FileReport, IngestReport
from workbench.model import Hit, SearchResult, Transcript
from workbench.statistics import StoreStats

COLOURS = {"chatgpt": "#10a37f", "claude": "#d97757", "gemini": "#4285f4"}
OTHER_COLOUR = "#8a8a8a"
_CARD = "border-left:4px solid {colour};padding:.35em .8em;margin:.5em 0"
SMALL = "opacity:.65;font-size:.85em"
_LONGEST = 4_000  # characters of one message shown in a notebook


def register_with_ipython() -> None:
    """Tell a running IPython how to show our values; does nothing elsewhere, and never imports IPython itself."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        return
    renderers: dict[type, Callable[[Any], str]] = {
        SearchResult: result_html,
        Transcript: conversation_html,
        StoreStats: stats_html,
        IngestReport: report_html,
    }
    for kind, render in renderers.items():
        shell.display_formatter.formatters["text/html"].for_type(kind, render)


def result_html(result: SearchResult) -> str:
    """Hits as cards, with highlights, score and where each was found."""
    notes = "".join(f"<p><b>{escape(note)}</b></p>" for note in result.notes)
    cards = "".join(hit_html(hit) for hit in result) or "<p>Nothing was found.</p>"
    foot = f"{len(result)} of {result.candidates:,} candidates in {result.timings_ms['total']:.0f} ms"
    return f"{notes}{cards}<div style='{SMALL}'>{foot}</div>"


def hit_html(hit: Hit) -> str:
    """One hit as a card."""
    when = f"{hit.created_at:%d %b %Y}" if hit.created_at else "no date"
    head = (
        f"<b>{escape(hit.title or '(untitled)')}</b> "
        f"<span style='{SMALL}'>{escape(hit.assistant)} · {hit.role} · {when} · {hit.score:.3f} · "
        f"{hit.conversation_id}</span>"
    )
    return f"<div style='{card_style(hit.assistant)}'>{head}<br>{highlighted(hit)}</div>"


def highlighted(hit: Hit) -> str:
    """The snippet as HTML, its matches marked; everything else escaped."""
    out, last = [], 0
    for start, end in hit.highlights:
        out += [escape(hit.snippet[last:start]), f"<mark>{escape(hit.snippet[start:end])}</mark>"]
        last = end
    return "".join([*out, escape(hit.snippet[last:])])


def conversation_html(found: Transcript) -> str:
    """A conversation as its visible messages, in order."""
    one = found.conversation
    shown = [m for m in found.messages if m.on_active_path and not m.hidden and m.content]
    rows = "".join(
        f"<div style='{card_style(one.assistant if m.role == 'assistant' else '')}'><span style='{SMALL}'>{m.role}"
        f"{f' · {m.created_at:%d %b %Y %H:%M}' if m.created_at else ''}</span>"
        f"<div style='white-space:pre-wrap'>{escape(m.content[:_LONGEST])}"
        f"{' …' * (len(m.content) > _LONGEST)}</div></div>"
        for m in shown
    )
    return f"<h4>{escape(one.title or '(untitled)')}</h4>{rows}"


def stats_html(stats: StoreStats) -> str:
    """The figures of a store as a table."""
    head = _row("th", ["assistant", "conversations", "messages", "artifacts", "from", "to"])
    body = "".join(
        _row("td", [one.assistant, f"{one.conversations:,}", f"{one.messages:,}", f"{one.artifacts:,}",
                    f"{one.first:%d %b %Y}" if one.first else "", f"{one.last:%d %b %Y}" if one.last else ""])
        for one in stats.assistants
    )  # fmt: skip
    foot = f"{stats.counts['texts']:,} texts with vectors of {stats.embedder}"
    return f"<table>{head}{body}</table><div style='{SMALL}'>{foot}</div>"


def report_html(report: IngestReport) -> str:
    """An import, file by file."""
    head = _row("th", ["file", "format", "conversations", "new", "messages", "artifacts", "left out", "why, or noted"])
    body = "".join(
        _row("td", [one.place, one.label, f"{one.kept:,}", f"{one.conversations['new']:,}", f"{one.messages:,}",
                    f"{one.artifacts:,}", f"{one.skipped:,}", one.error or _reasons(one)])
        for one in report.files
    )  # fmt: skip
    foot = f"{report.rows_written:,} rows written, {report.texts_embedded:,} texts embedded; reading: {report.parsing}"
    return f"<table>{head}{body}</table><div style='{SMALL}'>{escape(foot)}</div>"


def _reasons(one: FileReport) -> str:
    return "; ".join(f"{count} × {reason}" for reason, count in one.reasons().items())


def _row(tag: str, cells: list[str]) -> str:
    return "<tr>" + "".join(f"<{tag} style='text-align:left'>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def card_style(assistant: str) -> str:
    """The style of a card in the colour of an assistant; grey for anyone else."""
    return _CARD.format(colour=COLOURS.get(assistant, OTHER_COLOUR))
