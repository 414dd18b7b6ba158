"""The scripts that come with the package: conversations, other activity, judged queries, the account behind them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from workbench.errors import UsageError
from workbench.experiments.corpus.gemini import Activity
from workbench.experiments.corpus.script import Script
from workbench.experiments.corpus.script_format import Section, read_script, read_sections

_SCRIPTS = files("workbench.experiments.corpus") / "scripts"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One message that answers a query: the key of its script, words only it contains, and a grade of 1 or 2."""

    script: str
    quote: str
    grade: int


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A query as the person would type it months later, with the messages that answer it."""

    text: str
    kind: str
    relevant: tuple[Judgement, ...]


@cache
def sample_scripts() -> tuple[Script, ...]:
    """All sample conversations, oldest first."""
    scripts = [
        read_script(section) for section in _sections() if not section.heading.startswith(("query ", "activity |"))
    ]
    return tuple(sorted(scripts, key=lambda script: (script.started_at, script.key)))


@cache
def sample_queries() -> tuple[JudgedQuery, ...]:
    """The judged queries, in the order of their file.

    Raises:
        UsageError: a judgement is not of the form `GRADE SCRIPT: QUOTE`.
    """
    return tuple(_judged(section) for section in _sections() if section.heading.startswith("query "))


def sample_activities(*, german: bool) -> list[Activity]:
    """Gemini's records that are no prompts, of the English or of the German export."""
    sections = [section for section in _sections() if section.heading.startswith("activity |")]
    return [_activity(section) for section in sections if (section.header.get("locale") == "de") == german]


def sample_account() -> dict[str, Any]:
    """The fictional person's name, projects and memories."""
    account: dict[str, Any] = json.loads((_SCRIPTS / "account.json").read_text(encoding="utf-8"))
    return account


@cache
def _sections() -> tuple[Section, ...]:
    texts = sorted((entry for entry in _SCRIPTS.iterdir() if entry.name.endswith(".txt")), key=lambda entry: entry.name)
    return tuple(section for text in texts for section in read_sections(text.read_text(encoding="utf-8")))


def _judged(section: Section) -> JudgedQuery:
    relevant: list[Judgement] = []
    for line in filter(None, section.body):
        place, colon, quote = line.partition(": ")
        grade, _, key = place.partition(" ")
        if not colon or grade not in ("1", "2"):
            raise UsageError(f"the judgement {line!r} is not of the form 'GRADE SCRIPT: QUOTE'")
        relevant.append(Judgement(key, quote, int(grade)))
    return JudgedQuery(section.heading.removeprefix("query "), section.header.get("kind", ""), tuple(relevant))


def _activity(section: Section) -> Activity:
    at = datetime.strptime(section.header["start"], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    header = section.header["header"]
    return Activity(header, section.heading.partition("|")[2].strip(), at, header, section.header.get("url"))
