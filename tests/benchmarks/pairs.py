"""Ours and the plain reference: the two of every pair."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workbench.model import Transcript
from workbench.sources import Record, find_files, parse, split
from workbench.workspace import Workbench

OURS, PLAIN = "workbench", "plain"
which = pytest.mark.parametrize("which", [PLAIN, OURS])
Measure = Callable[..., Any]


def texts_of(store: Workbench) -> list[str]:
    """The first messages of a store."""
    return [store.snapshot.texts.content[ordinal] for ordinal in range(2_000)]


def conversations_in(path: Path) -> list[Transcript]:
    """All that one file of an export holds, read as an import reads it."""
    [file] = find_files(path)[0]
    records = [one for one in split(file) if isinstance(one, Record)]
    return [conversation for record in records for conversation in parse(file.source, record).conversations]
