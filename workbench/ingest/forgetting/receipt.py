"""What a forgetting did: counts and ids, nothing of what was there, so that it may be kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from workbench.record import Erased


@dataclass(frozen=True, slots=True)
class Forgotten:
    """One thing that was forgotten: `kind` is conversation, message or memory, `messages` were in it.

    `title` is that of its conversation in a preview, and empty in a receipt.
    """

    id: str
    kind: str
    messages: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class HeldGeneration:
    """An old generation that is still read, by `processes` (as far as the system tells); it goes when they move on."""

    generation: int
    processes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was forgotten, where it went from, and where it cannot be reached.

    `already` are ids of what was forgotten before. `erased` counts rows of the record, `journal_lines` memories in the
    journal, `tombstones` what stays away when the same export comes again. `bytes_before` and `bytes_after` are those
    of the record's file. `generation` is the one that lacks it (None: nothing was published, or it was a dry run),
    `removed` and `held` are older ones. `seconds` is per stage. `not_reached` says where copies may be.
    """

    dry_run: bool
    at: datetime
    what: tuple[Forgotten, ...] = ()
    already: tuple[str, ...] = ()
    erased: Erased = field(default_factory=Erased)
    tombstones: int = 0
    journal_lines: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    generation: int | None = None
    removed: tuple[int, ...] = ()
    held: tuple[HeldGeneration, ...] = ()
    caches_told: bool = False
    seconds: Mapping[str, float] = field(default_factory=dict)
    not_reached: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The receipt as plain values."""
        return {**asdict(self), "at": self.at.isoformat()}

    def to_json(self) -> str:
        """The receipt as JSON."""
        return json.dumps(self.as_dict(), ensure_ascii=False)
