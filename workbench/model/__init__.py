"""The values that every layer speaks in: frozen, typed, comparable, picklable."""

from workbench.model.assistants import assistant_name
from workbench.model.conversation import (
    SEARCHED_KINDS,
    TRAFFIC_KINDS,
    Artifact,
    ArtifactKind,
    Conversation,
    ImportIssue,
    Message,
    MessageKind,
    Role,
    Transcript,
)
from workbench.model.ids import artifact_id, content_hash, conversation_id, message_id, placed_message_id
from workbench.model.retrieval import DEFAULT_ALPHA, Filters, Hit, LegScore, Query, SearchResult

__all__ = [
    "DEFAULT_ALPHA",
    "SEARCHED_KINDS",
    "TRAFFIC_KINDS",
    "Artifact",
    "ArtifactKind",
    "Conversation",
    "Filters",
    "Hit",
    "ImportIssue",
    "LegScore",
    "Message",
    "MessageKind",
    "Query",
    "Role",
    "SearchResult",
    "Transcript",
    "artifact_id",
    "assistant_name",
    "content_hash",
    "conversation_id",
    "message_id",
    "placed_message_id",
]
