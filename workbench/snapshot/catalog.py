"""The catalog of a generation: the record's conversations, messages and artifacts, sorted and numbered.

Every message gets an ordinal, counted from 0 in the order (conversation, position, time, id): the same record gives the
same ordinals, and neighbours in a thread are neighbours here. What search needs of every message is also written as
plain columns that can be mapped into memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from workbench.index import LexicalDocuments, tag
from workbench.model import SEARCHED_KINDS, TRAFFIC_KINDS, ArtifactKind
from workbench.record import Database

CATALOG_FILE = "catalog.duckdb"
COLUMNS_FOLDER = "columns"
ROLES = ("user", "assistant", "system", "tool")
KINDS = (*ArtifactKind, "link")
NO_TIME = np.iinfo(np.int64).min
NO_MONTH = np.iinfo(np.int16).min
_EXTRA_CHARACTERS = 20_000  # of one artifact: a pasted log must not outweigh the conversation around it
_BATCH = 5_000
# What messages are tagged with in the lexical index, and the column that holds it.
_TAGGED = {
    "assistant": "assistant", "role": "role", "model": "model", "project": "project", "kind": "kinds",
    "language": "languages", "category": "category", "label": "labels",
}  # fmt: skip
Codes = NDArray[np.uint16] | NDArray[np.int32]

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
    CREATE TABLE snap.memories AS
        SELECT m.ordinal AS message_ordinal, r.* FROM memories r JOIN snap.messages m ON m.id = r.message_id
        ORDER BY m.ordinal;
    CREATE UNIQUE INDEX messages_by_ordinal ON snap.messages (ordinal);
"""

# What each message carries: kinds of artifacts (its own kind among them if it is code or what code printed, and links)
# and the languages of what is in one. Of a memory also what is known of it.
_CARRIED = """
    carried AS (
        SELECT message_ordinal AS ordinal, list(DISTINCT kind) AS kinds,
            list_sort(list(DISTINCT language) FILTER (language <> '')) AS languages
        FROM snap.artifacts GROUP BY ALL),
    described AS (
        SELECT m.ordinal, coalesce(m.model, c.model, '') AS model, coalesce(c.project, '') AS project,
            c.ordinal AS conversation, coalesce(languages, []) AS languages,
            coalesce(r.category, '') AS category, coalesce(r.labels, []) AS labels, r.confidence,
            list_sort(list_distinct(list_concat(coalesce(kinds, []),
                CASE WHEN m.kind IN ('code', 'execution_result') THEN [m.kind] ELSE [] END,
                CASE WHEN regexp_matches(m.content, 'https?://') THEN ['link'] ELSE [] END))) AS kinds
        FROM snap.messages m JOIN snap.conversations c ON c.id = m.conversation_id
        LEFT JOIN carried ON carried.ordinal = m.ordinal
        LEFT JOIN snap.memories r ON r.message_ordinal = m.ordinal)"""

# The nearest searched message above and below on the active path. For a message on a branch these are the ones around
# the fork, which is where its question stands.
_COLUMNS = f"""
    WITH {_CARRIED}
    SELECT m.ordinal, m.assistant, m.role, epoch_us(m.created_at) AS time, d.conversation, m.searched,
        12 * (year(m.created_at) - 1970) + month(m.created_at) - 1 AS month,
        length(m.content) AS length, d.model, d.project, d.kinds, d.languages,
        d.category, d.labels, d.confidence,
        max(CASE WHEN m.searched AND m.on_active_path THEN m.ordinal END) OVER (PARTITION BY m.conversation_id
            ORDER BY m.position RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS previous,
        min(CASE WHEN m.searched AND m.on_active_path THEN m.ordinal END) OVER (PARTITION BY m.conversation_id
            ORDER BY m.position RANGE BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS following
    FROM snap.messages m JOIN described d ON d.ordinal = m.ordinal ORDER BY m.ordinal"""

