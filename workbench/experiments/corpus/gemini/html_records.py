"""Gemini activity as `MeineAktivitäten.html` has it: Google's page of cells, in German, with local times.

The separator after "Eingegebener Prompt:" is a no-break space, as in the true file.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from workbench.experiments.corpus.gemini.activity import Activity, Exchange

_STYLE = """
body{background-color:#fafafa;font-family:Roboto,Helvetica,Arial,sans-serif;font-size:14px;margin:0}
.mdl-grid{display:flex;flex-flow:row wrap;margin:0 auto;align-items:stretch;padding:8px}
.mdl-cell{box-sizing:border-box;margin:8px}
.mdl-cell--6-col{width:calc(50% - 16px)}
.mdl-cell--12-col{width:calc(100% - 16px)}
.mdl-shadow--2dp{box-shadow:0 2px 2px 0 rgba(0,0,0,.14),0 3px 1px -2px rgba(0,0,0,.2),0 1px 5px 0 rgba(0,0,0,.12)}
.mdl-typography--title{font-size:20px;font-weight:500;line-height:1;letter-spacing:.02em}
.mdl-typography--body-1{font-size:14px;font-weight:400;line-height:24px;letter-spacing:0}
.mdl-typography--caption{font-size:12px;font-weight:400;line-height:1;letter-spacing:0}
.mdl-typography--text-right{text-align:right}
.content-cell{word-wrap:break-word}
.outer-cell{background:#fff}
"""
_WHY = (
    "Diese Aktivität wurde in deinem Google-Konto gespeichert, weil die folgenden Einstellungen aktiviert waren: "
    "Gemini-Apps-Aktivitäten."
)


def german_html(records: Iterable[Exchange | Activity]) -> str:
    """The whole file, newest record first."""
    newest_first = sorted(records, key=lambda record: record.at, reverse=True)
    cells = "".join(_outer_cell(record) for record in newest_first)
    return (
        '<html><head><meta charset="utf-8"><title>Mein Aktivitätsverlauf</title>'
        f'<style type="text/css">{_STYLE}</style></head><body><div class="mdl-grid">{cells}</div></body></html>'
    )


def _outer_cell(record: Exchange | Activity) -> str:
    header, product = (
        ("Gemini-Apps", "Gemini-Apps") if isinstance(record, Exchange) else (record.header, record.product)
    )
    content = _exchange(record) if isinstance(record, Exchange) else _activity(record)
    body = "content-cell mdl-cell mdl-cell--6-col mdl-typography--body-1"
    caption = "content-cell mdl-cell mdl-cell--12-col mdl-typography--caption"
    return (
        '<div class="outer-cell mdl-cell mdl-cell--12-col mdl-shadow--2dp"><div class="mdl-grid">'
        '<div class="header-cell mdl-cell mdl-cell--12-col">'
        f'<p class="mdl-typography--title">{header}<br></p></div>'
        f'<div class="{body}">{content}</div>'
        f'<div class="{body} mdl-typography--text-right">{_image(record)}</div>'
        f'<div class="{caption}"><b>Produkte:</b><br>&emsp;{product}<br>{_details(record)}'
        f"<b>Warum steht das hier?</b><br>&emsp;{_WHY}</div></div></div>"
    )


def _exchange(exchange: Exchange) -> str:
    prompt = html.escape(exchange.prompt, quote=False).replace("\n", "<br>")
    lines = [f"Eingegebener Prompt:\u00a0{prompt}", *_attachments(exchange), german_time(exchange.at)]
    return "<br>".join([*lines, *exchange.answers])


def _attachments(exchange: Exchange) -> list[str]:
    lines: list[str] = []
    count = len(exchange.attached)
    if count:
        lines.append("1 Datei angehängt." if count == 1 else f"{count} Dateien angehängt.")
        lines += [f'-\u00a0\u00a0<a href="{name}">{name}</a>' for name in exchange.attached]
    if exchange.generated:
        lines.append(f"{exchange.generated} generiertes Bild.")
    return lines


def _activity(activity: Activity) -> str:
    title = html.escape(activity.title, quote=False)
    if activity.url:
        verb, _, rest = title.partition(": ")
        title = f'{verb}:\u00a0<a href="{html.escape(activity.url)}">{rest}</a>'
    return f"{title}<br>{german_time(activity.at)}<br>"


def _image(record: Exchange | Activity) -> str:
    name = record.image if isinstance(record, Exchange) else None
    return f'<img src="{name}" width="128">' if name else ""


def _details(record: Exchange | Activity) -> str:
    if not isinstance(record, Exchange) or record.thread is None:
        return ""
    url = f"https://gemini.google.com/app/{record.thread}"
    return f'<b>Details:</b><br>&emsp;<a href="{url}">{url}</a><br>'


def german_time(at: datetime) -> str:
    """`at` (UTC) on a German clock, in the words of Takeout: 18.04.2026, 17:38:51 MESZ."""
    summer = _last_sunday(at.year, 3) <= at < _last_sunday(at.year, 10)
    local = at + timedelta(hours=2 if summer else 1)
    return f"{local:%d.%m.%Y, %H:%M:%S} {'MESZ' if summer else 'MEZ'}"


def _last_sunday(year: int, month: int) -> datetime:
    """The instant, 01:00 UTC, at which European clocks change in that month of 31 days."""
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)
