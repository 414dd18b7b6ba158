from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest
from building import transcript
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.model import Artifact, ArtifactKind, Transcript, artifact_id
from workbench.record import Database, MergeCounts, Status, merge, scratch_record, to_rows


@pytest.fixture
def record() -> Iterator[Database]:
    with scratch_record() as database:
        yield database


def put(record: Database, *transcripts: Transcript, dry_run: bool = False, revision: int = 1) -> MergeCounts:
    return merge(record, to_rows(transcripts, parser_revision=revision), dry_run=dry_run)


def dump(record: Database) -> list[list[tuple[object, ...]]]:
    return [record.rows(f"SELECT * FROM {table} ORDER BY ALL") for table in ("messages", "artifacts", "passages")]


def with_chart(one: Transcript, title: str) -> Transcript:
    message = one.messages[-1]
    chart = Artifact(artifact_id(message.id, "chart", 0), message.id, ArtifactKind.CHART, title=title)
    return Transcript(one.conversation, one.messages, (chart,))


def test_the_same_export_twice_writes_nothing_the_second_time(record: Database) -> None:
    soup = with_chart(transcript("soup", "how long?", "an hour"), "salt over time")
    first, second = put(record, soup), put(record, soup)
    assert first.rows_written == 1 + 2 + 1 + 2  # conversation, messages, artifact, passages
    assert second.rows_written == 0
    assert second.conversations == {Status.NEW: 0, Status.CHANGED: 0, Status.UNCHANGED: 1}


def test_a_grown_conversation_gains_only_its_new_messages(record: Database) -> None:
    put(record, transcript("soup", "how long?", "an hour"))
    counts = put(record, transcript("soup", "how long?", "an hour", "covered?", "yes", updated=2))
    assert (counts.messages_new, counts.messages_changed, counts.messages_unchanged) == (2, 0, 2)
    assert counts.conversations[Status.CHANGED] == 1


def test_an_older_export_takes_nothing_back(record: Database) -> None:
    newer = transcript("soup", "how long?", "two hours", updated=5)
    put(record, newer)
    before = dump(record)
    counts = put(record, transcript("soup", "how long?", "an hour"))
    assert counts.rows_written == 0
    assert dump(record) == before


def test_absence_deletes_nothing(record: Database) -> None:
    put(record, transcript("soup", "how long?", "an hour", "thanks"), transcript("bread", "flat again"))
    put(record, transcript("soup", "how long?", updated=9))
    assert record.value("SELECT count(*) FROM messages") == 4
    assert record.value("SELECT count(*) FROM conversations") == 2


def test_a_changed_artifact_replaces_the_old_one(record: Database) -> None:
    put(record, with_chart(transcript("soup", "plot it", "here"), "salt"))
    counts = put(record, with_chart(transcript("soup", "plot it", "here", updated=1), "pepper"))
    assert counts.messages_changed == 1
    assert record.rows("SELECT title FROM artifacts") == [("pepper",)]


def test_a_better_parser_replaces_what_a_worse_one_read(record: Database) -> None:
    put(record, transcript("soup", "hw lng"), revision=1)
    assert put(record, transcript("soup", "how long?"), revision=2).messages_changed == 1
    assert put(record, transcript("soup", "hw lng"), revision=1).rows_written == 0


def test_a_dry_run_counts_the_same_and_writes_nothing(record: Database) -> None:
    put(record, transcript("soup", "how long?"))
    before = dump(record)
    grown = transcript("soup", "how long?", "an hour", updated=1)
    planned = put(record, grown, dry_run=True)
    assert dump(record) == before
    assert put(record, grown) == planned


def test_a_conversation_twice_in_one_batch_is_stored_once(record: Database) -> None:
    assert put(record, transcript("soup", "a"), transcript("soup", "a")).messages_new == 1


def test_a_failed_merge_leaves_the_record_as_it_was(record: Database) -> None:
    put(record, transcript("soup", "a"))
    before = dump(record)
    rows = to_rows([transcript("bread", "b")], parser_revision=1)
    broken = rows.messages.set_column(4, "role", rows.messages["author"])  # null
    with pytest.raises(Exception, match="NOT NULL"):
        merge(record, type(rows)(rows.conversations, broken, rows.artifacts, rows.passages))
    assert dump(record) == before


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=4), min_size=2, max_size=3))
def test_exports_may_be_imported_in_any_order(versions: list[list[str]]) -> None:
    """Exports of one growing and edited conversation, none of which loses a message: any order, the same record."""
    longest = max(len(version) for version in versions)
    exports = [
        transcript("soup", *version, *["same"] * (longest - len(version)), updated=day)
        for day, version in enumerate(versions)
    ]
    outcomes = []
    for order in permutations(exports):
        with scratch_record() as record:
            for export in order:
                put(record, export)
            outcomes.append((dump(record), record.rows("SELECT * FROM conversations")))
    assert all(outcome == outcomes[0] for outcome in outcomes)


def test_two_assistants_may_use_the_same_ids(record: Database, tmp_path: Path) -> None:
    put(record, transcript("1", "a", assistant="claude"), transcript("1", "a", assistant="chatgpt"))
    assert record.value("SELECT count(*) FROM messages") == 2
