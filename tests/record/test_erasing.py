from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from building import START, transcript
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import NotFoundError, UsageError
from workbench.model import Artifact, ArtifactKind, NewMemory, Transcript, artifact_id
from workbench.record import (
    Database,
    Erased,
    MergeCounts,
    Wanted,
    absorb,
    add_vectors,
    erase,
    finish_import,
    is_unfinished,
    journal,
    leave_out,
    lift,
    merge,
    missing_passages,
    open_record,
    read_tombstones,
    scratch_record,
    select,
    start_import,
    to_rows,
)

NOW = datetime(2025, 1, 1, tzinfo=UTC)
TABLES = ("conversations", "messages", "artifacts", "passages", "vectors", "memories")


@pytest.fixture
def record() -> Iterator[Database]:
    with scratch_record() as database:
        yield database


def put(record: Database, *transcripts: Transcript) -> MergeCounts:
    """Import, as the pipeline does: without what is forgotten, and with a vector for each text."""
    counts = merge(record, leave_out(to_rows(transcripts, parser_revision=1), read_tombstones(record))[0])
    for hashes, texts in missing_passages(record, "m-1", batch=100):
        add_vectors(record, "m-1", hashes, np.array([[len(text), 1] for text in texts], np.float16))
    return counts


def forget(record: Database, *ids: str, dry_run: bool = False, **fitting: Any) -> Erased:
    units, _ = select(record, Wanted(ids, **fitting))
    return erase(record, units, NOW, dry_run=dry_run)


def dump(record: Database) -> list[list[tuple[object, ...]]]:
    return [record.rows(f"SELECT * FROM {table} ORDER BY ALL") for table in TABLES]


def with_chart(one: Transcript, title: str) -> Transcript:
    chart = Artifact(artifact_id(one.messages[-1].id, "chart", 0), one.messages[-1].id, ArtifactKind.CHART, title=title)
    return Transcript(one.conversation, one.messages, (chart,))


BREAD = with_chart(transcript("bread", "flat loaf", "thanks"), "crumb")
SOUP = transcript("soup", "miso soup?", "kombu first", "thanks", assistant="chatgpt", days=30)


def test_a_forgotten_conversation_is_gone_and_texts_that_others_share_stay(record: Database) -> None:
    put(record, SOUP)
    before = dump(record)
    put(record, BREAD)
    erased = forget(record, BREAD.conversation.id)
    assert erased == Erased(conversations=1, messages=2, artifacts=1, passages=2, vectors=1)  # "thanks" is said in both
    assert dump(record) == before
    assert is_unfinished(record)


def test_a_dry_run_counts_the_same_and_changes_nothing(record: Database) -> None:
    put(record, BREAD, SOUP)
    before = dump(record)
    planned = forget(record, BREAD.conversation.id, dry_run=True)
    assert dump(record) == before
    assert not read_tombstones(record).any
    assert not is_unfinished(record)
    assert forget(record, BREAD.conversation.id) == planned


def test_a_forgotten_message_leaves_an_empty_one_in_its_thread(record: Database) -> None:
    put(record, BREAD)
    first, second = BREAD.messages
    assert forget(record, second.id) == Erased(emptied=1, artifacts=1, passages=1, vectors=1)
    assert record.rows("SELECT id, parent_id, content, hidden FROM messages ORDER BY position") == [
        (first.id, None, "flat loaf", False),
        (second.id, first.id, "", True),
    ]
    assert put(record, BREAD).rows_written == 0


def test_a_title_that_quotes_the_message_and_a_summary_go_with_it(record: Database) -> None:
    quoted = transcript("rash", "an itchy  rash\non my arm", "see a doctor", title="An itchy rash on …")
    told = replace(quoted, conversation=replace(quoted.conversation, meta={"summary": "a rash", "is_starred": True}))
    put(record, told, BREAD)
    forget(record, told.messages[0].id)
    forget(record, BREAD.messages[0].id)
    described = "SELECT title, meta FROM conversations ORDER BY title"
    assert record.rows(described) == [("", "{}"), ("bread", "{}")]
    newer = replace(told, conversation=replace(told.conversation, updated_at=NOW))
    grown = Transcript(newer.conversation, (*told.messages, replace(told.messages[1], id="m_new", content="and?")))
    assert put(record, grown).messages_new == 1  # a newer export does not bring the title back
    assert record.rows(described) == [("", "{}"), ("bread", "{}")]
    assert lift(record, [told.messages[0].id]) == 1
    put(record, told)
    assert (
        record.value("SELECT meta FROM conversations WHERE title <> 'bread'")
        == '{"is_starred": true, "summary": "a rash"}'
    )


