"""Reading whole conversations back from a catalog."""

from __future__ import annotations

from workbench.errors import NotFoundError
from workbench.model import Transcript
from workbench.record import Database
from workbench.transcripts.rows import ARTIFACT, CONVERSATION, MESSAGE, artifact_of, conversation_of, message_of

_FIND = """
    SELECT DISTINCT id FROM conversations WHERE starts_with(id, $wanted)
    UNION SELECT conversation_id FROM messages WHERE id = $wanted ORDER BY 1 LIMIT 5"""
_CONVERSATION = f"SELECT {CONVERSATION} FROM conversations c WHERE c.id = ?"
_MESSAGES = f"SELECT {MESSAGE} FROM messages m WHERE m.conversation_id = ? ORDER BY m.ordinal"
_ARTIFACTS = f"""
    SELECT {ARTIFACT} FROM artifacts a JOIN messages m ON m.ordinal = a.message_ordinal
    WHERE m.conversation_id = ? ORDER BY a.message_ordinal, a.ordinal"""


def read_conversation(catalog: Database, identifier: str) -> Transcript:
    """A conversation by its id, the beginning of its id, or the id of one of its messages.

    Raises:
        NotFoundError: There is none, or there are several.
    """
    cursor = catalog.cursor()
    wanted = identifier.strip()
    found = [row[0] for row in cursor.rows(_FIND, {"wanted": wanted})] if len(wanted) > 2 else []
    if not found:
        raise NotFoundError(
            f"there is no conversation {identifier!r}", "", "`workbench search` shows ids beside its hits"
        )
    if len(found) > 1:
        raise NotFoundError(f"{identifier!r} is the beginning of several ids", ", ".join(found), "write more of it")
    [conversation] = cursor.rows(_CONVERSATION, found)
    return Transcript(
        conversation_of(conversation),
        tuple(message_of(row) for row in cursor.rows(_MESSAGES, found)),
        tuple(artifact_of(row) for row in cursor.rows(_ARTIFACTS, found)),
    )
