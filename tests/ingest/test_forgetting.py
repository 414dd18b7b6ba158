"""Invariants 6 and 3 of the design: with the bytes of real files, real readers, and killed processes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from building import claude_export

from workbench.errors import NotFoundError, StoreLockedError
from workbench.record import RECORD_FILE, Wanted, connect_read_only, erase, journal, open_record, select
from workbench.snapshot.generations import folders, snapshots_folder
from workbench.workspace import Workbench

pytestmark = pytest.mark.slow

SECRET = "zanzibarite"
CHATS = {
    "stones": (f"a ring of {SECRET}", f"{SECRET} is rare", "thanks"),
    "bread": ("flat loaf", "proof it longer", "thanks"),
    "soup": ("miso soup?", f"kombu first, no {SECRET} in it", "thanks"),
}
TABLES = ("conversations", "messages", "artifacts", "passages", "vectors")


def places(store: Path, text: str = SECRET) -> list[str]:
    """The files of the store that have these bytes in them."""
    found = [path for path in store.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]
    return sorted(str(path.relative_to(store)) for path in found)


def counts(memory: Workbench) -> list[int]:
    with connect_read_only(memory.store / RECORD_FILE) as record:
        return [record.value(f"SELECT count(*) FROM {table}") for table in TABLES]


def conversation(memory: Workbench, title: str) -> str:
    [identifier] = memory.conversations().filter(title=title)["id"]
    return str(identifier)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return claude_export(tmp_path / "export.json", CHATS)


def test_nothing_of_it_is_left_and_it_comes_back_only_when_that_is_wanted(memory: Workbench, export: Path) -> None:
    memory.ingest(export)
    memory.remember(f"Ann wears {SECRET}")
    before = counts(memory)
    everything = memory.messages().sort("id").to_dicts()
    assert {"record.duckdb", "journal.jsonl", "snapshots/000001/catalog.duckdb"} <= set(places(memory.store))
    planned = memory.forget(containing=SECRET, dry_run=True)
    assert sorted(one.title for one in planned.what) == ["Memories: fact", "soup", "stones"]
    receipt = memory.forget(*(one.id for one in planned.what))
    assert places(memory.store) == []
    assert (receipt.erased, receipt.tombstones) == (planned.erased, 2)
    assert (receipt.generation, receipt.removed, receipt.held) == (2, (1,), ())
    assert not any(SECRET in hit.content for hit in memory.search(SECRET))
    assert memory.snapshot.manifest.counts["texts"] == 3  # "thanks" is said in bread too
    assert [finding for finding in memory.verify() if not finding.ok] == []
    report = memory.ingest(export).files[0]
    assert (report.conversations_forgotten, report.kept, report.rows_written) == (2, 1, 0)
    assert places(memory.store) == []
    assert memory.ingest(export, restore_forgotten=True, dry_run=True).files[0].messages_new == 6
    assert memory.ingest(export, restore_forgotten=True).files[0].messages_new == 6
    assert counts(memory) == before
    assert memory.messages().sort("id").to_dicts() == [one for one in everything if one["assistant"] != "memory"]


def test_a_message_is_forgotten_out_of_its_thread(memory: Workbench, export: Path) -> None:
    memory.ingest(export)
    [hit] = [hit for hit in memory.search("kombu") if SECRET in hit.content and hit.title == "soup"]
    memory.forget(hit.message_id, conversation(memory, "stones"))
    assert places(memory.store) == []
    thread = memory.conversation(hit.conversation_id).messages
    assert [(message.content, message.hidden) for message in thread] == [
        ("miso soup?", False), ("", True), ("thanks", False),
    ]  # fmt: skip
    report = memory.ingest(export).files[0]
    assert (report.messages_forgotten, report.conversations_forgotten, report.rows_written) == (1, 1, 0)
    assert memory.restore() == 2
    assert memory.ingest(export).files[0].messages_changed == 1
    assert "kombu" in memory.conversation(hit.conversation_id).messages[1].content


def test_of_thousands_not_one_is_left_in_unused_parts_of_any_file(memory: Workbench, tmp_path: Path) -> None:
    """A copy that DuckDB makes in the process that had the old file in memory leaves some in a try of three."""
    texts = {f"chat {n}": (f"marker{n:05}x{n * 7919 % 9973:05} " + "long and short " * (n % 60),) for n in range(1_500)}
    memory.ingest(claude_export(tmp_path / "many.json", texts))
    memory.forget(*memory.sql("SELECT id FROM conversations WHERE title LIKE '%7'")["id"])
    left = b"".join(path.read_bytes() for path in memory.store.rglob("*") if path.is_file())
    found = {int(number) for number in re.findall(rb"marker(\d{5})x", left)}
    assert not {number for number in found if number % 10 == 7}
    assert len(found) > 1_000


def test_a_generation_that_is_read_goes_when_its_reader_moves_on(memory: Workbench, export: Path) -> None:
    memory.ingest(export)
    with Workbench(memory.settings) as reader:
        assert reader.search(SECRET).hits
        receipt = memory.forget(containing=SECRET, patience=0.2)
        assert [held.generation for held in receipt.held] == [1]
        assert os.getpid() in receipt.held[0].processes
        assert reader.search(SECRET).hits  # it reads on, undisturbed
        assert places(memory.store) != []
        assert [finding for finding in memory.verify() if not finding.ok] == []
        reader.refresh()
        assert places(memory.store) == []
        assert not any(SECRET in hit.content for hit in reader.search(SECRET))


def test_memories_that_an_old_generation_lacks_stay_in_the_journal(memory: Workbench, export: Path) -> None:
    memory.ingest(export)
    with Workbench(memory.settings) as reader:
        _ = reader.snapshot
        ring, tea = memory.remember(f"a ring of {SECRET}"), memory.remember("tea at five")
        receipt = memory.forget(ring.id, patience=0)
        assert receipt.journal_lines == 1
        found = journal.read(memory.store)
        assert ([entry.memory.id for entry in found.entries], found.forgotten) == ([tea.id], (ring.sequence,))
        assert reader.search("tea at five").hits[0].message_id == tea.id
        assert [finding for finding in memory.verify() if not finding.ok] == []


def test_what_cannot_be_forgotten_is_said(memory: Workbench, export: Path) -> None:
    memory.ingest(export)
    with pytest.raises(NotFoundError, match="c_nowhere"):
        memory.forget("c_nowhere")
    with open_record(memory.store), pytest.raises(StoreLockedError):
        memory.forget(containing=SECRET)
    with pytest.raises(NotFoundError, match="not forgotten"):
        memory.restore("c_nowhere")


def test_a_forgetting_that_was_cut_off_is_finished_by_the_next_writer(memory: Workbench, export: Path) -> None:
    memory.ingest(export)
    memory.close()
    with open_record(memory.store) as record:
        units, _ = select(record, Wanted(containing=SECRET))
        erase(record, units, datetime.now(UTC))
    assert "a forgetting was cut off" in {finding.detail.partition(":")[0] for finding in memory.verify()}
    memory.rebuild()
    assert places(memory.store) == []
    assert [finding for finding in memory.verify() if not finding.ok] == []


FORGET = """
import sys
from workbench.workspace import Workbench
Workbench.open(sys.argv[1]).forget(containing=sys.argv[2])
"""
Moment = Callable[[Path, int], bool]


def rows_are_on_their_way(store: Path, _: int) -> bool:
    return (store / ".renewing" / RECORD_FILE).exists()


def there_is_a_new_record(store: Path, old: int) -> bool:
    return (store / RECORD_FILE).stat().st_ino != old


def a_generation_is_being_made(store: Path, _: int) -> bool:
    return any(snapshots_folder(store).glob(".building-*"))


@pytest.mark.parametrize(
    ("kill", "there"),
    [(os.kill, rows_are_on_their_way), (os.killpg, there_is_a_new_record), (os.killpg, a_generation_is_being_made)],
)
def test_whenever_it_is_killed_the_next_writer_ends_it(
    memory: Workbench, export: Path, kill: Callable[[int, int], None], there: Moment
) -> None:
    memory.ingest(export)
    memory.close()
    inode = (memory.store / RECORD_FILE).stat().st_ino
    command = [sys.executable, "-c", FORGET, str(memory.store), SECRET]
    process = subprocess.Popen(command, start_new_session=True)
    while not there(memory.store, inode):
        assert process.poll() is None, "it was over before that moment"
        time.sleep(0.001)
    kill(process.pid, signal.SIGKILL)
    process.wait()
    assert Workbench(memory.settings).search("flat loaf").hits  # readers have a whole generation at any moment
    rebuild(memory)
    assert places(memory.store) == []
    assert [finding for finding in memory.verify() if not finding.ok] == []
    assert len(folders(memory.store)) == 1
    assert {hit.title for hit in memory.search("thanks")} == {"bread"}


def rebuild(memory: Workbench) -> None:
    """As soon as nobody writes: processes that were left may be at it."""
    for _ in range(600):
        try:
            memory.rebuild()
        except StoreLockedError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("somebody goes on writing")