def test_the_list_of_imports_no_longer_names_it(record: Database) -> None:
    put(record, BREAD, SOUP)
    found = [
        {"conversation": one.conversation.id, "title": one.conversation.title, "kinds": {}} for one in (BREAD, SOUP)
    ]
    finish_import(record, start_import(record, "export.zip"), json.dumps({"files": [{"secrets": found}]}))
    assert forget(record, BREAD.conversation.id).imports == 1
    assert json.loads(record.value("SELECT report FROM imports")) == {"files": [{"secrets": found[1:]}]}


def test_what_is_already_forgotten_counts_as_done_and_what_never_was_does_not(record: Database) -> None:
    put(record, BREAD)
    forget(record, BREAD.conversation.id)
    assert select(record, Wanted((BREAD.conversation.id,))) == ([], [BREAD.conversation.id])
    with pytest.raises(NotFoundError, match="c_nowhere"):
        select(record, Wanted(("c_nowhere",)))


def test_the_beginning_of_an_id_will_do_if_it_is_that_of_one(record: Database) -> None:
    put(record, *(transcript(f"chat {n}", "hello") for n in range(40)))
    [(whole,)] = record.rows("SELECT id FROM conversations ORDER BY id LIMIT 1")
    assert [unit.id for unit in select(record, Wanted((whole[:12],)))[0]] == [whole]
    for vague in ("c_", whole[:3]):
        with pytest.raises(NotFoundError):
            select(record, Wanted((vague,)))


@pytest.mark.parametrize(
    ("fitting", "found"),
    [
        ({"assistants": ("chatgpt",)}, {"soup"}),
        ({"before": START.replace(day=20)}, {"bread"}),
        ({"after": START.replace(day=20)}, {"soup"}),
        ({"containing": "KOMBU"}, {"soup"}),
        ({"containing": "Crumb"}, {"bread"}),  # the title of a chart
        ({"containing": "thanks"}, {"bread", "soup"}),
        ({"containing": "thanks", "assistants": ("claude",)}, {"bread"}),
        ({"projects": ("Kitchen",)}, set()),
    ],
)
def test_conversations_are_meant_that_fit_all_that_is_said(
    record: Database, fitting: dict[str, Any], found: set[str]
) -> None:
    put(record, BREAD, SOUP)
    assert {unit.title for unit in select(record, Wanted(**fitting))[0]} == found


def test_only_the_messages_with_a_text_can_be_meant(record: Database) -> None:
    put(record, BREAD, SOUP)
    units, _ = select(record, Wanted(containing="thanks", messages_only=True))
    assert {unit.id for unit in units} == {BREAD.messages[1].id, SOUP.messages[2].id}
    assert forget(record, containing="thanks", messages_only=True) == Erased(
        emptied=2, artifacts=1, passages=2, vectors=1
    )


@pytest.mark.parametrize(
    "unclear", [{}, {"containing": " "}, {"ids": ("c_1",), "assistants": ("x",)}, {"messages_only": True}]
)
def test_what_is_not_clear_is_refused(unclear: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Wanted(**unclear)


def test_memories_are_forgotten_one_by_one_or_by_their_category(tmp_path: Path) -> None:
    with open_record(tmp_path) as record:
        kept = journal.append(tmp_path, [NewMemory("tea at five"), NewMemory("rye", "preference"), NewMemory("milk")])
        absorb(record, tmp_path)
        assert forget(record, kept[0].id) == Erased(messages=1, memories=1, passages=1)
        assert forget(record, containing="rye") == Erased(conversations=1, messages=1, memories=1, passages=1)
        [(category,)] = record.rows("SELECT id FROM conversations")
        assert forget(record, category).conversations == 1
        assert not read_tombstones(record).any
        known = {one for (one,) in record.rows("SELECT message_id FROM memories")}
        again = journal.append(tmp_path, [NewMemory("tea at five")])
        assert journal.redact(tmp_path, known, upto=3) == 3
        assert absorb(record, tmp_path) == 1  # it may be remembered again
        assert record.rows("SELECT message_id FROM memories") == [(again[0].id,)]


@settings(max_examples=6, deadline=None)
@given(st.data())
def test_importing_again_brings_nothing_back_until_that_is_wanted_and_then_all_of_it(data: st.DataObject) -> None:
    chats = [BREAD, SOUP, transcript("tea", "how hot?", "ninety", "thanks")]
    messages = [message.id for chat in chats for message in chat.messages]
    ids = data.draw(
        st.lists(st.sampled_from([*messages, *(chat.conversation.id for chat in chats)]), min_size=1, unique=True)
    )
    with scratch_record() as record:
        put(record, *chats)
        whole = dump(record)
        forget(record, *ids)
        left = dump(record)
        assert put(record, *chats).rows_written == 0
        assert dump(record) == left
        forgotten = read_tombstones(record)
        lift(record, forgotten.conversations | forgotten.messages)
        assert not read_tombstones(record).any
        put(record, *chats)
        assert dump(record) == whole
