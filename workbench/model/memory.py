"""Memories: short texts that a person or an assistant asked to keep."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from workbench.errors import UsageError
from workbench.model.ids import memory_id

MEMORY_ASSISTANT = "memory"
"""What the store calls the assistant of memories."""
MOST_CONTENT = 10_000  # characters
MOST_LABELS = 20
LONGEST_LABEL = 60
LONGEST_SOURCE = 200
_CATEGORY = re.compile(r"[a-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class NewMemory:
    """What is to be remembered, checked. `source` says who asked, or where it comes from.

    Raises:
        UsageError: The content is blank or has over 10,000 characters, the category is not 1 to 40 of a-z, 0-9, _ and
            -, the confidence not from 0 to 1; or there are over 20 labels, or one that is blank or has over 60
            characters.
    """

    content: str
    category: str = "fact"
    confidence: float = 1.0
    labels: tuple[str, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        _check_content(self.content)
        if not _CATEGORY.fullmatch(self.category):
            raise UsageError(
                f"{self.category[:60]!r} cannot be a category", "", "use 1 to 40 of a-z, 0-9, _ and -, such as fact"
            )
        if not (math.isfinite(self.confidence) and 0.0 <= self.confidence <= 1.0):
            raise UsageError(f"the confidence is {self.confidence}", "", "give a number from 0 to 1")
        if len(self.source) > LONGEST_SOURCE or not _is_text(self.source):
            raise UsageError("the source cannot be kept", "", f"give at most {LONGEST_SOURCE} characters of text")
        object.__setattr__(self, "confidence", float(self.confidence))
        object.__setattr__(self, "labels", _checked_labels(self.labels))

    @property
    def id(self) -> str:
        """The same for the same text in the same category, whatever its white space and Unicode form."""
        return memory_id(self.category, normalised_content(self.content))


@dataclass(frozen=True, slots=True)
class Memory:
    """One memory.

    Who remembers the same text in the same category again changes the memory with that id: the newest confidence,
    labels and source count, the first content and `created_at` (UTC) stay. `sequence` is the place of the newest of
    these in the journal: of two memories the one with the greater sequence was remembered later.
    """

    id: str
    content: str
    category: str
    confidence: float
    labels: tuple[str, ...]
    source: str
    created_at: datetime
    sequence: int


def normalised_content(content: str) -> str:
    """What identifies a text: composed Unicode (NFC), runs of white space as one space, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", content).split())


def _check_content(content: str) -> None:
    if not content.strip():
        raise UsageError("the memory is blank", "", "say what to remember")
    if len(content) > MOST_CONTENT:
        raise UsageError(
            f"the memory has {len(content):,} characters", f"at most {MOST_CONTENT:,} are kept", "remember it in parts"
        )
    if not _is_text(content):
        raise UsageError("the memory is not valid text", "it has half of a surrogate pair", "send it as UTF-8")


def _checked_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """Labels without white space at their ends, each once, in their order."""
    if isinstance(labels, str):
        raise UsageError("labels are given as one text", "", "give a list of texts")
    found = tuple(dict.fromkeys(label.strip() for label in labels))
    if len(found) > MOST_LABELS:
        raise UsageError(f"there are {len(found)} labels", "", f"give at most {MOST_LABELS}")
    for label in found:
        if not 1 <= len(label) <= LONGEST_LABEL or not _is_text(label):
            raise UsageError(f"{label[:80]!r} cannot be a label", "", f"use 1 to {LONGEST_LABEL} characters of text")
    return found


def _is_text(value: str) -> bool:
    """Whether it can be written as UTF-8: half of a surrogate pair, as broken JSON has it, cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
