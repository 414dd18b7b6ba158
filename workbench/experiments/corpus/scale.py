"""Corpora of any size, streamed to disk as true exports of the three assistants."""

from __future__ import annotations

import heapq
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import IO, Any

import orjson

from workbench.experiments.corpus.archive import json_bytes
from workbench.experiments.corpus.chatgpt import chatgpt_conversation
from workbench.experiments.corpus.chatter import ASSISTANTS, Plan
from workbench.experiments.corpus.claude_writer import account_uuid, claude_conversation
from workbench.experiments.corpus.gemini import exchange_record, exchanges
from workbench.experiments.corpus.known_items import known_item_queries, plans_for
from workbench.experiments.corpus.script import Script

_CHATGPT_SHARD = 100
_CLAUDE_PART = 2_000
_QUERIES = 200
_LONGEST_SPAN = timedelta(days=20)
_PART_TIME = (2026, 11, 21, 9, 30, 0)


@dataclass(frozen=True, slots=True)
class CorpusSummary:
    """What was written: counts per assistant, files, their bytes, and when the first and last conversations began."""

    conversations: Mapping[str, int]
    messages: Mapping[str, int]
    files: int
    bytes: int
    first_at: datetime
    last_at: datetime

    @property
    def span_seconds(self) -> float:
        """Seconds between the first and the last conversation."""
        return (self.last_at - self.first_at).total_seconds()


def write_corpus(
    folder: Path, messages: int, *, seed: int = 7, assistants: tuple[str, ...] = ASSISTANTS
) -> CorpusSummary:
    """Write exports that hold `messages` messages in all, and `queries.jsonl` with the known items among them.

    Memory stays bounded whatever the size; equal arguments give equal content.

    Raises:
        UsageError: an unknown assistant, or fewer than two messages for each.
    """
    plans = plans_for(messages, seed=seed, assistants=assistants)
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for made in plans:
        written += _WRITERS[made.assistant](folder / made.assistant, made)
    queries = folder / "queries.jsonl"
    found = known_item_queries(_QUERIES, messages, seed=seed, assistants=assistants)
    queries.write_bytes(b"".join(json_bytes(query) + b"\n" for query in found))
    written.append(queries)
    return CorpusSummary(
        conversations={made.assistant: len(made.sizes) for made in plans},
        messages={made.assistant: made.messages for made in plans},
        files=len(written),
        bytes=sum(path.stat().st_size for path in written),
        first_at=min(made.started_at(0) for made in plans),
        last_at=max(made.started_at(len(made.sizes) - 1) for made in plans),
    )


def _newest_first(made: Plan) -> Iterator[Script]:
    return (made.script(position) for position in reversed(range(len(made.sizes))))


def _write_array(stream: IO[bytes], elements: Iterable[Any], *, between: bytes = b",") -> None:
    stream.write(b"[")
    for number, element in enumerate(elements):
        stream.write((between if number else b"") + orjson.dumps(element))
    stream.write(b"]")


def _write_chatgpt(folder: Path, made: Plan) -> list[Path]:
    """Shards of a hundred conversations with a manifest, as exports have them since spring 2026."""
    folder.mkdir(parents=True, exist_ok=True)
    found = (chatgpt_conversation(script, seed=made.seed) for script in _newest_first(made))
    shards: list[Path] = []
    while batch := list(islice(found, _CHATGPT_SHARD)):
        shards.append(folder / f"conversations-{len(shards):03d}.json")
        with shards[-1].open("wb") as stream:
            _write_array(stream, batch)
    logical = {"conversations.json": {"files": [shard.name for shard in shards], "sharded": True}}
    manifest = folder / "export_manifest.json"
    manifest.write_bytes(json_bytes({"version": 1, "manifest_file": "export_manifest.json", "logical_files": logical}))
    return [*shards, manifest]


def _write_claude(folder: Path, made: Plan) -> list[Path]:
    """Part archives with a bare `conversations.json` each, as exports have them since summer 2026."""
    folder.mkdir(parents=True, exist_ok=True)
    found = (claude_conversation(script, seed=made.seed) for script in _newest_first(made))
    parts: list[Path] = []
    for number in range(0, len(made.sizes), _CLAUDE_PART):
        parts.append(folder / f"conversations-{number // _CLAUDE_PART:03d}.zip")
        entry = zipfile.ZipInfo("conversations.json", _PART_TIME)
        entry.compress_type = zipfile.ZIP_DEFLATED
        with ExitStack() as stack:
            archive = stack.enter_context(zipfile.ZipFile(parts[-1], "w"))
            _write_array(stack.enter_context(archive.open(entry, "w", force_zip64=True)), islice(found, _CLAUDE_PART))
    users = folder / "users.json"
    profile = {"uuid": account_uuid(made.seed), "full_name": "Mara Lindqvist", "email_address": "mara@example.org"}
    users.write_bytes(json_bytes([profile]))
    return [*parts, users]


def _write_gemini(folder: Path, made: Plan) -> list[Path]:
    """One flat array, newest record first."""
    path = folder / "Takeout" / "My Activity" / "Gemini Apps" / "MyActivity.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        _write_array(stream, _records_newest_first(made), between=b",\n")
    return [path]


def _records_newest_first(made: Plan) -> Iterator[Any]:
    """Merge the conversations' records by time.

    A record waits until every conversation that could reach up to its time has been seen, so only those of the last
    few weeks are held.
    """
    waiting: list[tuple[float, int, Any]] = []
    order = count()
    for script in _newest_first(made):
        for exchange in exchanges(script, seed=made.seed):
            entry = (-exchange.at.timestamp(), next(order), exchange_record(exchange))
            heapq.heappush(waiting, entry)
        safe = (script.started_at + _LONGEST_SPAN).timestamp()
        while waiting and -waiting[0][0] > safe:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]


_WRITERS = {"chatgpt": _write_chatgpt, "claude": _write_claude, "gemini": _write_gemini}
