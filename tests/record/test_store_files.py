from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from building import transcript

from workbench.errors import StoreError, StoreLockedError, StoreMissingError, StoreVersionError, UsageError
from workbench.record import (
    RECORD_FILE,
    WriterLock,
    add_vectors,
    connect_read_only,
    count_missing,
    merge,
    missing_passages,
    open_record,
    to_rows,
)
from workbench.record.database import migrate
from workbench.record.migrations import MIGRATIONS

HOLD = """
import sys
from pathlib import Path
from workbench.record import WriterLock
with WriterLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_writer_is_told_who_the_first_one_is(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreLockedError, match=f"process {holder.pid} "), WriterLock(tmp_path):
            pass
        holder.kill()
    with WriterLock(tmp_path):  # a killed holder holds nothing
        assert "pid" in (tmp_path / "writer.lock").read_text(encoding="utf-8")


def test_a_failing_migration_leaves_the_step_before_it(tmp_path: Path) -> None:
    def broken(database: object) -> None:
        database.run("CREATE TABLE half (x INTEGER); SELECT no_such_column FROM half")  # type: ignore[attr-defined]

    with open_record(tmp_path) as record, pytest.raises(UsageError):
        migrate(record, [*MIGRATIONS, broken])
    with open_record(tmp_path) as record:
        assert record.value("SELECT max(number) FROM migrations") == len(MIGRATIONS)
        assert record.value("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'half'") == 0


def test_a_record_of_a_newer_workbench_is_not_touched(tmp_path: Path) -> None:
    with open_record(tmp_path) as record:
        record.run("INSERT INTO migrations VALUES (?, 'from the future')", [len(MIGRATIONS) + 1])
    with pytest.raises(StoreVersionError, match="Update Workbench"):
        open_record(tmp_path)


def test_a_reader_cannot_write_or_reach_other_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n", encoding="utf-8")
    open_record(tmp_path).close()
    with connect_read_only(tmp_path / RECORD_FILE) as reader:
        for statement in (
            "DELETE FROM messages",
            f"SELECT * FROM read_csv('{secret}')",
            f"COPY messages TO '{tmp_path / 'out.csv'}'",
            f"ATTACH '{tmp_path / 'other.duckdb'}'",
            "SET enable_external_access = true",
        ):
            with pytest.raises((UsageError, StoreError)):
                reader.run(statement)
    assert sorted(path.name for path in tmp_path.iterdir()) == [RECORD_FILE, "secret.csv"]


def test_there_is_nothing_to_read_where_nothing_was_written(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError, match="workbench ingest"):
        connect_read_only(tmp_path / RECORD_FILE)


def test_each_text_is_embedded_once_and_per_model(tmp_path: Path) -> None:
    with open_record(tmp_path) as record:
        merge(record, to_rows([transcript("a", "thanks", "bread"), transcript("b", "thanks")], parser_revision=1))
        assert count_missing(record, "model") == 2
        for hashes, texts in missing_passages(record, "model", batch=1):
            assert len(texts) == 1
            add_vectors(record, "model", hashes, np.ones((1, 4), np.float16))
        assert count_missing(record, "model") == 0
        assert count_missing(record, "another model") == 2
