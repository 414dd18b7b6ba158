"""Merging what an export says into the record.

A conversation that is not there is added. Of one that is there, messages that are new are added, and messages that
differ are replaced if the export is newer (or equally new, and the parser or, last, the greater hash decides). So the
outcome does not depend on the order of imports, the same export twice writes nothing, and absence deletes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from workbench.record.database import Database
from workbench.record.rows import Rows


class Status(StrEnum):
    """What an import means for one conversation."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class MergeCounts:
    """What a merge did, or would do. `rows_written` counts rows added or replaced in any table of the record."""

    conversations: Mapping[Status, int]
    messages_new: int = 0
    messages_changed: int = 0
    messages_unchanged: int = 0
    rows_written: int = 0


# An incoming row wins over a stored one that differs if its conversation is newer; see the module's docstring. What was
# forgotten and may come back has an empty hash (`workbench.record.erasing`): whatever comes wins over that.
_WINS = """({stored} = '' OR
    (i.version, i.parser_revision, i.row_hash) > (c.version, c.parser_revision, {stored}))"""

_STAGE = f"""
    CREATE TEMP TABLE staged_messages AS
        SELECT i.*, m.id IS NULL AS is_new,
            coalesce(m.row_hash <> i.row_hash AND {_WINS.format(stored="m.row_hash")}, false) AS is_changed
        FROM (SELECT n.*, k.version, k.parser_revision FROM incoming_messages n
              JOIN incoming_conversations k ON k.id = n.conversation_id) i
        LEFT JOIN messages m ON m.id = i.id
        LEFT JOIN conversations c ON c.id = i.conversation_id;
    CREATE TEMP TABLE staged_conversations AS
        SELECT *, stored IS NULL AS is_new,
            coalesce((row_hash <> stored AND wins) OR (is_grown AND is_newer), false) AS is_changed
        FROM (
            SELECT i.*, c.row_hash AS stored, {_WINS.format(stored="c.row_hash")} AS wins,
                (i.version, i.parser_revision) > (c.version, c.parser_revision) AS is_newer,
                EXISTS (SELECT 1 FROM staged_messages s
                        WHERE s.conversation_id = i.id AND (s.is_new OR s.is_changed)) AS is_grown
            FROM incoming_conversations i LEFT JOIN conversations c ON c.id = i.id);
"""
_UNSTAGE = "DROP TABLE IF EXISTS temp.staged_messages; DROP TABLE IF EXISTS temp.staged_conversations;"

_APPLY = """
    DELETE FROM artifacts WHERE message_id IN (SELECT id FROM staged_messages WHERE is_changed);
    DELETE FROM passages WHERE message_id IN (SELECT id FROM staged_messages WHERE is_changed);
    INSERT OR REPLACE INTO messages BY NAME
        SELECT * EXCLUDE (version, parser_revision, is_new, is_changed) FROM staged_messages WHERE is_new OR is_changed;
    INSERT INTO artifacts BY NAME SELECT a.* FROM incoming_artifacts a
        JOIN staged_messages s ON s.id = a.message_id WHERE s.is_new OR s.is_changed;
    INSERT INTO passages BY NAME SELECT p.* FROM incoming_passages p
        JOIN staged_messages s ON s.id = p.message_id WHERE s.is_new OR s.is_changed;
    INSERT OR REPLACE INTO conversations BY NAME
        SELECT * EXCLUDE (is_new, is_changed, is_grown, is_newer, wins, stored)
        FROM staged_conversations WHERE is_new OR is_changed;
    UPDATE facts SET value = value + 1 WHERE name = 'revision';
"""

_COUNT_MESSAGES = """
    SELECT count(*) FILTER (is_new), count(*) FILTER (is_changed), count(*) FILTER (NOT is_new AND NOT is_changed)
    FROM staged_messages"""
_COUNT_CONVERSATIONS = """
    SELECT count(*) FILTER (is_new), count(*) FILTER (NOT is_new AND (is_changed OR is_grown)),
        count(*) FILTER (NOT (is_new OR is_changed OR is_grown)), count(*) FILTER (is_new OR is_changed)
    FROM staged_conversations"""
_COUNT_PARTS = """
    WITH written AS (SELECT id FROM staged_messages WHERE is_new OR is_changed)
    SELECT (SELECT count(*) FROM incoming_artifacts WHERE message_id IN (SELECT id FROM written))
         + (SELECT count(*) FROM incoming_passages WHERE message_id IN (SELECT id FROM written))"""


def merge(database: Database, rows: Rows, *, dry_run: bool = False) -> MergeCounts:
    """Merge `rows` into the record in one transaction; with `dry_run` only count what would be done."""
    with (
        database.tables(
            incoming_conversations=rows.conversations,
            incoming_messages=rows.messages,
            incoming_artifacts=rows.artifacts,
            incoming_passages=rows.passages,
        ),
        database.transaction(),
    ):
        database.run(_UNSTAGE + _STAGE)
        counts = _counts(database)
        if counts.rows_written and not dry_run:
            database.run(_APPLY)
        database.run(_UNSTAGE)
    return counts


def _counts(database: Database) -> MergeCounts:
    [(new, changed, unchanged)] = database.rows(_COUNT_MESSAGES)
    [(c_new, c_changed, c_unchanged, c_written)] = database.rows(_COUNT_CONVERSATIONS)
    parts = database.value(_COUNT_PARTS) if new or changed else 0
    return MergeCounts(
        conversations={Status.NEW: c_new, Status.CHANGED: c_changed, Status.UNCHANGED: c_unchanged},
        messages_new=new,
        messages_changed=changed,
        messages_unchanged=unchanged,
        rows_written=new + changed + c_written + parts,
    )
