"""Reading exports in tests: everything a path yields, and the same as plain values."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from workbench.model import ImportIssue, Transcript
from workbench.sources import Record, find_files, parse, split

EXPORTS = Path(__file__).parent / "exports"


def read(path: Path) -> tuple[list[Transcript], list[ImportIssue]]:
    files, issues = find_files(path)
    conversations: list[Transcript] = []
    for file in files:
        for piece in split(file):
            if isinstance(piece, ImportIssue):
                issues.append(piece)
            else:
                parsed = parse(file.source, piece)
                conversations.extend(parsed.conversations)
                issues.extend(parsed.issues)
    return conversations, issues


def parse_one(source: str, value: Any) -> tuple[Transcript, tuple[ImportIssue, ...]]:
    parsed = parse(source, Record("export.json[0]", json.dumps(value).encode()))
    assert len(parsed.conversations) == 1, parsed.issues
    return parsed.conversations[0], parsed.issues


def plain(value: Any) -> Any:
    """Dataclasses as JSON values, without fields that say nothing."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {key: item for key, item in fields.items() if item not in (None, "", {}, [])}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def by_id(conversations: list[Transcript]) -> dict[str, Any]:
    return {one.conversation.id: plain(one) for one in conversations}
