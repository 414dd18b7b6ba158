"""The record written anew, by a process that never saw what was deleted from it.

DuckDB keeps deleted rows in its file. Nor is it enough to copy the rest: blocks are written with whatever their unused
parts held in memory, and in one try of three a copy of 67,000 rows had some of the 33,000 deleted ones in it. So the
process that has the old file sends the rows that are left, and another one writes them down.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from workbench.errors import StoreError
from workbench.record.database import RECORD_FILE, Database, open_record

_FOLDER = ".renewing"
_ROWS = 4_096
_AGREED = b"take its place\n"
_TABLES = """
    SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'main'
        AND NOT temporary AND table_name <> 'migrations' ORDER BY table_name"""


def send(database: Database, out: BinaryIO) -> None:
    """Write all rows of the record to `out`, close the record, and have the receiver's copy take its place."""
    tables = {name: database.value(f'SELECT count(*) FROM "{name}"') for (name,) in database.rows(_TABLES)}
    out.write(json.dumps(tables).encode() + b"\n")
    for name in tables:
        query = f'SELECT * FROM "{name}"'
        schema = database.arrow(f"{query} LIMIT 0").schema
        cursor = database.cursor()
        with pa.ipc.new_stream(out, schema) as stream:
            for batch in cursor.batches(query, _ROWS):
                stream.write_batch(batch)
        cursor.close()
    database.run("CHECKPOINT")
    database.close()  # before the other file has its name: closing removes the log beside whatever has it
    out.write(_AGREED)
    out.flush()


def receive(source: BinaryIO, store: Path) -> None:
    """Write the rows that come from `source` into a new record, and put it in the place of the one in `store`.

    Raises:
        StoreError: Not all of them came. The old record stays.
    """
    folder = store / _FOLDER
    shutil.rmtree(folder, ignore_errors=True)  # of somebody who was killed
    tables: dict[str, int] = json.loads(source.readline() or b"{}")
    with open_record(folder) as record:
        for name, rows in tables.items():
            record.run(f'DELETE FROM "{name}"')
            with record.tables(incoming=pa.ipc.open_stream(source)):
                record.run(f'INSERT INTO "{name}" BY NAME SELECT * FROM incoming')
            if record.value(f'SELECT count(*) FROM "{name}"') != rows:
                raise StoreError(f"the table {name} did not come whole", "", "run `workbench rebuild` to try again")
        record.run("CHECKPOINT")
    if not tables or source.readline() != _AGREED:
        raise StoreError("the rows of the record did not come whole", "", "run `workbench rebuild` to try again")
    if (store / f"{RECORD_FILE}.wal").exists():  # it would be taken for the log of the new file
        raise StoreError("somebody has the record open", "", "close it there, then run `workbench rebuild`")
    _put_in_place(folder / RECORD_FILE, store)
    shutil.rmtree(folder)
    shutil.rmtree(store / f"{RECORD_FILE}.tmp", ignore_errors=True)  # what DuckDB had no memory for, if it was killed


def _put_in_place(fresh: Path, store: Path) -> None:
    for path in (fresh, store):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
            if path == fresh:
                fresh.replace(store / RECORD_FILE)
        finally:
            os.close(handle)
