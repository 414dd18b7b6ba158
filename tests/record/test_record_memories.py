from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import numpy as np
import pytest
from building import transcript

from workbench.model import Memory, NewMemory
from workbench.record import Database, absorb, absorbed, from_stored, journal, merge, open_record, to_rows
from workbench.record.migrations import MIGRATIONS

PEANUTS = NewMemory("Bo is allergic to peanuts", "fact", 0.9, ("food", "health"), "Ann")


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Database]:
    with open_record(tmp_path) as database:
        yield database


def tables(record: Database) -> dict[str, list[tuple[object, ...]]]:
    names = ("conversations", "messages", "passages", "memories", "vectors", "facts")
    return {name: record.rows(f"SELECT * FROM {name} ORDER BY ALL") for name in names}


def test_a_memory_becomes_a_message_of_the_conversation_of_its_category(record: Database, tmp_path: Path) -> None:
    [kept] = journal.append(tmp_path, [PEANUTS])
    assert absorb(record, tmp_path) == 1
    [(identifier, content, role, position, author, created_at)] = record.rows(
        "SELECT id, content, role, position, author, created_at FROM messages"
    )
    assert (identifier, content, role, position, author) == (kept.id, PEANUTS.content, "user", 0, "Ann")
    assert from_stored(created_at) == kept.created_at.astimezone(UTC)
    assert record.rows("SELECT assistant, native_id, title FROM conversations") == [
        ("memory", "fact", "Memories: fact")
    ]
    assert record.rows("SELECT * FROM memories") == [(kept.id, "fact", 0.9, ["food", "health"], "Ann", 1)]
    assert absorbed(record) == 1


def test_what_was_taken_over_is_not_taken_over_again(record: Database, tmp_path: Path) -> None:
    journal.append(tmp_path, [PEANUTS, NewMemory("tea at five")])
    assert absorb(record, tmp_path) == 2
    before = tables(record)
    assert absorb(record, tmp_path) == 0
    assert tables(record) == before
    journal.compact(tmp_path, 2)
    assert absorb(record, tmp_path) == 0


def test_the_same_text_again_keeps_its_time_and_takes_the_rest(record: Database, tmp_path: Path) -> None:
    def remember(confidence: float, *labels: str) -> Memory:
        return journal.append(tmp_path, [NewMemory("tea at five", confidence=confidence, labels=labels)])[0]

    first, _, third = remember(0.1, "a"), remember(0.2, "b"), remember(0.3, "c", "d")
    assert absorb(record, tmp_path) == 3
    fourth = remember(0.4)
    assert record.rows("SELECT confidence, labels, sequence FROM memories") == [(third.confidence, ["c", "d"], 3)]
    assert absorb(record, tmp_path) == 1
    assert record.rows("SELECT confidence, labels, sequence FROM memories") == [(fourth.confidence, [], 4)]
    assert from_stored(record.value("SELECT created_at FROM messages")) == first.created_at
    assert record.value("SELECT count(*) FROM passages") == 1


def test_it_does_not_matter_after_how_many_memories_the_record_takes_them_over(tmp_path: Path) -> None:
    texts = ["tea", "coffee", "tea", "milk", "tea ", "coffee"]
    for name, steps in {"at once": [6], "one by one": [1] * 6, "now and then": [4, 2]}.items():
        store = tmp_path / name
        numbers = iter(range(6))
        with open_record(store) as record:
            for many in steps:
                chosen = [next(numbers) for _ in range(many)]
                journal.append(store, [NewMemory(texts[n], labels=(str(n),), confidence=n / 10) for n in chosen])
                absorb(record, store)
            found = record.rows("SELECT content, labels, confidence FROM messages JOIN memories ON id = message_id")
            assert sorted(found) == [("coffee", ["5"], 0.5), ("milk", ["3"], 0.3), ("tea", ["4"], 0.4)], name


def test_vectors_of_the_journal_are_kept_once_a_text_and_model(record: Database, tmp_path: Path) -> None:
    vector = np.arange(4, dtype=np.float16)
    for category in ("fact", "preference"):
        journal.append(tmp_path, [NewMemory("tea at five", category)], model="m-1", vectors=[vector])
        absorb(record, tmp_path)
    journal.append(tmp_path, [NewMemory("tea at five", "fact")], model="m-2", vectors=[vector])
    journal.append(tmp_path, [NewMemory("###")])
    absorb(record, tmp_path)
    assert record.rows("SELECT model, vector FROM vectors ORDER BY ALL") == [
        ("m-1", vector.tobytes()),
        ("m-2", vector.tobytes()),
    ]


def test_an_import_leaves_memories_alone_and_memories_leave_imports_alone(record: Database, tmp_path: Path) -> None:
    rows = to_rows([transcript("bread", "flat loaf", "proof it")], parser_revision=1)
    assert merge(record, rows).rows_written > 0
    journal.append(tmp_path, [PEANUTS])
    absorb(record, tmp_path)
    before = tables(record)
    assert merge(record, rows).rows_written == 0
    assert tables(record) == before


def test_a_record_of_before_there_were_memories_gets_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.record.database.migrate.__defaults__", (MIGRATIONS[:3],))
    with open_record(tmp_path) as old:
        assert not old.rows("SELECT * FROM information_schema.tables WHERE table_name = 'memories'")
        merge(old, to_rows([transcript("bread", "flat loaf")], parser_revision=1))
    monkeypatch.undo()
    journal.append(tmp_path, [PEANUTS])
    with open_record(tmp_path) as record:
        assert absorb(record, tmp_path) == 1
        assert record.value("SELECT count(*) FROM messages") == 2
