"""What was forgotten and is to stay away when the same export is imported again: ids, and nothing of what was there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from workbench.record.database import Database
from workbench.record.rows import Rows


@dataclass(frozen=True, slots=True)
class Tombstones:
    """Ids of forgotten conversations and messages, and of conversations whose title or summary is forgotten."""

    conversations: frozenset[str] = frozenset()
    messages: frozenset[str] = frozenset()
    titles: frozenset[str] = frozenset()
    summaries: frozenset[str] = frozenset()

    @property
    def any(self) -> bool:
        """Whether anything was forgotten."""
        return bool(self.conversations or self.messages or self.titles or self.summaries)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How much of what was read is forgotten: whole conversations, and messages of others."""

    conversations: int = 0
    messages: int = 0


def read_tombstones(database: Database) -> Tombstones:
    """All there are; none in a record of an older Workbench that nobody has written to since."""
    if not database.value("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'forgotten' AND NOT temporary"):
        return Tombstones()
    found: dict[str, set[str]] = {"conversation": set(), "message": set(), "title": set(), "summary": set()}
    for identifier, part in database.rows("SELECT id, part FROM forgotten"):
        found[part].add(identifier)
    return Tombstones(*(frozenset(ids) for ids in found.values()))


def leave_out(rows: Rows, tombstones: Tombstones) -> tuple[Rows, LeftOut]:
    """`rows` without what is forgotten, and how much that was.

    Done here and not by the statements that merge: what is forgotten must not even pass through DuckDB, which writes
    blocks whose unused parts hold whatever was in its memory before.
    """
    if not tombstones.any:
        return rows, LeftOut()
    known = pc.invert(_among(rows.conversations["id"], tombstones.conversations))
    in_known = pc.invert(_among(rows.messages["conversation_id"], tombstones.conversations))
    kept = pc.and_(in_known, pc.invert(_among(rows.messages["id"], tombstones.messages)))
    conversations, messages = rows.conversations.filter(known), rows.messages.filter(kept)
    left_out = LeftOut(
        rows.conversations.num_rows - conversations.num_rows, int(pc.sum(in_known).as_py() or 0) - messages.num_rows
    )
    artifacts, passages = (
        part.filter(pc.is_in(part["message_id"], value_set=messages["id"])) for part in (rows.artifacts, rows.passages)
    )
    return Rows(_blanked(conversations, tombstones), messages, artifacts, passages), left_out


def returning(rows: Rows, tombstones: Tombstones) -> set[str]:
    """Ids among `rows` that are forgotten, wholly or in part."""
    there = {*rows.conversations["id"].to_pylist(), *rows.messages["id"].to_pylist()}
    return there & (tombstones.conversations | tombstones.messages | tombstones.titles | tombstones.summaries)


def lift(database: Database, ids: Iterable[str]) -> int:
    """Take away the tombstones of these conversations and messages; how many of them had one.

    The next import that has them brings them back; with a message also the title and summary of its conversation.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return 0
    with database.transaction():
        of_messages = database.rows(
            """SELECT DISTINCT m.conversation_id FROM messages m JOIN forgotten f ON f.id = m.id AND f.part = 'message'
               WHERE m.id IN (SELECT unnest(?))""",
            [wanted],
        )
        database.run(
            "DELETE FROM forgotten WHERE part IN ('title', 'summary') AND id IN (SELECT unnest(?))",
            [[*wanted, *(one for (one,) in of_messages)]],
        )
        return int(
            database.value(
                "DELETE FROM forgotten WHERE part IN ('conversation', 'message') AND id IN (SELECT unnest(?))",
                [wanted],
            )
        )


def _among(column: pa.ChunkedArray, ids: frozenset[str]) -> pa.ChunkedArray:
    return pc.is_in(column, value_set=pa.array(sorted(ids), pa.string()))


def _blanked(conversations: pa.Table, tombstones: Tombstones) -> pa.Table:
    """`conversations` without forgotten titles and summaries; the hash of such a row is empty, as the stored one's."""
    titled, told = (_among(conversations["id"], ids) for ids in (tombstones.titles, tombstones.summaries))
    for name, where, blank in (("title", titled, ""), ("meta", told, "{}"), ("row_hash", pc.or_(titled, told), "")):
        column = pc.if_else(where, blank, conversations[name])
        conversations = conversations.set_column(conversations.schema.get_field_index(name), name, column)
    return conversations
