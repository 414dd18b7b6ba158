"""Gemini activity as `MyActivity.json` has it: one flat record per prompt, in English."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from workbench.experiments.corpus.gemini.activity import Activity, Exchange

Json = dict[str, Any]


def exchange_record(exchange: Exchange) -> Json:
    """The record of one prompt. `details` links the chat only where the exchange knows its thread."""
    record: Json = {
        "header": "Gemini Apps",
        "title": f"Prompted {exchange.prompt}",
        "time": _time(exchange.at),
        "products": ["Gemini Apps"],
        "activityControls": ["Gemini Apps Activity"],
    }
    subtitles = _subtitles(exchange)
    if subtitles:
        record["subtitles"] = subtitles
    if exchange.answers:
        record["safeHtmlItem"] = [{"html": answer} for answer in exchange.answers]
    if exchange.attached:
        record["attachedFiles"] = list(exchange.attached)
    if exchange.image:
        record["imageFile"] = exchange.image
    if exchange.thread:
        url = f"https://gemini.google.com/app/{exchange.thread}"
        record["details"] = [{"name": url, "url": url}]
    return record


def activity_record(activity: Activity) -> Json:
    """The record of something that is no prompt."""
    record: Json = {"header": activity.header, "title": activity.title, "time": _time(activity.at)}
    if activity.url:
        record["titleUrl"] = activity.url
    return record | {"products": [activity.product], "activityControls": [f"{activity.product} Activity"]}


def _subtitles(exchange: Exchange) -> list[Json]:
    found: list[Json] = []
    count = len(exchange.attached)
    if count:
        found.append({"name": f"Attached {count} file{'s' if count > 1 else ''}."})
        found += [{"name": f"-  {name}", "url": name} for name in exchange.attached]
    if exchange.generated:
        found.append({"name": f"{exchange.generated} generated image{'s' if exchange.generated > 1 else ''}."})
    found += [{"name": source.title, "url": source.url} for source in exchange.sources]
    return found


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
