"""Measured quality as tables and cards for a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import polars as pl

from workbench.display.formatters import SMALL, card_style
from workbench.evaluation.figures import MEASURES, OVERALL
from workbench.evaluation.report import FoundMessage, QualityReport, WorstQuery

_WANTED = "#2f855a"


def systems_frame(report: QualityReport) -> pl.DataFrame:
    """A row for every set, embedder, split and system: the measures over all categories, and what they gain on BM25.

    `gain` is in nDCG@10, `low` and `high` are its 95 % interval, `p` is of the paired randomisation test; they are
    null for BM25 itself.
    """
    rows: dict[tuple[str, ...], dict[str, object]] = {}
    for one in report.figures:
        if one.category != OVERALL:
            continue
        key = {"set": one.dataset, "embedder": one.embedder, "split": one.split, "system": one.system}
        row = rows.setdefault(tuple(key.values()), {**key, "queries": one.queries})
        row[one.measure] = round(one.estimate.mean, 3)
        if one.measure == "ndcg@10":
            gain = one.comparison.difference if one.comparison else None
            row["gain"], row["low"], row["high"] = (
                (round(gain.mean, 3), round(gain.low, 3), round(gain.high, 3)) if gain else (None, None, None)
            )
            row["p"] = round(one.comparison.p, 4) if one.comparison else None
    text = ("set", "embedder", "split", "system")
    numbers = (*MEASURES, "gain", "low", "high", "p")
    schema = {**dict.fromkeys(text, pl.String), "queries": pl.Int64, **dict.fromkeys(numbers, pl.Float64)}
    return pl.DataFrame(list(rows.values()), schema=schema)


def worst_html(worst: Sequence[WorstQuery], count: int = 5) -> str:
    """Queries as cards: what was asked, where the answers came in the ranking, and what stood before them."""
    return "".join(_card(one) for one in worst[:count]) or "<p>No query was asked.</p>"


def _card(one: WorstQuery) -> str:
    head = (
        f"<b>{escape(one.text)}</b> <span style='{SMALL}'>{escape(one.dataset)} · {escape(one.category)} · "
        f"{escape(one.id)} · nDCG@10 {one.ndcg:.2f}</span>"
    )
    wanted = "".join(map(_message, one.wanted))
    instead = "".join(_message(found) for found in one.found if not found.relevant)
    return (
        f"<div style='{card_style('')}'>{head}<div style='{SMALL};margin-top:.4em'>answers</div>{wanted}"
        f"<div style='{SMALL};margin-top:.4em'>found instead</div>{instead or '–'}</div>"
    )


def _message(one: FoundMessage) -> str:
    rank = f"#{one.rank}" if one.rank else "not found"
    colour = f"color:{_WANTED}" if one.relevant else ""
    text = " ".join(one.text.split())
    return f"<div><b style='{colour}'>{rank}</b> {escape(text)}</div>"