# The title of a conversation counts as words of its first message: it says what all of it is about, but every message
# of a long conversation must not be found by it. Memories have no title: their conversation is but a shelf.
_DOCUMENTS = f"""
    WITH {_CARRIED}
    SELECT m.ordinal, m.content AS body, coalesce(e.extra, '') AS extra,
        CASE WHEN m.ordinal = min(m.ordinal) OVER (PARTITION BY m.conversation_id) AND d.category = ''
            THEN m.title ELSE '' END AS title,
        m.assistant, m.role, d.model, d.project, d.category, d.kinds, d.languages, d.labels, d.conversation,
        epoch_us(m.created_at) AS time, strftime(m.created_at, '%Y-%m-%d') AS day
    FROM snap.messages m JOIN described d ON d.ordinal = m.ordinal
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
    """Write what search needs of every message as .npy files into `folder`, one row a message, in ordinal order.

    Names are codes into sorted lists of names, of which "" is the first and means none; kinds are bits in the order of
    KINDS; languages and labels, of which a message may have several, are pairs of message and code.
    """
    table = database.arrow(_COLUMNS)
    model, model_names = _coded(table["model"])
    project, project_names = _coded(table["project"])
    category, category_names = _coded(table["category"])
    language_owner, language, language_names = _owned(table, "languages")
    label_owner, label, label_names = _owned(table, "labels")
    columns = {
        "assistant": _codes_in(table["assistant"], assistants).astype(np.uint8),
        "role": _codes_in(table["role"], list(ROLES)).astype(np.uint8),
        "time": table["time"].fill_null(NO_TIME).to_numpy().astype(np.int64),
        "month": table["month"].fill_null(NO_MONTH).to_numpy().astype(np.int16),
        "conversation": table["conversation"].to_numpy().astype(np.int32),
        "length": table["length"].to_numpy().astype(np.int32),
        "previous": table["previous"].fill_null(-1).to_numpy().astype(np.int32),
        "following": table["following"].fill_null(-1).to_numpy().astype(np.int32),
        "searched": table["searched"].to_numpy(zero_copy_only=False).astype(np.bool_),
        "model": model,
        "model_names": model_names,
        "project": project,
        "project_names": project_names,
        "kinds": _kind_bits(table["kinds"]),
        "language": language,
        "language_owner": language_owner,
        "language_names": language_names,
        "category": category,
        "category_names": category_names,
        "label": label,
        "label_owner": label_owner,
        "label_names": label_names,
        "confidence": table["confidence"].to_numpy().astype(np.float32),
    }
    folder.mkdir()
    for name, values in columns.items():
        np.save(folder / f"{name}.npy", values)


def _codes_in(column: pa.ChunkedArray, names: list[str]) -> NDArray[np.int64]:
    codes: NDArray[np.int64] = pc.index_in(column, value_set=pa.array(names)).to_numpy().astype(np.int64)
    return codes


def _coded(column: pa.ChunkedArray) -> tuple[Codes, NDArray[np.str_]]:
    """The codes of a column of names, and the names by code: "" and then the others, sorted."""
    names = sorted({"", *pc.unique(column).to_pylist()})
    codes = _codes_in(column, names)
    small = len(names) <= np.iinfo(np.uint16).max
    return codes.astype(np.uint16) if small else codes.astype(np.int32), np.array(names)


def _owned(table: pa.Table, column: str) -> tuple[NDArray[np.int32], Codes, NDArray[np.str_]]:
    """Who has which of the names in a column of lists: ordinals, codes, and the names by code."""
    lists = table[column].combine_chunks()
    codes, names = _coded(pa.chunked_array([lists.flatten()], pa.string()))
    owner = np.repeat(table["ordinal"].to_numpy(), lists.value_lengths().to_numpy())
    return owner.astype(np.int32), codes, names


def _kind_bits(column: pa.ChunkedArray) -> NDArray[np.uint16]:
    lists = column.combine_chunks()
    bits = np.uint16(1) << _codes_in(pa.chunked_array([lists.flatten()], pa.string()), list(KINDS)).astype(np.uint16)
    out = np.zeros(len(lists), np.uint16)
    np.bitwise_or.at(out, np.repeat(np.arange(len(lists)), lists.value_lengths().to_numpy()), bits)
    return out


def documents(database: Database) -> Iterator[LexicalDocuments]:
    """The searched messages of the attached catalog in batches, as the lexical index takes them."""
    for batch in database.cursor().batches(_DOCUMENTS, _BATCH):
        rows = batch.to_pydict()
        day = rows.pop("day")
        described = {name: rows.pop(name) for name in _TAGGED.values()}
        conversation = rows.pop("conversation")
        yield LexicalDocuments(
            **rows,
            tags=[
                _tags(dict(zip(described, one, strict=True)), place, when)
                for *one, place, when in zip(*described.values(), conversation, day, strict=True)
            ],
        )


def _tags(described: Mapping[str, str | list[str]], conversation: int, day: str | None) -> list[str]:
    tags = [tag("conversation", conversation)]
    for name, column in _TAGGED.items():
        values = described[column]
        tags += [tag(name, value) for value in ([values] if isinstance(values, str) else values) if value]
    return [*tags, tag("year", day[:4]), tag("month", day[:7]), tag("day", day)] if day else tags
