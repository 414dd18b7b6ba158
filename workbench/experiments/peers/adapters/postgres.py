"""PostgreSQL with pgvector, a server of its own on a Unix socket (pgserver brings both as one package)."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.experiments.peers.corpus import Corpus
from workbench.experiments.peers.peer import Crowd, Floats, Ids, Peer, Question, needed

_LISTED = 100  # of each leg
_BUILD = {"m": 32, "ef_construction": 128}
_EF_SEARCH = 100
_CLUSTER = "cluster"
_SERVER = {
    "shared_buffers": "2GB", "effective_cache_size": "8GB", "maintenance_work_mem": "2GB", "work_mem": "64MB",
    "max_wal_size": "8GB", "max_connections": "120", "jit": "off", "random_page_cost": "1.1",
}  # fmt: skip
_SCHEMA = """
    CREATE EXTENSION vector;
    CREATE TABLE messages (
        number bigint PRIMARY KEY, time bigint NOT NULL, content text NOT NULL, vector vector({dimensions}) NOT NULL,
        words tsvector NOT NULL GENERATED ALWAYS AS (to_tsvector('english', content)) STORED)"""
_INDEXES = f"""
    CREATE INDEX ON messages USING hnsw (vector vector_cosine_ops)
        WITH (m = {_BUILD["m"]}, ef_construction = {_BUILD["ef_construction"]});
    CREATE INDEX ON messages USING gin (words);
    CREATE INDEX ON messages (time)"""
_ANY = "replace(plainto_tsquery('english', %(text)s)::text, '&', '|')::tsquery"
_ALL = "plainto_tsquery('english', %(text)s)"
_WITHIN = "time >= %(after)s AND time < %(before)s"
# What pgvector advises for a filter that keeps little: all that it keeps is compared. OFFSET 0 keeps the planner from
# taking the HNSW index all the same, whose hundred nearest are only then filtered.
_COMPARED = f"(SELECT number, vector FROM messages WHERE {_WITHIN} OFFSET 0) AS allowed"
_NARROW = 0.2
_ESTIMATE = f"EXPLAIN (FORMAT JSON) SELECT 1 FROM messages WHERE {_WITHIN}"
_NEAREST = "SELECT number FROM {source} ORDER BY vector <=> %(vector)s::vector LIMIT %(count)s"
# Reciprocal rank fusion in one statement, as in pgvector's own example of hybrid search.
_HYBRID = """
    WITH meaning AS (
        SELECT number, row_number() OVER (ORDER BY distance) AS rank FROM (
            SELECT number, vector <=> %(vector)s::vector AS distance FROM {source}
            ORDER BY vector <=> %(vector)s::vector LIMIT %(listed)s) AS nearest),
    wording AS (
        SELECT number, row_number() OVER (ORDER BY score DESC) AS rank FROM (
            SELECT number, {rank}(words, query) AS score FROM messages, (SELECT {query} AS query) AS asked
            WHERE words @@ query {and_where} ORDER BY score DESC LIMIT %(listed)s) AS matching)
    SELECT coalesce(meaning.number, wording.number) FROM meaning FULL OUTER JOIN wording USING (number)
    ORDER BY coalesce(1.0 / (60 + meaning.rank), 0) + coalesce(1.0 / (60 + wording.rank), 0) DESC, 1
    LIMIT %(count)s"""


class PgVector(Peer):
    """One table with an HNSW, a GIN and a B-tree index; `words` is how words are asked for."""

    packages = ("pgserver", "psycopg")
    modules = ("pgserver", "psycopg")
    crowd = Crowd()

    def __init__(self, name: str, title: str, words: tuple[str, str], how: str, weak: str, shares: str = "") -> None:
        self.name, self.title, self.how, self.weak, self.shares = name, title, how, weak, shares
        self._asked = words
        self.settings: Mapping[str, Any] = {
            **_BUILD,
            "ef_search": _EF_SEARCH,
            "listed": _LISTED,
            "compared_below": _NARROW,
            **_SERVER,
        }

    def build(self, folder: Path, corpus: Corpus) -> None:
        """Copied in one transaction, indexes afterwards, by as many workers as PostgreSQL takes by itself."""
        folder.mkdir(parents=True, exist_ok=True)
        _configure(folder)
        with _connection(folder) as connection:
            connection.execute(_SCHEMA.format(dimensions=corpus.dimensions))
            _copy(connection, corpus)
            connection.execute(_INDEXES)
        with _connection(folder, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE messages")
            connection.execute("CHECKPOINT")

    def add(self, folder: Path, corpus: Corpus) -> None:
        """Rows; all indexes take them at once."""
        with _connection(folder) as connection:
            _copy(connection, corpus)

    def open(self, folder: Path) -> PgSearcher:
        """A connection for each thread, made when it first asks."""
        return PgSearcher(folder, *self._asked)

    def version(self) -> str:
        """Of PostgreSQL and of the extension, which are what pgserver holds."""
        server = needed("pgserver")
        binaries = Path(server.__file__).parent / "pginstall"
        control = next(binaries.rglob("vector.control")).read_text(encoding="utf-8")
        [line] = [one for one in control.splitlines() if one.startswith("default_version")]
        said = subprocess.run([binaries / "bin" / "postgres", "--version"], capture_output=True, text=True, check=True)
        return f"PostgreSQL {said.stdout.split()[-1]}, pgvector {line.split(chr(39))[1]}, {super().version()}"

    def size(self, folder: Path) -> int:
        """Table and indexes; the write-ahead log is not counted."""
        with _connection(folder) as connection:
            row = connection.execute("SELECT pg_total_relation_size('messages')").fetchone()
        return int(row[0])

    def server(self, folder: Path) -> int | None:
        """The postmaster, once there is one."""
        try:
            first = (folder / _CLUSTER / "postmaster.pid").read_text(encoding="utf-8").partition("\n")[0]
        except FileNotFoundError:
            return None
        return int(first) if first.isdigit() else None  # negative while the cluster is being made


class PgSearcher:
    """Statements are prepared on the server by every connection."""

    def __init__(self, folder: Path, query: str, rank: str) -> None:
        self._uri = _server(folder).get_uri()
        self._query, self._rank = query, rank
        self._local = threading.local()
        self._opened: list[Any] = []
        [(self._rows,)] = self._connection().execute("SELECT count(*) FROM messages").fetchall()

    def search(self, questions: Sequence[Question]) -> list[Ids]:
        """One statement each."""
        return [self._ask(_HYBRID, one) for one in questions]

    def nearest(self, question: Question) -> Ids:
        """By vector alone."""
        return self._ask(_NEAREST, question)

    def close(self) -> None:
        """Close all connections; the server ends with the last process that uses it."""
        for one in self._opened:
            one.close()

    def _ask(self, statement: str, question: Question) -> Ids:
        window = question.window
        values: dict[str, Any] = {
            "text": question.text, "vector": _written(question.vector), "count": question.k, "listed": _LISTED,
        }  # fmt: skip
        source, and_where = "messages", ""
        if window:
            values |= {"after": window.after, "before": window.before}
            source = _COMPARED if self._is_narrow(values) else f"messages WHERE {_WITHIN}"
            and_where = f"AND {_WITHIN}"
        sql = statement.format(query=self._query, rank=self._rank, source=source, and_where=and_where)
        return [row[0] for row in self._connection().execute(sql, values, prepare=True)]

    def _is_narrow(self, values: dict[str, Any]) -> bool:
        """Whether a filter keeps few messages, by the planner's statistics."""
        [(found,)] = self._connection().execute(_ESTIMATE, values).fetchall()
        return bool(found[0]["Plan"]["Plan Rows"] < _NARROW * self._rows)

    def _connection(self) -> Any:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = needed("psycopg").connect(self._uri, autocommit=True)
            connection.execute(f"SET hnsw.ef_search = {_EF_SEARCH}")
            self._opened.append(connection)
        return connection


