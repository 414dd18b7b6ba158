"""A message and those around it, along its own thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from workbench.errors import NotFoundError
from workbench.model import TRAFFIC_KINDS, Artifact, Conversation, Message
from workbench.record import Database
from workbench.transcripts.whole import read_conversation


@dataclass(frozen=True, slots=True)
class Around:
    """`messages` of one thread, `messages[index]` the one asked for, and what they carry.

    `more_before` and `more_after` say whether the thread goes on beyond them.
    """

    conversation: Conversation
    messages: tuple[Message, ...]
    index: int
    artifacts: tuple[Artifact, ...]
    more_before: bool
    more_after: bool


def read_around(catalog: Database, identifier: str, *, before: int, after: int) -> Around:
    """The message with that id, `before` messages that a person sees above it and `after` below.

    Raises:
        NotFoundError: There is no such message.
    """
    found = read_conversation(catalog, identifier)
    thread = thread_of(found.messages, identifier)
    at = next(number for number, message in enumerate(thread) if message.id == identifier)
    first, end = max(0, at - before), at + after + 1
    shown = tuple(thread[first:end])
    ids = {message.id for message in shown}
    carried = tuple(artifact for artifact in found.artifacts if artifact.message_id in ids)
    return Around(found.conversation, shown, at - first, carried, first > 0, end < len(thread))


def thread_of(messages: Sequence[Message], identifier: str) -> list[Message]:
    """The thread through a message, first to last: all above it, itself, and below the branch that was gone on with.

    Of the others those are left out that a person does not see (hidden, thinking, tool traffic).

    Raises:
        NotFoundError: It is not among `messages`.
    """
    by_id = {message.id: message for message in messages}
    if identifier not in by_id:
        raise NotFoundError(f"there is no message {identifier!r}", "", "searching shows ids beside the hits")
    above = list(_above(by_id, identifier))[::-1]
    return [
        message
        for message in (*above, by_id[identifier], *_below(messages, identifier, {one.id for one in above}))
        if message.id == identifier or not (message.hidden or message.kind in TRAFFIC_KINDS)
    ]


def _above(by_id: Mapping[str, Message], identifier: str) -> Iterator[Message]:
    """The messages above, nearest first. Positions fall, so that a damaged export cannot send us round in a circle."""
    message = by_id[identifier]
    while message.parent_id is not None and (parent := by_id.get(message.parent_id)) is not None:
        if parent.position >= message.position:
            return
        yield parent
        message = parent


def _below(messages: Sequence[Message], identifier: str, above: set[str]) -> Iterator[Message]:
    """The messages below that are not `above` too: of several answers that of the active path, else the last."""
    children: dict[str, list[Message]] = {}
    for message in messages:
        if message.parent_id is not None:
            children.setdefault(message.parent_id, []).append(message)
    seen = above | {identifier}
    while found := [one for one in children.get(identifier, ()) if one.id not in seen]:
        following = next((one for one in found if one.on_active_path), found[-1])
        yield following
        identifier = following.id
        seen.add(identifier)
