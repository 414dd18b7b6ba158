"""A DuckDB connection with Workbench's errors. The only module that imports duckdb."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import duckdb

from workbench.errors import (
    SnapshotError,
    StoreError,
    StoreLockedError,
    StoreMissingError,
    StoreVersionError,
    UsageError,
)
from workbench.record.migrations import MIGRATIONS

if TYPE_CHECKING:
    import pyarrow as pa

RECORD_FILE = "record.duckdb"
Listener = Callable[[str, object], None]
"""Told of a statement and its parameters."""
_WRITER_MEMORY = "2GB"  # beyond it DuckDB spills to disk: an import must leave room for the person's other work


class Database:
    """One open DuckDB file.

    Raises (every method):
        UsageError: The statement is wrong (for statements that come from a user).
        StoreError: The database cannot carry it out.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, path: Path, listeners: list[Listener] | None = None
    ) -> None:
        self._connection = connection
        self._listeners = [] if listeners is None else listeners
        self.path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; writes its log back into it."""
        self._connection.close()

    def cursor(self) -> Database:
        """A second connection to the same open file, for another thread."""
        return Database(self._connection.cursor(), self.path, self._listeners)

    @contextmanager
    def overheard(self, listener: Listener) -> Iterator[None]:
        """Within a `with` block, tell `listener` of every statement that is run here or by a cursor, before it runs."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def run(self, sql: str, parameters: object = None) -> None:
        """Run statements whose result is not wanted."""
        self._execute(sql, parameters)

    def rows(self, sql: str, parameters: object = None) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        found: list[tuple[Any, ...]] = self._execute(sql, parameters).fetchall()
        return found

    def value(self, sql: str, parameters: object = None) -> Any:
        """The first column of the first row, None if there is no row."""
        found = self.rows(sql, parameters)  # all of it: DuckDB refuses the next statement while a result is open
        return found[0][0] if found else None

    def arrow(self, sql: str, parameters: object = None) -> pa.Table:
        """All rows of a query as an Arrow table."""
        self._tell(sql, parameters)
        with _mapped_errors(self.path):
            return self._connection.sql(sql, params=parameters).to_arrow_table()

    def batches(self, sql: str, rows: int, parameters: object = None) -> Iterator[pa.RecordBatch]:
        """The rows of a query in Arrow batches of at most `rows`, read as they are asked for.

        The connection runs nothing else until the last batch has been taken: use a cursor of its own.
        """
        self._tell(sql, parameters)
        with _mapped_errors(self.path):
            yield from self._connection.sql(sql, params=parameters).to_arrow_reader(rows)

    @contextmanager
    def tables(self, **tables: pa.Table) -> Iterator[None]:
        """Arrow tables usable by name in the statements of a `with` block."""
        for name, table in tables.items():
            self._connection.register(name, table)
        try:
            yield
        finally:
            for name in tables:
                self._connection.unregister(name)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements of a `with` block, or none."""
        self.run("BEGIN")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self.run("COMMIT")

    def _execute(self, sql: str, parameters: object) -> duckdb.DuckDBPyConnection:
        self._tell(sql, parameters)
        with _mapped_errors(self.path):
            return self._connection.execute(sql, parameters)

    def _tell(self, sql: str, parameters: object) -> None:
        for listener in self._listeners:
            listener(sql, parameters)


_STATEMENT_FAULTS = (
    duckdb.ParserException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.PermissionException,
)


@contextmanager
def _mapped_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except _STATEMENT_FAULTS as error:
        raise UsageError("the SQL statement cannot be run", str(error)) from error
    except duckdb.Error as error:
        raise StoreError(f"the database {path.name} cannot carry out a statement", str(error)) from error


def open_record(store: Path) -> Database:
    """The record in the folder `store`, made if it is not there, at the newest schema. The caller holds the WriterLock.

    Raises:
        StoreVersionError: It was written by a newer Workbench.
        StoreLockedError: Another program has the file open.
    """
    store.mkdir(parents=True, exist_ok=True)
    database = _connect(store / RECORD_FILE, read_only=False, settings={"memory_limit": _WRITER_MEMORY})
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def scratch_record() -> Database:
    """An empty record in memory, gone when it is closed."""
    database = Database(duckdb.connect(":memory:"), Path(":memory:"))
    migrate(database)
    return database


def connect_read_only(path: Path, *, memory: str = "512MB") -> Database:
    """A DuckDB file that nobody writes to, for reading; many processes may have it open.

    No statement can reach any other file: what runs here may come from a user or from an assistant.

    Raises:
        StoreMissingError: There is no such file.
        SnapshotError: The file is damaged.
    """
    if not path.exists():
        raise StoreMissingError(f"there is no {path.name} in {path.parent}", "", "run `workbench ingest` first")
    # Given when connecting, not set afterwards: a second reader in the same process shares DuckDB's instance, whose
    # configuration is locked by then.
    settings = {"memory_limit": memory, "enable_external_access": "false", "lock_configuration": "true"}
    return _connect(path, read_only=True, settings=settings)


def migrate(database: Database, migrations: Sequence[Callable[[Database], None]] = MIGRATIONS) -> None:
    """Bring the schema to the newest step; each step in a transaction with the note that it was taken."""
    database.run("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name VARCHAR NOT NULL)")
    done = database.value("SELECT coalesce(max(number), 0) FROM migrations")
    if done > len(migrations):
        raise StoreVersionError(
            f"the record {database.path} has schema {done}",
            f"this Workbench knows schemas up to {len(migrations)}",
            "update Workbench: `pip install --upgrade memory-workbench`",
        )
    for number, step in enumerate(migrations[done:], start=done + 1):
        with database.transaction():
            step(database)
            database.run("INSERT INTO migrations VALUES (?, ?)", [number, step.__name__])


def _connect(path: Path, *, read_only: bool, settings: dict[str, str]) -> Database:
    try:
        return Database(duckdb.connect(str(path), read_only=read_only, config=dict(settings)), path)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise StoreLockedError(
                f"{path} is open in another program", str(error).splitlines()[0], "close it there and try again"
            ) from error
        raise SnapshotError(f"{path} cannot be opened", str(error).splitlines()[0], "run `workbench verify`") from error
    except duckdb.Error as error:
        raise SnapshotError(f"{path} cannot be opened", str(error).splitlines()[0], "run `workbench verify`") from error
