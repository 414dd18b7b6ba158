"""The record: the only truth. One DuckDB file, one writer at a time; everything else is made from it."""

from workbench.record.conversations import MergeCounts, Status, merge
from workbench.record.database import RECORD_FILE, Database, connect_read_only, open_record, scratch_record
from workbench.record.following import JournalFollower
from workbench.record.ledger import finish_import, start_import
from workbench.record.lock import WriterLock, writer_of
from workbench.record.memories import absorb, absorbed, memory_conversation, memory_message
from workbench.record.revisions import reading_revision
from workbench.record.rows import Rows, to_rows
from workbench.record.times import from_stored, to_stored
from workbench.record.vectors import add_vectors, count_missing, missing_passages

__all__ = [
    "RECORD_FILE",
    "Database",
    "JournalFollower",
    "MergeCounts",
    "Rows",
    "Status",
    "WriterLock",
    "absorb",
    "absorbed",
    "add_vectors",
    "connect_read_only",
    "count_missing",
    "finish_import",
    "from_stored",
    "memory_conversation",
    "memory_message",
    "merge",
    "missing_passages",
    "open_record",
    "reading_revision",
    "scratch_record",
    "start_import",
    "to_rows",
    "to_stored",
    "writer_of",
]
