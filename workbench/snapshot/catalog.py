"""The catalog of a generation: the record's conversations, messages and artifacts, sorted and numbered.

Every message gets an ordinal, counted from 0 in the order (conversation, position, time, id): the same record gives the
same ordinals, and neighbours in a thread are neighbours here. What search needs of every message is also written as
plain columns that can be mapped into memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from workbench.index import LexicalDocuments
from workbench.model import SEARCHED_KINDS, TRAFFIC_KINDS
from workbench.record import Database

CATALOG_FILE = "catalog.duckdb"
COLUMNS_FOLDER = "columns"
ROLES = ("user", "assistant", "system", "tool")
NO_TIME = np.iinfo(np.int64).min
_EXTRA_CHARACTERS = 20_000  # of one artifact: a pasted log must not outweigh the conversation around it
_BATCH = 5_000

_KINDS = ", ".join(f"'{kind}'" for kind in SEARCHED_KINDS)

_CREATE = f"""
    CREATE TABLE snap.conversations AS
        SELECT row_number() OVER (ORDER BY id) - 1 AS ordinal, * EXCLUDE (version, parser_revision, row_hash)
        FROM conversations ORDER BY id;
    CREATE TABLE snap.messages AS
        SELECT row_number() OVER (ORDER BY m.conversation_id, m.position, m.created_at NULLS LAST, m.id) - 1 AS ordinal,
            m.* EXCLUDE (row_hash), c.assistant, c.title,
            NOT m.hidden AND m.kind IN ({_KINDS}) AND
                (m.content <> '' OR EXISTS (SELECT 1 FROM artifacts a WHERE a.message_id = m.id)) AS searched
        FROM messages m JOIN conversations c ON c.id = m.conversation_id
        ORDER BY ordinal;
    CREATE TABLE snap.artifacts AS
        SELECT m.ordinal AS message_ordinal, a.* FROM artifacts a JOIN snap.messages m ON m.id = a.message_id
        ORDER BY m.ordinal, a.ordinal;
    CREATE UNIQUE INDEX messages_by_ordinal ON snap.messages (ordinal);
"""

# The nearest searched message above and below on the active path. For a message on a branch these are the ones around
# the fork, which is where its question stands.
_COLUMNS = """
    SELECT m.ordinal, m.assistant, m.role, epoch_us(m.created_at) AS time, c.ordinal AS conversation, m.searched,
        length(m.content) AS length,
        max(CASE WHEN m.searched AND m.on_active_path THEN m.ordinal END) OVER (PARTITION BY m.conversation_id
            ORDER BY m.position RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS previous,
        min(CASE WHEN m.searched AND m.on_active_path THEN m.ordinal END) OVER (PARTITION BY m.conversation_id
            ORDER BY m.position RANGE BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS following
    FROM snap.messages m JOIN snap.conversations c ON c.id = m.conversation_id ORDER BY m.ordinal"""

_DOCUMENTS = f"""
    SELECT m.ordinal, m.content AS body, m.title, m.assistant, m.role, c.ordinal AS conversation,
        epoch_us(m.created_at) AS time, coalesce(e.extra, '') AS extra
    FROM snap.messages m JOIN snap.conversations c ON c.id = m.conversation_id
    LEFT JOIN (
        SELECT a.message_ordinal, string_agg(concat_ws(' ', a.title, left(a.content, {_EXTRA_CHARACTERS})), ' '
            ORDER BY a.ordinal) AS extra
        FROM snap.artifacts a JOIN snap.messages b ON b.ordinal = a.message_ordinal
        WHERE a.kind NOT IN {TRAFFIC_KINDS} AND NOT contains(b.content, a.content)
        GROUP BY ALL) e ON e.message_ordinal = m.ordinal
    WHERE m.searched ORDER BY m.ordinal"""


def write_catalog(database: Database, folder: Path) -> None:
    """Write catalog.duckdb into `folder` and leave it attached to `database` as `snap`."""
    path = str(folder / CATALOG_FILE).replace("'", "''")
    database.run(f"ATTACH '{path}' AS snap")
    database.run(_CREATE)


def close_catalog(database: Database) -> None:
    """Finish the catalog file and let go of it."""
    database.run("CHECKPOINT snap")
    database.run("DETACH snap")


def write_columns(database: Database, folder: Path, assistants: list[str]) -> None:
    """Write what search needs of every message as .npy files into `folder`, one row a message, in ordinal order."""
    table = database.arrow(_COLUMNS)
    code = {name: i for i, name in enumerate(assistants)}
    role = {name: i for i, name in enumerate(ROLES)}
    as_codes = {
        "assistant": np.array([code[name] for name in table["assistant"].to_pylist()], np.uint8),
        "role": np.array([role[name] for name in table["role"].to_pylist()], np.uint8),
    }
    numbers = {
        "time": table["time"].fill_null(NO_TIME).to_numpy().astype(np.int64),
        "conversation": table["conversation"].to_numpy().astype(np.int32),
        "length": table["length"].to_numpy().astype(np.int32),
        "previous": table["previous"].fill_null(-1).to_numpy().astype(np.int32),
        "following": table["following"].fill_null(-1).to_numpy().astype(np.int32),
        "searched": table["searched"].to_numpy(zero_copy_only=False).astype(np.bool_),
    }
    folder.mkdir()
    for name, values in {**as_codes, **numbers}.items():
        np.save(folder / f"{name}.npy", values)


def documents(database: Database) -> Iterator[LexicalDocuments]:
    """The searched messages of the attached catalog in batches, as the lexical index takes them."""
    for batch in database.cursor().batches(_DOCUMENTS, _BATCH):
        yield LexicalDocuments(**batch.to_pydict())
