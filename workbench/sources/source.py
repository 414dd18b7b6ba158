"""What every export format provides: recognise a file, cut it into records, parse one record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from workbench.model import ImportIssue, Transcript


@dataclass(frozen=True, slots=True)
class Record:
    """One self-contained piece of an export: all raw bytes of one conversation.

    `place` is for people: `conversations.json[12]`, or `export.zip!conversations.json[12]` within an archive.
    """

    place: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one record yields."""

    conversations: tuple[Transcript, ...] = ()
    issues: tuple[ImportIssue, ...] = ()


class Source(Protocol):
    """One export format. Implementations hold no state, so that worker processes may share them."""

    @property
    def name(self) -> str:
        """Key in the registry, for example "gemini_html"."""
        ...

    @property
    def assistant(self) -> str:
        """Who speaks in it: "chatgpt", "claude" or "gemini"."""
        ...

    @property
    def label(self) -> str:
        """For reports, for example "Gemini Takeout (HTML)"."""
        ...

    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins with `head` (the first 256 kB) has this format, by its structure alone."""
        ...

    def split(self, stream: BinaryIO, place: str) -> Iterator[Record | ImportIssue]:
        """Cut a seekable stream into records without holding the file in memory."""
        ...

    def parse(self, record: Record) -> Parsed:
        """Parse one record. Pure, and never raises: what cannot be read becomes an issue."""
        ...
