"""Conversations with the memories that no generation has yet."""

from __future__ import annotations

from dataclasses import replace

from workbench.errors import NotFoundError
from workbench.model import Memory, Transcript
from workbench.record import memory_conversation, memory_message
from workbench.snapshot import Snapshot
from workbench.transcripts.whole import read_conversation


def read_with_memories(view: Snapshot, identifier: str) -> Transcript:
    """As `read_conversation`; where it is one of memories, with those of the view's tail behind the others.

    Raises:
        NotFoundError: There is none, or there are several.
    """
    new = view.tail.memories if view.tail else ()
    if not new:
        return read_conversation(view.catalog, identifier)
    try:
        found = read_conversation(view.catalog, identifier)
    except NotFoundError:
        categories = {one.category for one in new if _is_meant(one, identifier.strip())}
        if len(categories) != 1:
            raise
        found = Transcript(memory_conversation(categories.pop()), ())
    more = [memory_message(one) for one in new]
    return replace(
        found, messages=(*found.messages, *(one for one in more if one.conversation_id == found.conversation.id))
    )


def _is_meant(memory: Memory, wanted: str) -> bool:
    """Whether an id is that of a memory, or that or the beginning of that of its conversation."""
    return wanted == memory.id or (len(wanted) > 2 and memory_conversation(memory.category).id.startswith(wanted))
