from __future__ import annotations

import json
from pathlib import Path

import pytest
from building import claude_export

from workbench.errors import EmbeddingError, EmptyExportError, StoreError, StoreLockedError, UsageError
from workbench.record import RECORD_FILE, WriterLock, merge, open_record, to_rows
from workbench.settings import Settings
from workbench.sources import REVISION, find_files, parse, split
from workbench.workspace import Workbench

CHATS = {"bread": ("flat loaf", "proof it longer"), "soup": ("miso soup?", "kombu first", "thanks")}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return claude_export(tmp_path / "conversations.json", CHATS)


def test_an_import_is_searchable_at_once(memory: Workbench, export: Path) -> None:
    report = memory.ingest(export)
    assert (report.total("kept"), report.total("messages")) == (2, 5)
    assert report.texts_embedded == 5
    assert report.generation == 1
    assert memory.search("kombu").hits[0].title == "soup"


def test_the_second_import_writes_and_embeds_nothing(memory: Workbench, export: Path) -> None:
    memory.ingest(export)
    again = memory.ingest(export)
    assert (again.rows_written, again.texts_embedded, again.generation) == (0, 0, 1)
    assert again.files[0].conversations == {"new": 0, "changed": 0, "unchanged": 2}


def test_a_reader_that_stays_open_sees_the_new_generation_after_refresh(memory: Workbench, export: Path) -> None:
    memory.ingest(export)
    with Workbench(memory.settings) as reader:
        assert len(reader.search("garden hose", alpha=0.0)) == 0
        memory.ingest(claude_export(export.with_name("more.json"), {"garden": ("garden hose leaks",)}))
        assert len(reader.search("garden hose", alpha=0.0)) == 0
        reader.refresh()
        assert len(reader.search("garden hose", alpha=0.0)) == 1


def test_a_dry_run_leaves_no_trace(memory: Workbench, export: Path) -> None:
    report = memory.ingest(export, dry_run=True)
    assert report.total("messages_new") == 5
    assert not memory.store.exists()
    memory.ingest(export)
    before = (memory.store / RECORD_FILE).read_bytes()
    planned = memory.ingest(claude_export(export, {**CHATS, "tea": ("how hot?",)}), dry_run=True)
    assert planned.files[0].conversations == {"new": 1, "changed": 0, "unchanged": 2}
    assert (memory.store / RECORD_FILE).read_bytes() == before


def test_one_bad_record_costs_only_itself(memory: Workbench, export: Path) -> None:
    elements = json.loads(export.read_text(encoding="utf-8"))
    export.write_text(json.dumps([elements[0], 7, {"chat_messages": "none"}, elements[1]]), encoding="utf-8")
    report = memory.ingest(export)
    assert report.total("messages") == 5
    assert report.partial
    assert {issue.place for issue in report.files[0].issues} == {"conversations.json[1]", "conversations.json[2]"}


def test_a_truncated_export_gives_what_was_whole(memory: Workbench, export: Path) -> None:
    text = export.read_text(encoding="utf-8")
    export.write_text(text[: len(text) - 40], encoding="utf-8")
    report = memory.ingest(export)
    assert report.total("kept") == 1
    assert any("ends in the middle" in issue.reason for issue in report.files[0].issues)


def test_one_unreadable_path_does_not_stop_the_others(memory: Workbench, export: Path, tmp_path: Path) -> None:
    shopping = tmp_path / "shopping.json"
    shopping.write_text('{"milk": 2}', encoding="utf-8")
    report = memory.ingest(shopping, export)
    assert report.total("messages") == 5
    assert report.partial
    assert [one.place for one in report.failed] == [str(shopping)]


def test_an_export_without_conversations_is_an_error(memory: Workbench, tmp_path: Path) -> None:
    with pytest.raises(EmptyExportError, match="no conversation was found"):
        memory.ingest(claude_export(tmp_path / "conversations.json", {"empty": ()}))


