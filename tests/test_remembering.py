"""Invariants 1 to 5 for memories, with real processes."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from building import claude_export
from click.testing import CliRunner

from workbench.cli import main
from workbench.errors import SnapshotError, StoreError, UsageError
from workbench.model import Query
from workbench.record import WriterLock
from workbench.snapshot.generations import generation_folder
from workbench.workspace import Workbench

KILLS = 6
REMEMBER = """
import sys
from workbench.workspace import Workbench
name = sys.argv[2]
with Workbench.open(sys.argv[1]) as memory:
    for number in range(10_000):
        kept = memory.remember(f"note {name}-{number} about quokkas", labels=[name])
        print(kept.id, number, flush=True)
"""
PUBLISH = """
import sys
from workbench.workspace import Workbench
with Workbench.open(sys.argv[1]) as memory:
    while True:
        memory.rebuild()
"""


def started(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True)


def answer(*arguments: str) -> dict[str, object]:
    result = CliRunner().invoke(main, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.output)
    return found


def test_remember_and_rebuild_from_the_command_line(tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    kept = answer("remember", "Bo", "is", "allergic", "--label", "health", "--confidence", "0.9", "--store", store)
    assert (kept["content"], kept["labels"], kept["category"]) == ("Bo is allergic", ["health"], "fact")
    answer("remember", "Ann likes rye", "--category", "preference", "--source", "Ann", "--store", store)
    found = answer("search", "likes category:preference", "--store", store)
    assert [hit["content"] for hit in found["hits"]] == ["Ann likes rye"]  # type: ignore[attr-defined]
    sure = answer("search", "Bo Ann", "--min-confidence", "0.95", "--store", store)
    assert [hit["content"] for hit in sure["hits"]] == ["Ann likes rye"]  # type: ignore[attr-defined]
    assert answer("rebuild", "--store", store)["memories"] == 1
    unchanged = answer("rebuild", "--if-changed", "--store", store)
    assert (unchanged["memories"], unchanged["generation"]) == (0, 2)
    assert answer("rebuild", "--store", store)["generation"] == 3
    assert answer("verify", "--store", store)["ok"] is True


def test_a_memory_may_come_from_standard_input(tmp_path: Path) -> None:
    asked = ["remember", "-", "--store", str(tmp_path / "store")]
    result = CliRunner().invoke(main, asked, input="tea\nat five\n")
    assert result.exit_code == 0
    with Workbench.open(tmp_path / "store") as memory:
        assert memory.search("tea").hits[0].content == "tea\nat five"


def test_a_memory_that_cannot_be_kept_says_why(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["remember", "tea", "--category", "Two Words", "--store", str(tmp_path)])
    assert result.exit_code == 2
    assert "cannot be a category" in result.output


def test_memories_are_kept_and_found_while_the_record_is_held(memory: Workbench, tmp_path: Path) -> None:
    memory.ingest(claude_export(tmp_path / "chats.json", {"bread": ["flat loaf", "proof it"]}))
    with WriterLock(memory.store):
        kept = memory.remember("the oven of Ann is gas mark six")
        assert memory.search("oven").hits[0].message_id == kept.id


def test_a_store_that_is_just_being_made_keeps_memories_until_it_is_published(memory: Workbench) -> None:
    with WriterLock(memory.store):
        kept = memory.remember("the oven of Ann is gas mark six")
    memory.remember("tea at five")
    assert memory.search("oven").hits[0].message_id == kept.id


def test_an_import_takes_memories_into_the_record(memory: Workbench, tmp_path: Path) -> None:
    export = claude_export(tmp_path / "chats.json", {"bread": ["flat loaf", "proof it"]})
    memory.ingest(export)
    kept = memory.remember("the oven of Ann is gas mark six")
    report = memory.ingest(export)
    assert (report.memories, report.rows_written, report.generation) == (1, 0, 2)
    assert memory.ingest(export).generation == 2
    assert memory.conversation(kept.id).conversation.title == "Memories: fact"
    assert all(finding.ok for finding in memory.verify()), memory.verify()


def test_a_memory_can_be_opened_before_it_is_published(memory: Workbench, tmp_path: Path) -> None:
    memory.ingest(claude_export(tmp_path / "chats.json", {"bread": ["flat loaf", "proof it"]}))
    first = memory.remember("the oven of Ann is gas mark six", labels=["kitchen"])
    for known in (memory.search("oven").hits[0].conversation_id, first.id):
        found = memory.conversation(known)
        assert found.conversation.title == "Memories: fact"
        assert [message.content for message in found.messages] == [first.content]
    memory.rebuild()
    second = memory.remember("tea at five")
    assert [message.id for message in memory.conversation(first.id).messages] == [first.id, second.id]


def test_without_snapshots_everything_is_made_anew_from_the_record(memory: Workbench) -> None:
    memory.remember("the oven of Ann is gas mark six")
    memory.remember("tea at five", labels=["drinks"])
    memory.rebuild()
    memory.remember("milk first")
    memory.close()
    shutil.rmtree(memory.store / "snapshots")
    memory.rebuild()
    assert {hit.content for hit in memory.search("assistant:memory")} == {
        "the oven of Ann is gas mark six",
        "tea at five",
        "milk first",
    }
    assert memory.search("tea label:drinks").hits


def test_numbers_go_on_where_the_generation_ends_if_the_journal_is_gone(memory: Workbench) -> None:
    memory.remember("tea at five")
    memory.remember("milk first")
    memory.rebuild()
    (memory.store / "journal.jsonl").unlink()
    kept = memory.remember("sugar last")
    assert kept.sequence == 3
    assert memory.search("sugar").hits[0].message_id == kept.id
    assert memory.rebuild().memories == 1


def test_verify_says_what_is_wrong_with_the_journal(memory: Workbench) -> None:
    memory.remember("tea at five")
    memory.remember("milk first")
    memory.remember("sugar last")
    path = memory.store / "journal.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"milk first", b"milk lasts"))
    failed = {finding.check for finding in memory.verify() if not finding.ok}
    assert failed == {"every line of the journal is as it was written", "no memory is missing from the journal"}
    path.write_bytes(whole[: whole.index(b"\n") + 1].replace(b'"base":1', b'"base":9'))
    assert "every line of the journal is as it was written" in {f.check for f in memory.verify() if not f.ok}


def test_a_generation_of_an_older_workbench_says_how_to_make_a_new_one(memory: Workbench) -> None:
    memory.remember("tea at five")
    manifest = generation_folder(memory.store, 1) / "manifest.json"
    memory.close()
    old = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**old, "format": 2}))
    with pytest.raises(SnapshotError, match="workbench rebuild"):
        memory.search("tea")
    kept = memory.remember("milk first")
    memory.rebuild()
    assert memory.search("milk").hits[0].message_id == kept.id


def test_a_replica_keeps_no_memories(memory: Workbench) -> None:
    memory.remember("tea at five")
    (memory.store / "replica.json").write_text('{"origin": "elsewhere"}')
    with pytest.raises(StoreError, match="replica"):
        memory.remember("milk first")
    with pytest.raises(StoreError, match="replica"):
        memory.rebuild()


def test_what_is_wrong_is_refused_before_anything_is_written(memory: Workbench) -> None:
    with pytest.raises(UsageError):
        memory.remember("tea", confidence=2)
    assert not memory.store.exists()


@pytest.mark.slow
def test_processes_that_begin_a_store_together_lose_nothing(tmp_path: Path) -> None:
    writers = [started(REMEMBER.replace("10_000", "40"), str(tmp_path), name) for name in "abcd"]
    told = [line.split()[0] for writer in writers for line in writer.communicate()[0].splitlines()]
    with Workbench.open(tmp_path) as memory:
        assert len(told) == 160
        assert {hit.message_id for hit in memory.search("quokkas", k=1000, alpha=0)} == set(told)
        assert all(finding.ok for finding in memory.verify())


@pytest.mark.slow
def test_whatever_is_killed_whenever_nothing_acknowledged_is_lost(memory: Workbench, tmp_path: Path) -> None:
    memory.ingest(claude_export(tmp_path / "chats.json", {"bread": ["flat loaf", "proof it"]}))
    chance = random.Random(7)
    told: set[str] = set()
    for number in range(KILLS):
        writers = [started(REMEMBER, str(memory.store), f"{number}{name}") for name in "ab"]
        publisher = started(PUBLISH, str(memory.store))
        for writer in writers:
            assert writer.stdout is not None
            told.add(writer.stdout.readline().split()[0])
        time.sleep(chance.uniform(0.0, 0.8))
        for process in chance.sample([*writers, publisher], 3):
            process.send_signal(signal.SIGKILL)
            time.sleep(chance.uniform(0.0, 0.05))
        for process in (*writers, publisher):
            lines = process.communicate()[0].splitlines(keepends=True)
            told |= {line.split()[0] for line in lines if line.endswith("\n")}
        memory.refresh()
        found = _found(memory)
        assert told <= found, f"{len(told - found)} lost after kill {number}"
    memory.rebuild()
    assert told <= _found(memory)
    assert all(finding.ok for finding in memory.verify()), [f for f in memory.verify() if not f.ok]


def _found(memory: Workbench) -> set[str]:
    pages = memory.engine.pages(Query("quokkas", k=1000, alpha=0))
    return {hit.message_id for page in pages for hit in page}
