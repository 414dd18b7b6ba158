"""A report as values: sections of words, tables and pictures, before it becomes Markdown or HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import plotly.graph_objects as go


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text beneath a head; each row is as long as the head."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure; `name` is that of its file, `says` what a reader without pictures should know."""

    name: str
    says: str
    figure: go.Figure


@dataclass(frozen=True, slots=True)
class Section:
    """One matter: words first, then tables, then pictures."""

    title: str
    paragraphs: Sequence[str] = ()
    tables: Sequence[Table] = ()
    pictures: Sequence[Picture] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report. `made_at` is when it was put together; `summary` is its first paragraph."""

    title: str
    made_at: datetime
    summary: str
    sections: Sequence[Section]
