"""BM25 over messages, by tantivy. The only module that imports it.

Every message is one document of three text fields: its words, the words of its artifacts that are not among them, and
the title of its conversation. Words are lower-cased, freed of accents and stemmed; unspaced scripts are indexed as
characters and character pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import numpy as np
import tantivy
from numpy.typing import NDArray

from workbench.errors import SnapshotError
from workbench.model import Filters
from workbench.text.terms import query_terms, spaced

_ANALYZER = "workbench"
_HEAP_BYTES = 512 * 1024 * 1024
_STEMS_KEPT = 50_000
# How much a match in each field counts. A title stands for every message of its conversation, so it may only nudge.
FIELD_WEIGHTS = {"body": 1.0, "extra": 0.5, "title": 0.2}


@dataclass(frozen=True, slots=True)
class LexicalDocuments:
    """A batch of messages to index: columns of equal length. `time` is epoch microseconds or None."""

    ordinal: Sequence[int]
    body: Sequence[str]
    extra: Sequence[str]
    title: Sequence[str]
    assistant: Sequence[str]
    role: Sequence[str]
    conversation: Sequence[int]
    time: Sequence[int | None]


class LexicalIndex:
    """A built index, open for searching by any number of threads."""

    def __init__(self, index: tantivy.Index) -> None:
        self._index = index
        self._schema = index.schema
        self._searcher = index.searcher()
        self._analyzer = _analyzer()
        self.stem = lru_cache(_STEMS_KEPT)(self._stem)  # snippets ask for the same few thousand words again and again
        """The form in which the index keeps a word (one word, any case)."""

    @classmethod
    def build(cls, folder: Path, batches: Iterable[LexicalDocuments]) -> None:
        """Write an index of `batches` into the empty folder `folder`."""
        index = tantivy.Index(_schema(), path=str(folder))
        index.register_tokenizer(_ANALYZER, _analyzer())
        writer = index.writer(_HEAP_BYTES, 1)  # one thread: documents keep their order, and equal scores with it
        for batch in batches:
            _add(writer, batch)
        writer.commit()
        writer.wait_merging_threads()

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """The index in `folder`.

        Raises:
            SnapshotError: It is not there, or damaged.
        """
        try:
            index = tantivy.Index.open(str(folder))
        except (ValueError, OSError) as error:
            raise SnapshotError(
                f"the lexical index {folder} cannot be opened", str(error), "run `workbench verify`"
            ) from error
        index.register_tokenizer(_ANALYZER, _analyzer())
        return cls(index)

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def _stem(self, word: str) -> str:
        found = self._analyzer.analyze(word)
        return found[0] if found else ""

    def stems(self, text: str) -> frozenset[str]:
        """The forms in which the index keeps the words of a query worth looking up."""
        return frozenset(form for term in query_terms(text) for form in self._analyzer.analyze(term))

    def search(
        self, text: str, limit: int, *, filters: Filters | None = None, conversation: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ordinals and BM25 scores of the best messages for the words of `text`, best first, at most `limit`.

        Equal scores are ordered by ordinal. `conversation` is the ordinal of the one allowed, if `filters` names one.
        """
        forms = [form for term in query_terms(text) for form in self._analyzer.analyze(term)]
        if not forms:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        must = [(tantivy.Occur.Must, self._words(list(dict.fromkeys(forms))))]
        must += [
            (tantivy.Occur.Must, tantivy.Query.const_score_query(one, 0.0))
            for one in self._filter(filters, conversation)
        ]
        query = tantivy.Query.boolean_query(must) if len(must) > 1 else must[0][1]
        hits = self._searcher.search(query, limit, count=False).hits
        scores = np.array([score for score, _ in hits], dtype=np.float32)
        addresses = [address for _, address in hits]
        ordinals = np.array(self._searcher.fast_field_values("ordinal", addresses), dtype=np.int64)
        order = np.lexsort((ordinals, -scores))
        return ordinals[order], scores[order]

    def _words(self, forms: list[str]) -> tantivy.Query:
        query = tantivy.Query
        clauses = [
            query.boost_query(query.term_query(self._schema, field, form, index_option="freq"), weight)
            for form in forms
            for field, weight in FIELD_WEIGHTS.items()
        ]
        return query.boolean_query([(tantivy.Occur.Should, clause) for clause in clauses])

    def _filter(self, filters: Filters | None, conversation: int | None) -> list[tantivy.Query]:
        clauses = []
        if filters and filters.assistants:
            clauses.append(tantivy.Query.term_set_query(self._schema, "assistant", list(filters.assistants)))
        if filters and filters.roles:
            clauses.append(tantivy.Query.term_set_query(self._schema, "role", list(filters.roles)))
        if filters and (filters.after or filters.before):
            clauses.append(self._between(filters.after, filters.before))
        if conversation is not None:
            clauses.append(tantivy.Query.term_query(self._schema, "conversation", conversation))
        return clauses

    def _between(self, after: datetime | None, before: datetime | None) -> tantivy.Query:
        return tantivy.Query.range_query(
            self._schema,
            "time",
            tantivy.FieldType.Integer,
            lower_bound=microseconds(after) if after else None,
            upper_bound=microseconds(before) if before else None,
            include_upper=before is None,  # an open end must be called inclusive
        )


def microseconds(time: datetime) -> int:
    """A time as microseconds since 1970 UTC, as the indexes keep it; a time without a zone is taken as UTC."""
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1_000_000)


def _analyzer() -> tantivy.TextAnalyzer:
    filters = tantivy.Filter
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for one in (filters.remove_long(80), filters.lowercase(), filters.ascii_fold(), filters.stemmer("english")):
        builder = builder.filter(one)
    return builder.build()


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("ordinal", fast=True)
    for field in FIELD_WEIGHTS:
        builder.add_text_field(field, tokenizer_name=_ANALYZER)
    for field in ("assistant", "role"):
        builder.add_text_field(field, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("conversation", indexed=True)
    builder.add_integer_field("time", indexed=True, fast=True)
    return builder.build()


def _add(writer: tantivy.IndexWriter, batch: LexicalDocuments) -> None:
    for i, ordinal in enumerate(batch.ordinal):
        document = tantivy.Document(
            body=[spaced(batch.body[i])],
            extra=[spaced(batch.extra[i])],
            title=[spaced(batch.title[i])],
            assistant=[batch.assistant[i]],
            role=[batch.role[i]],
        )
        document.add_unsigned("ordinal", ordinal)
        document.add_unsigned("conversation", batch.conversation[i])
        time = batch.time[i]
        if time is not None:
            document.add_integer("time", time)
        writer.add_document(document)
