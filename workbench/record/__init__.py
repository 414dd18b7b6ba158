"""The record: the only truth. One DuckDB file, one writer at a time; everything else is made from it."""

from workbench.record.conversations import MergeCounts, Status, merge
from workbench.record.database import RECORD_FILE, Database, connect_read_only, open_record, scratch_record
from workbench.record.erasing import Erased, erase, finished, is_unfinished
from workbench.record.following import JournalFollower
from workbench.record.ledger import finish_import, start_import
from workbench.record.lock import WriterLock, WriterWork, work_of, writer_of
from workbench.record.memories import absorb, absorbed, memory_conversation, memory_message
from workbench.record.renewal import receive, send
from workbench.record.revisions import reading_revision
from workbench.record.rows import Rows, to_rows
from workbench.record.selecting import Kind, Unit, Wanted, select
from workbench.record.times import from_stored, to_stored
from workbench.record.tombstones import LeftOut, Tombstones, leave_out, lift, read_tombstones, returning
from workbench.record.vectors import add_vectors, count_missing, missing_passages

__all__ = [
    "RECORD_FILE",
    "Database",
    "Erased",
    "JournalFollower",
    "Kind",
    "LeftOut",
    "MergeCounts",
    "Rows",
    "Status",
    "Tombstones",
    "Unit",
    "Wanted",
    "WriterLock",
    "WriterWork",
    "absorb",
    "absorbed",
    "add_vectors",
    "connect_read_only",
    "count_missing",
    "erase",
    "finish_import",
    "finished",
    "from_stored",
    "is_unfinished",
    "leave_out",
    "lift",
    "memory_conversation",
    "memory_message",
    "merge",
    "missing_passages",
    "open_record",
    "read_tombstones",
    "reading_revision",
    "receive",
    "returning",
    "scratch_record",
    "select",
    "send",
    "start_import",
    "to_rows",
    "to_stored",
    "work_of",
    "writer_of",
]
