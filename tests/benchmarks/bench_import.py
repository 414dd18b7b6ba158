"""What an import is made of, and what keeping a memory costs."""

from __future__ import annotations

import json
import os
import sqlite3
import textwrap
from html.parser import HTMLParser
from pathlib import Path

from pairs import Measure, conversations_in, texts_of, which

from workbench.embedding import Embedder
from workbench.model import NewMemory
from workbench.record import journal, merge, open_record, to_rows
from workbench.text.passages import passages
from workbench.workspace import Workbench

SAMPLES = Path(__file__).parents[2] / "data" / "samples"


@which
def test_reading_a_chatgpt_export(which: str, measure: Measure, exports: Path) -> None:
    """Against json.loads of the same file: parsing without understanding."""
    path = exports / "chatgpt" / "conversations-000.json"
    count = len(json.loads(path.read_bytes()))

    found = measure("read ChatGPT's JSON", which, lambda: conversations_in(path), lambda: json.loads(path.read_bytes()))
    assert len(found) == count


@which
def test_reading_a_takeout_page(which: str, measure: Measure) -> None:
    """Against the standard library's HTMLParser over the same file, collecting nothing but text."""
    [path] = SAMPLES.glob("gemini/**/*.html")

    class Text(HTMLParser):
        found = 0

        def handle_data(self, data: str) -> None:
            self.found += 1

    def plain() -> int:
        parser = Text()
        parser.feed(path.read_text(encoding="utf-8"))
        return parser.found

    assert measure("read a Takeout page", which, lambda: conversations_in(path), plain)


@which
def test_cutting_passages(which: str, measure: Measure, store: Workbench) -> None:
    """Against textwrap, which minds neither sentences nor code."""
    texts = [text for text in texts_of(store) if len(text) > 1_000]
    ours = measure(
        "cut into passages", which,
        lambda: [passages(text) for text in texts],
        lambda: [textwrap.wrap(text, 1_000) for text in texts],
    )  # fmt: skip
    assert len(ours) == len(texts)


@which
def test_embedding_many_texts(which: str, measure: Measure, store: Workbench, embedder: Embedder) -> None:
    """Against one after another."""
    texts = texts_of(store)[:500]
    vectors = measure(
        "embed 500 texts", which,
        lambda: embedder.embed(texts),
        lambda: [embedder.embed([text]) for text in texts],
    )  # fmt: skip
    assert len(vectors) == 500


@which
def test_merging_what_is_there_already(which: str, measure: Measure, exports: Path, tmp_path: Path) -> None:
    """Against SQLite's INSERT OR IGNORE of the same messages: neither writes a row the second time."""
    found = conversations_in(exports / "chatgpt" / "conversations-000.json")
    rows = to_rows(found, parser_revision=1)
    base = sqlite3.connect(tmp_path / "plain.sqlite")
    base.execute("CREATE TABLE messages (id TEXT PRIMARY KEY, content TEXT)")
    said = [(message.id, message.content) for one in found for message in one.messages]

    def plain() -> int:
        with base:
            return base.executemany("INSERT OR IGNORE INTO messages VALUES (?, ?)", said).rowcount

    with open_record(tmp_path / "store") as record:
        merge(record, rows)
        plain()
        result = measure("merge a known shard", which, lambda: merge(record, rows), plain)
        assert (result if isinstance(result, int) else result.rows_written) == 0


@which
def test_keeping_a_memory(which: str, measure: Measure, tmp_path: Path) -> None:
    """Against a line written and brought to the disk."""
    memory = NewMemory("The bread oven runs twenty degrees hotter than it says.", "fact", 1.0, (), "")
    with (tmp_path / "plain.jsonl").open("ab") as stream:

        def plain() -> int:
            stream.write(json.dumps({"content": memory.content}).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
            return 1

        assert measure("keep a memory", which, lambda: journal.append(tmp_path, [memory]), plain)
