"""Bytes that come out the same on every machine: JSON, JSON in ASCII, and zip archives."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

_ENTRY_TIME = (2026, 10, 18, 9, 30, 0)


def json_bytes(value: Any) -> bytes:
    """Compact JSON in UTF-8."""
    return orjson.dumps(value)


def indented_json_bytes(value: Any) -> bytes:
    """JSON indented by two spaces, as Takeout writes it."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)


def ascii_json_bytes(value: Any) -> bytes:
    """JSON on one line with everything beyond ASCII escaped, as ChatGPT writes it."""
    return json.dumps(value, ensure_ascii=True).encode("ascii")


def write_zip(path: Path, members: Mapping[str, bytes]) -> None:
    """Write a zip with fixed times. Members are stored, since compressed bytes differ between versions of zlib."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, _ENTRY_TIME)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
