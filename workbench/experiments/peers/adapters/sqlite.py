"""SQLite with sqlite-vec (every vector compared) and FTS5, through apsw, whose SQLite may load extensions."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workbench.experiments.peers.corpus import Batch, Corpus
from workbench.experiments.peers.peer import Crowd, Ids, Peer, Question, fused, needed
from workbench.text.terms import STOP_WORDS

_FILE = "messages.sqlite"
_LISTED = 100  # of each leg
_WORD = re.compile(r"[^\W_]+")
_TOKENIZER = "porter unicode61 remove_diacritics 2"
_NEAREST = "SELECT rowid FROM nearest WHERE vector MATCH ? AND k = ?"
_WORDS = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?"
# CROSS JOIN: what matches is looked up one by one. Left to itself SQLite asks FTS5 about every message of that time.
_WORDS_WITHIN = """SELECT words.rowid FROM words CROSS JOIN messages ON messages.number = words.rowid
    WHERE words MATCH ? AND time >= ? AND time < ? ORDER BY rank LIMIT ?"""


class SqliteVec(Peer):
    """One file. A vector table with the time as a metadata column, an FTS5 table of the texts, and the messages."""

    name = "sqlite-vec"
    title = "SQLite: sqlite-vec + FTS5"
    how = "all vectors compared, FTS5's BM25 of any word, RRF in Python"
    weak = "no vector index: time grows with the store"
    packages = ("sqlite-vec", "apsw")
    modules = ("apsw", "sqlite_vec")
    settings = MappingProxyType({"tokenize": _TOKENIZER, "journal_mode": "wal", "mmap_size": "4 GB", "listed": _LISTED})
    crowd = Crowd(threads=4)

    def build(self, folder: Path, corpus: Corpus) -> None:
        """All in one transaction, then FTS5's segments merged into one."""
        folder.mkdir(parents=True, exist_ok=True)
        connection = _connect(folder)
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute(
            f"""CREATE TABLE messages (number INTEGER PRIMARY KEY, time INTEGER, content TEXT);
            CREATE VIRTUAL TABLE nearest USING vec0(
                vector float[{corpus.dimensions}] distance_metric=cosine, time integer);
            CREATE VIRTUAL TABLE words USING fts5(content, content='messages', content_rowid='number',
                tokenize='{_TOKENIZER}')"""
        )
        with connection:
            for batch in corpus.batches():
                _insert(connection, batch)
        connection.execute("CREATE INDEX by_time ON messages (time); INSERT INTO words(words) VALUES ('optimize')")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    def add(self, folder: Path, corpus: Corpus) -> None:
        """Rows in each of the tables."""
        connection = _connect(folder)
        with connection:
            for batch in corpus.batches():
                _insert(connection, batch)
        connection.close()

    def open(self, folder: Path) -> SqliteSearcher:
        """A connection for each thread, opened when it first asks."""
        return SqliteSearcher(folder)

    def version(self) -> str:
        """That of SQLite too."""
        return f"SQLite {needed('apsw').sqlite_lib_version()}, {super().version()}"


class SqliteSearcher:
    """Statements are prepared once: apsw keeps them by their text."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._local = threading.local()
        self._opened: list[Any] = []

    def search(self, questions: Sequence[Question]) -> list[Ids]:
        """Two statements, fused by rank."""
        return [fused(self._words(one, _LISTED), self._meaning(one, _LISTED), k=one.k) for one in questions]

    def nearest(self, question: Question) -> Ids:
        """By the vector table alone."""
        return self._meaning(question, question.k)

    def close(self) -> None:
        """Close all connections."""
        for one in self._opened:
            one.close()

    def _words(self, question: Question, count: int) -> Ids:
        found = _WORD.findall(question.text)
        wanted = [word for word in found if word.lower() not in STOP_WORDS] or found
        match = " OR ".join(f'"{word}"' for word in wanted)
        if question.window is None:
            return self._numbers(_WORDS, (match, count))
        return self._numbers(_WORDS_WITHIN, (match, question.window.after, question.window.before, count))

    def _meaning(self, question: Question, count: int) -> Ids:
        values: tuple[Any, ...] = (question.vector.tobytes(), count)
        if question.window is None:
            return self._numbers(_NEAREST, values)
        within = f"{_NEAREST} AND time >= ? AND time < ?"
        return self._numbers(within, (*values, question.window.after, question.window.before))

    def _numbers(self, sql: str, values: tuple[Any, ...]) -> Ids:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = _connect(self._folder)
            self._opened.append(connection)
        return [row[0] for row in connection.execute(sql, values)]


def _connect(folder: Path) -> Any:
    apsw, sqlite_vec = needed("apsw", "sqlite_vec")
    connection = apsw.Connection(str(folder / _FILE))
    connection.set_busy_timeout(10_000)
    connection.enable_load_extension(True)
    connection.load_extension(sqlite_vec.loadable_path())
    connection.enable_load_extension(False)
    connection.execute("PRAGMA mmap_size = 4294967296; PRAGMA cache_size = -65536")
    return connection


def _insert(connection: Any, batch: Batch) -> None:
    connection.executemany(
        "INSERT INTO messages VALUES (?, ?, ?)", zip(batch.numbers, batch.times, batch.contents, strict=True)
    )
    connection.executemany(
        "INSERT INTO words(rowid, content) VALUES (?, ?)", zip(batch.numbers, batch.contents, strict=True)
    )
    connection.executemany(
        "INSERT INTO nearest(rowid, vector, time) VALUES (?, ?, ?)",
        ((number, vector.tobytes(), time)
         for number, vector, time in zip(batch.numbers, batch.vectors, batch.times, strict=True)),
    )  # fmt: skip


PEERS: dict[str, Peer] = {SqliteVec.name: SqliteVec()}
