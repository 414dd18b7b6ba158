"""What a message is to the lexical index: the schema, and writing it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import tantivy

from workbench.text.terms import indexed

WORDS, TIME, ORDINAL = "words", "time", "ordinal"
FACETS = ("assistant", "role", "month", "project", "model", "kind", "language", "category", "label")  # counted
PLACES = ("conversation", "year", "day")
ORDINALS_FILE = "ordinals.npy"
# tantivy writes a segment each time its heap is full, and a query over several costs several times as much. Memory is
# taken as it is needed: 250,000 messages of 900 characters take less than half a gigabyte.
_HEAP_BYTES = 4_000_000_000
_LONGEST_WORD = 120  # bytes
_ANALYZER = "workbench"


@dataclass(frozen=True, slots=True)
class LexicalDocuments:
    """A batch of messages to index: columns of equal length. `time` is epoch microseconds or None.

    `tags` are lists of what a search can be narrowed by: of FACETS, which are counted too, and of PLACES.
    """

    ordinal: Sequence[int]
    body: Sequence[str]
    extra: Sequence[str]
    title: Sequence[str]
    time: Sequence[int | None]
    tags: Sequence[Sequence[str]]


def tag(name: str, value: object) -> str:
    """A property of a message, of one of FACETS or PLACES."""
    return f"{name}:{value}"


def untagged(one: str) -> tuple[str, str]:
    """Name and value of a tag."""
    name, _, value = one.partition(":")
    return name, value


def microseconds(time: datetime) -> int:
    """A time as microseconds since 1970 UTC, as the indexes keep it; a time without a zone is taken as UTC."""
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1_000_000)


def build(folder: Path, batches: Iterable[LexicalDocuments]) -> None:
    """Write an index of `batches` into the empty folder `folder`."""
    index = tantivy.Index(_schema(), path=str(folder))
    register(index)
    writer = index.writer(_HEAP_BYTES, 1)  # one thread: documents keep their order, and equal scores with it
    ordinals: list[int] = []
    for batch in batches:
        _add(writer, batch)
        ordinals.extend(batch.ordinal)
    writer.commit()
    writer.wait_merging_threads()
    np.save(folder / ORDINALS_FILE, np.array(ordinals, np.int64))


def register(index: tantivy.Index) -> None:
    """Tell an index how words are taken apart."""
    index.register_tokenizer(_ANALYZER, analyzer(stemmed=True))


def analyzer(*, stemmed: bool, folded: bool = True) -> tantivy.TextAnalyzer:
    """Words of a normalised text: lower-cased, without accents if `folded`, as stems if `stemmed`."""
    filters = tantivy.Filter
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    wanted = [filters.remove_long(_LONGEST_WORD), filters.lowercase()]
    wanted += [filters.ascii_fold()] if folded else []
    wanted += [filters.stemmer("english")] if stemmed else []
    for one in wanted:
        builder = builder.filter(one)
    return builder.build()


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field(ORDINAL, fast=True)
    builder.add_text_field(WORDS, tokenizer_name=_ANALYZER)
    for name in FACETS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in PLACES:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field(TIME, fast=True)
    return builder.build()


def _add(writer: tantivy.IndexWriter, batch: LexicalDocuments) -> None:
    for i, ordinal in enumerate(batch.ordinal):
        texts = [indexed(text) for text in (batch.body[i], batch.extra[i], batch.title[i]) if text]
        document = tantivy.Document(words=[part for text in texts for part in text])
        for one in batch.tags[i]:
            document.add_text(*untagged(one))
        document.add_unsigned(ORDINAL, ordinal)
        time = batch.time[i]
        if time is not None:
            document.add_integer(TIME, time)
        writer.add_document(document)
