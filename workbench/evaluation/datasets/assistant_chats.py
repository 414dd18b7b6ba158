"""assistant_chats: long conversations with an assistant, and questions on single messages.

The 100K split of BEAM (Tavakoli et al., "Beyond a Million Tokens", 2025), a conversation a line. A question ranks the
messages of its own conversation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from workbench.evaluation.datasets.dataset import Dataset, Turn, linear, required, unreadable
from workbench.evaluation.judgements import JudgedQuery, Split
from workbench.model import Role, Transcript, message_id

NAME = "assistant_chats"
_LEFT_OUT = ("summarization", "event_ordering")  # they name dozens of messages each
_TUNED_ON = 10  # conversations, in the order of the file (which is not that of their ids: 1, 10, 11, ...)
_DATE = "%B-%d-%Y"


def load(folder: Path) -> Dataset:
    """The set in `folder`/assistant_chats/conversations.jsonl.zst.

    Raises:
        UsageError: It is not there, or in another form.
    """
    [path] = required(folder / NAME, "conversations.jsonl.zst")
    try:
        with pa.input_stream(str(path), compression="zstd") as stream:
            chats: list[dict[str, Any]] = [json.loads(line) for line in stream.read().splitlines()]
        transcripts = tuple(linear(NAME, one["id"], _turns(one["messages"])) for one in chats)
        queries = [
            query
            for number, (one, transcript) in enumerate(zip(chats, transcripts, strict=True))
            for query in _queries(one, transcript, Split.TUNE if number < _TUNED_ON else Split.HELD_OUT)
        ]
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise unreadable(path, error) from error
    asked = sum(len(one["questions"]) for one in chats)
    kinds = " or ".join(_LEFT_OUT)
    remark = f"{asked - len(queries)} of {asked} questions are left out: of kind {kinds}, or without evidence"
    return Dataset(NAME, transcripts, lambda _: queries, (remark,))


def _turns(messages: list[dict[str, Any]]) -> Iterator[Turn]:
    when = None  # only the first message of a session has a date; those after it were written then too
    for one in messages:
        if one["date"]:
            when = datetime.strptime(one["date"], _DATE).replace(tzinfo=UTC)
        yield Turn(str(one["id"]), Role(one["role"]), one["content"], when)


def _queries(chat: dict[str, Any], transcript: Transcript, split: Split) -> Iterator[JudgedQuery]:
    pool = transcript.conversation.id
    known = {message.id for message in transcript.messages}
    for number, one in enumerate(chat["questions"], start=1):
        if one["kind"] in _LEFT_OUT:
            continue
        named = (message_id(pool, str(identifier)) for identifier in one["evidence"])
        if grades := {identifier: 1 for identifier in named if identifier in known}:
            yield JudgedQuery(f"{chat['id']}/{number}", one["question"], one["kind"], grades, pool, split)