def _server(folder: Path) -> Any:
    return needed("pgserver").get_server(folder / _CLUSTER)


def _connection(folder: Path, *, autocommit: bool = False) -> Any:
    return needed("psycopg").connect(_server(folder).get_uri(), autocommit=autocommit)


def _configure(folder: Path) -> None:
    """Make a cluster with our settings, which hold from its next start."""
    server = _server(folder)
    with (folder / _CLUSTER / "postgresql.auto.conf").open("a", encoding="utf-8") as stream:
        stream.writelines(f"{name} = '{value}'\n" for name, value in _SERVER.items())
    server.cleanup()


def _copy(connection: Any, corpus: Corpus) -> None:
    with connection.cursor().copy("COPY messages (number, time, content, vector) FROM STDIN") as copy:
        for batch in corpus.batches():
            rows = zip(batch.numbers, batch.times, batch.contents, batch.vectors, strict=True)
            for number, time, content, vector in rows:
                copy.write_row((number, time, content.replace("\x00", " "), _written(vector)))


def _written(vector: Floats) -> str:
    return str(vector.tolist())


PEERS: dict[str, Peer] = {
    "pgvector": PgVector(
        "pgvector", "PostgreSQL + pgvector, any word", (_ANY, "ts_rank"),  # quicker where much matches
        "HNSW + ts_rank of messages with any of the words, RRF in SQL",
        "ts_rank reads all that matches; a broad filter is applied to what HNSW has listed, a narrow one compares all",
    ),
    "pgvector-all-words": PgVector(
        "pgvector-all-words", "PostgreSQL + pgvector, all words", (_ALL, "ts_rank_cd"),
        "HNSW + ts_rank_cd of messages with all of the words, RRF in SQL",
        "a message that lacks one of the words is not found by the others", shares="pgvector",
    ),
}  # fmt: skip
