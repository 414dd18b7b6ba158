"""Taking rows out of the record, and noting that copies of them have to go too.

DuckDB keeps the bytes of deleted rows in its file, and so do generations and the journal. So a forgetting is over only
when all of these are renewed (`workbench.ingest.forgetting`). Until then the fact `forgetting` says that this is due:
it is committed with the deletion itself, so that nobody who is killed between the two leaves it undone.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from workbench.model import MEMORY_ASSISTANT, content_hash
from workbench.record.database import Database
from workbench.record.selecting import Unit
from workbench.record.times import to_stored

_FACT = "forgetting"

# The messages that are touched; `whole` where the row goes too, else it stays, empty and hidden, and holds the thread.
_TOUCH = """
    CREATE TEMP TABLE touched AS
        SELECT id, any_value(conversation_id) AS conversation_id, bool_or(whole) AS whole FROM (
        SELECT m.id, m.conversation_id, true AS whole FROM messages m
            JOIN chosen k ON k.kind = 'conversation' AND k.id = m.conversation_id
        UNION ALL SELECT m.id, m.conversation_id, k.kind = 'memory' FROM messages m
            JOIN chosen k ON k.kind IN ('message', 'memory') AND k.id = m.id)
        GROUP BY id"""
_TITLES = """
    INSERT OR IGNORE INTO forgotten SELECT DISTINCT c.id, 'title', $now::TIMESTAMP FROM conversations c
        JOIN touched t ON t.conversation_id = c.id AND NOT t.whole JOIN messages m ON m.id = t.id
        WHERE c.title <> '' AND c.id NOT IN (SELECT id FROM chosen)
            AND contains(lower(regexp_replace(m.content, '\\s+', ' ', 'g')), lower(rtrim(c.title, ' …')))"""
_SUMMARIES = """
    INSERT OR IGNORE INTO forgotten SELECT DISTINCT c.id, 'summary', $now::TIMESTAMP FROM conversations c
        JOIN touched t ON t.conversation_id = c.id AND NOT t.whole
        WHERE contains(c.meta, '"summary"') AND c.id NOT IN (SELECT id FROM chosen)"""
_BLANK = """
    UPDATE conversations SET title = '', row_hash = '' WHERE title <> ''
        AND id IN (SELECT id FROM forgotten WHERE part = 'title');
    UPDATE conversations SET meta = '{}', row_hash = '' WHERE meta <> '{}'
        AND id IN (SELECT id FROM forgotten WHERE part = 'summary');"""
_EMPTY = """
    UPDATE messages SET content = '', content_hash = $nothing, row_hash = '', kind = 'text', hidden = true,
        author = NULL, model = NULL WHERE id IN (SELECT id FROM touched WHERE NOT whole)"""
_TOMBSTONES = """
    INSERT OR IGNORE INTO forgotten SELECT id, kind, $now::TIMESTAMP FROM chosen WHERE kind <> 'memory'"""
_DELETE = {
    "artifacts": "DELETE FROM artifacts WHERE message_id IN (SELECT id FROM touched)",
    "passages": "DELETE FROM passages WHERE message_id IN (SELECT id FROM touched)",
    "memories": "DELETE FROM memories WHERE message_id IN (SELECT id FROM touched)",
    "messages": "DELETE FROM messages WHERE id IN (SELECT id FROM touched WHERE whole)",
    "conversations": f"""DELETE FROM conversations WHERE id IN (SELECT id FROM chosen WHERE kind = 'conversation')
        OR (assistant = '{MEMORY_ASSISTANT}' AND id NOT IN (SELECT conversation_id FROM messages))""",
    "vectors": "DELETE FROM vectors WHERE NOT EXISTS (SELECT 1 FROM passages p WHERE p.hash = vectors.hash)",
}
_MEMORY_TIMES = f"""
    UPDATE conversations SET
        created_at = (SELECT min(created_at) FROM messages WHERE conversation_id = conversations.id),
        updated_at = (SELECT max(created_at) FROM messages WHERE conversation_id = conversations.id)
        WHERE assistant = '{MEMORY_ASSISTANT}' AND id IN (SELECT conversation_id FROM touched)"""


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows of the record went; `emptied` messages stay, with nothing in them, to hold their thread.

    `vectors` are of all models; those of a text that another message has too stay. `imports` are entries of the ledger
    that named what is forgotten, and do not any more.
    """

    conversations: int = 0
    messages: int = 0
    emptied: int = 0
    memories: int = 0
    artifacts: int = 0
    passages: int = 0
    vectors: int = 0
    imports: int = 0


class _RehearsedError(Exception):
    """Takes back what a dry run did."""


def erase(database: Database, units: Sequence[Unit], now: datetime, *, dry_run: bool = False) -> Erased:
    """Take `units` out of the record in one transaction; with `dry_run` do it, count, and take it back."""
    chosen = pa.table({"id": [unit.id for unit in units], "kind": [str(unit.kind) for unit in units]})
    with suppress(_RehearsedError), database.tables(chosen=chosen), database.transaction():
        erased = _erase(database, {"now": to_stored(now)})
        if dry_run:
            raise _RehearsedError
    return erased


def is_unfinished(database: Database) -> bool:
    """Whether rows were taken out whose copies have not gone yet."""
    return bool(database.value("SELECT coalesce(max(value), 0) FROM facts WHERE name = ?", [_FACT]))


def finished(database: Database) -> None:
    """Note that the copies have gone."""
    database.run("UPDATE facts SET value = 0 WHERE name = ?", [_FACT])


def _erase(database: Database, now: dict[str, object]) -> Erased:
    database.run(_TOUCH)
    touched = database.rows("SELECT DISTINCT conversation_id FROM touched")
    database.run(_TITLES, now)
    database.run(_SUMMARIES, now)
    database.run(_TOMBSTONES, now)
    database.run(_BLANK)
    emptied = int(database.value(_EMPTY, {"nothing": content_hash("")}))
    deleted = {name: int(database.value(statement)) for name, statement in _DELETE.items()}
    database.run(_MEMORY_TIMES)
    imports = _redact_ledger(database, {one for (one,) in touched})
    database.run("DROP TABLE touched")
    database.run("UPDATE facts SET value = value + 1 WHERE name = 'revision'")
    database.run("INSERT OR REPLACE INTO facts VALUES (?, 1)", [_FACT])
    return Erased(emptied=emptied, imports=imports, **deleted)


def _redact_ledger(database: Database, conversations: Collection[str]) -> int:
    """Take out of the reports of imports what they say of these conversations: titles of those with secrets in them."""
    count = 0
    for number, text in database.rows("SELECT id, report FROM imports WHERE contains(report, '\"conversation\"')"):
        report = json.loads(text)
        found = [(one, one["secrets"]) for one in report["files"]]
        kept = [[secret for secret in secrets if secret["conversation"] not in conversations] for _, secrets in found]
        if kept == [secrets for _, secrets in found]:
            continue
        for (one, _), secrets in zip(found, kept, strict=True):
            one["secrets"] = secrets
        database.run("UPDATE imports SET report = ? WHERE id = ?", [json.dumps(report, ensure_ascii=False), number])
        count += 1
    return count
