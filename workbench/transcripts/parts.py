"""Reading parts of conversations: a page of messages, one message, one artifact."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.errors import NotFoundError, QueryError
from workbench.model import TRAFFIC_KINDS, Artifact, Conversation, Message
from workbench.record import Database
from workbench.transcripts.rows import ARTIFACT, CONVERSATION, MESSAGE, artifact_of, conversation_of, message_of

_CONVERSATION = f"SELECT {CONVERSATION} FROM conversations c WHERE c.id = ?"
_SHOWN = f"(NOT m.hidden AND m.on_active_path AND m.kind NOT IN {TRAFFIC_KINDS})"
_ASKED = f"FROM messages m WHERE m.conversation_id = $conversation AND ($everything OR {_SHOWN})"
_MESSAGES = f"""
    SELECT m.ordinal, {MESSAGE} {_ASKED} AND m.ordinal > $behind ORDER BY m.ordinal LIMIT $limit"""
_ORDINAL = "SELECT ordinal FROM messages WHERE id = ? AND conversation_id = ?"
_MESSAGE = f"SELECT m.ordinal, {MESSAGE} FROM messages m WHERE m.id = ?"
_CARRIED = f"""
    SELECT {ARTIFACT} FROM artifacts a WHERE a.message_ordinal IN (SELECT unnest(?))
    ORDER BY a.message_ordinal, a.ordinal"""
_ARTIFACT = f"SELECT {ARTIFACT} FROM artifacts a WHERE a.id = ?"


@dataclass(frozen=True, slots=True)
class MessagePage:
    """A page of the `total` messages of a conversation in the order of their threads, with what they carry.

    The next page goes on behind the message with id `following`, None after the last.
    """

    conversation: Conversation
    messages: tuple[Message, ...]
    artifacts: tuple[Artifact, ...]
    total: int
    following: str | None


def read_messages(
    catalog: Database, conversation: str, *, limit: int, behind: str | None = None, everything: bool = False
) -> MessagePage:
    """Up to `limit` messages of the conversation with that id, going on behind the message `behind`.

    They are those of the active thread that a person sees; with `everything` also hidden messages, other branches,
    thinking and tool traffic.

    Raises:
        NotFoundError: There is no such conversation.
        QueryError: The message `behind` is not in it.
    """
    with catalog.cursor() as cursor:
        found = cursor.rows(_CONVERSATION, [conversation])
        if not found:
            raise NotFoundError(f"there is no conversation {conversation!r}", "", "searching shows ids beside the hits")
        ordinal = cursor.value(_ORDINAL, [behind, conversation]) if behind else -1
        if ordinal is None:
            raise QueryError(f"message {behind} is no longer in {conversation}", "", "begin with the first page")
        asked = {"conversation": conversation, "everything": everything}
        total = cursor.value(f"SELECT count(*) {_ASKED}", asked)
        rows = cursor.rows(_MESSAGES, asked | {"behind": ordinal, "limit": limit + 1})
        shown = [message_of(row[1:]) for row in rows[:limit]]
        carried = cursor.rows(_CARRIED, [[row[0] for row in rows[:limit]]])
    return MessagePage(
        conversation_of(found[0]),
        tuple(shown),
        tuple(artifact_of(row) for row in carried),
        int(total),
        shown[-1].id if len(rows) > limit else None,
    )


def read_message(catalog: Database, identifier: str) -> tuple[Message, tuple[Artifact, ...]]:
    """The message with that id, and what it carries.

    Raises:
        NotFoundError: There is none.
    """
    with catalog.cursor() as cursor:
        rows = cursor.rows(_MESSAGE, [identifier])
        carried = cursor.rows(_CARRIED, [[row[0] for row in rows]])
    if not rows:
        raise NotFoundError(f"there is no message {identifier!r}", "", "searching shows ids beside the hits")
    return message_of(rows[0][1:]), tuple(artifact_of(row) for row in carried)


def read_artifact(catalog: Database, identifier: str) -> Artifact:
    """The artifact with that id.

    Raises:
        NotFoundError: There is none.
    """
    with catalog.cursor() as cursor:
        rows = cursor.rows(_ARTIFACT, [identifier])
    if not rows:
        raise NotFoundError(f"there is no artifact {identifier!r}", "", "lists of artifacts give their ids")
    return artifact_of(rows[0])
