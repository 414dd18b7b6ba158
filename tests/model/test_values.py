from __future__ import annotations

import dataclasses
import pickle
from datetime import UTC, datetime

import pytest
from building import transcript

from workbench.model import Filters, artifact_id, content_hash, conversation_id, message_id, placed_message_id


def test_values_cross_a_process_boundary_equal() -> None:
    one = transcript("soup", "how long?", "an hour")
    assert pickle.loads(pickle.dumps(one)) == one


def test_values_cannot_be_changed() -> None:
    message = transcript("soup", "how long?").messages[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        message.content = "something else"  # type: ignore[misc]


def test_ids_are_the_same_on_every_machine_and_in_every_version() -> None:
    conversation = conversation_id("chatgpt", "abc")
    assert conversation == "c_5e5d5993cf8fab99096f"
    assert conversation == conversation_id("chatgpt", "abc")
    assert message_id(conversation, "1") == message_id(conversation, "1")


def test_ids_tell_apart_what_only_concatenation_makes_equal() -> None:
    assert conversation_id("chatgpt", "abc") != conversation_id("chatgpta", "bc")
    assert placed_message_id("c", None, "user", "x") != placed_message_id("c", None, "user", "x", 1)
    assert artifact_id("m", "code", 1) != artifact_id("m", "code", 11)


def test_the_same_words_have_the_same_hash_whoever_said_them() -> None:
    first, second = transcript("a", "thanks").messages[0], transcript("b", "thanks").messages[0]
    assert first.id != second.id
    assert first.content_hash == second.content_hash == content_hash("thanks")


def test_filters_know_whether_they_filter() -> None:
    assert not Filters().any
    assert Filters(roles=("user",)).any


def test_filters_combine_to_what_both_let_pass() -> None:
    spring, summer = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC)
    both = Filters(assistants=("claude",), after=spring) & Filters(roles=("user",), after=summer, before=summer)
    assert both == Filters(assistants=("claude",), roles=("user",), after=summer, before=summer)
    of_one_kind = Filters(kinds=("code",)) & Filters(kinds=("image",))
    assert of_one_kind == Filters(kinds=("code",), also=(Filters(kinds=("image",)),))
    assert Filters() & both == both & Filters() == both
    assert len({both, of_one_kind, Filters()}) == 3
