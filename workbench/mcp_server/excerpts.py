"""Messages cut to the room there is."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.mcp_server.answers import Attachment, Excerpt
from workbench.mcp_server.budget import beginning, encoded, json_bytes, shares
from workbench.mcp_server.documents import name_of, title_of, visible
from workbench.model import TRAFFIC_KINDS, Artifact, Message

_MOST_ATTACHMENTS = 5


def excerpt(message: Message, artifacts: Sequence[Artifact], start: int, room: int) -> Excerpt:
    """`message` from the character `start` on, in `room` bytes or, where even its head takes more, without text.

    `artifacts` are those of this message and of others.
    """
    head = _head(message, artifacts, start)
    text = beginning(message.content, start, room - json_size(head))
    end = start + len(text)
    rest = f"{message.id}:{end}" if end < len(message.content) else None
    return head.model_copy(update={"text": visible(text), "rest": rest})


def excerpts(messages: Sequence[Message], artifacts: Sequence[Artifact], room: int) -> list[Excerpt]:
    """Every one of `messages` from its beginning, `room` bytes divided among them."""
    sizes = [
        json_size(_head(message, artifacts, 0)) + json_bytes(message.content[: max(room, 0)]) for message in messages
    ]
    return [
        excerpt(message, artifacts, 0, share) for message, share in zip(messages, shares(sizes, room), strict=True)
    ]  # fmt: skip


def json_size(one: Excerpt) -> int:
    """Bytes that it takes in a list."""
    return len(encoded(one).encode()) + 1


def _head(message: Message, artifacts: Sequence[Artifact], start: int) -> Excerpt:
    """All but the text, with the longest `rest` that there can be. Attachments are told where the message begins."""
    attached = [] if start else [one for one in artifacts if one.message_id == message.id and _is_text(one)]
    shown = [
        Attachment(
            id=one.id, kind=one.kind, title=title_of(one.title) if one.title else None,
            language=name_of(one.language) if one.language else None, characters=len(one.content),
        )
        for one in attached[:_MOST_ATTACHMENTS]
    ]  # fmt: skip
    length = len(message.content)
    return Excerpt(
        id=message.id, role=message.role, created_at=message.created_at, text="", start=start or None,
        characters=length, rest=f"{message.id}:{length}", attachments=shown or None,
        attachments_left_out=len(attached) - len(shown) or None,
    )  # fmt: skip


def _is_text(artifact: Artifact) -> bool:
    return bool(artifact.content) and artifact.kind not in TRAFFIC_KINDS