def test_only_the_wanted_assistant_is_imported(memory: Workbench, export: Path) -> None:
    with pytest.raises(EmptyExportError, match="no export of gemini"):
        memory.ingest(export, assistant="gemini")
    assert memory.ingest(export, assistant="claude").total("messages") == 5


def test_nothing_to_import_is_said(memory: Workbench) -> None:
    with pytest.raises(UsageError, match="nothing to import"):
        memory.ingest()


def test_an_import_beside_another_one_is_refused(memory: Workbench, export: Path) -> None:
    with WriterLock(memory.store), pytest.raises(StoreLockedError, match="being written to"):
        memory.ingest(export)


def test_a_store_that_cannot_be_made_is_said(memory: Workbench, export: Path) -> None:
    memory.store.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be written"):
        memory.ingest(export)


@pytest.mark.slow
def test_another_model_fills_an_index_of_its_own_and_going_back_embeds_nothing(memory: Workbench, export: Path) -> None:
    memory.ingest(export)
    switched = memory.ingest(export, embedder="minilm")
    assert (switched.texts_embedded, switched.generation) == (5, 2)
    assert memory.snapshot.manifest.fingerprint.startswith("minilm-")
    assert memory.snapshot.vectors.dimensions == 384
    assert memory.search("kombu").hits[0].title == "soup"
    kept = memory.ingest(claude_export(export.with_name("more.json"), {"tea": ("how hot?",)}))
    assert kept.embedder.startswith("minilm-")  # a store keeps its model until it is given another
    back = memory.ingest(export, embedder="static")
    assert back.texts_embedded == 1  # what was imported meanwhile
    assert memory.snapshot.vectors.dimensions == 256


def test_a_model_that_cannot_be_loaded_is_found_out_before_anything_is_read(
    memory: Workbench, export: Path, tmp_path: Path
) -> None:
    with pytest.raises(EmbeddingError, match="cannot be loaded"):
        memory.ingest(export, embedder=str(tmp_path / "no-such-model"))
    assert not memory.store.exists()


def test_what_was_read_but_not_embedded_is_embedded_by_the_next_import(memory: Workbench, export: Path) -> None:
    parsed = [parse("claude", record) for file in find_files(export)[0] for record in split(file)]
    with open_record(memory.store) as record:
        merge(record, to_rows([one for each in parsed for one in each.conversations], parser_revision=REVISION))
    report = memory.ingest(export)
    assert (report.total("messages_new"), report.texts_embedded, report.generation) == (0, 5, 1)
    assert memory.search("kombu").hits[0].title == "soup"


@pytest.mark.slow
def test_answers_do_not_depend_on_the_order_of_imports(tmp_path: Path, cache: Path) -> None:
    older = claude_export(tmp_path / "older.json", CHATS)
    newer = claude_export(
        tmp_path / "newer.json", {**CHATS, "bread": ("flat loaf", "proof it longer", "it rose!")}, updated=3
    )
    other = claude_export(tmp_path / "other.json", {"garden": ("the hose leaks", "a new washer, half an inch")})
    answers = []
    for order in ((older, newer, other), (other, newer, older), (newer, older, other)):
        memory = Workbench(Settings(store=tmp_path / f"store-{len(answers)}", cache=cache, ray="off"))
        with memory:
            for export in order:
                memory.ingest(export)
            results = [memory.search(query, k=20) for query in ("flat loaf", "washer for a hose", "thanks")]
            answers.append([[(hit.message_id, hit.score) for hit in result] for result in results])
    assert answers[0] == answers[1] == answers[2]


def test_what_could_not_be_published_is_in_the_record_and_published_next_time(memory: Workbench, export: Path) -> None:
    memory.store.mkdir()
    (memory.store / "snapshots").write_text("in the way", encoding="utf-8")
    with pytest.raises(OSError, match="snapshots"):
        memory.ingest(export)
    (memory.store / "snapshots").unlink()
    again = memory.ingest(export)
    assert (again.rows_written, again.generation) == (0, 1)
    assert len(memory.search("kombu")) > 0
