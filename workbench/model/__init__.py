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
from workbench.model.filters import Filters, Period, Selection
from workbench.model.ids import (
    artifact_id,
    content_hash,
    conversation_id,
    memory_id,
    message_id,
    placed_message_id,
)
from workbench.model.memory import MEMORY_ASSISTANT, Memory, NewMemory
from workbench.model.retrieval import DEFAULT_ALPHA, MODES, Hit, LegScore, Match, Query, SearchResult
from workbench.model.words import Words

__all__ = [
    "DEFAULT_ALPHA",
    "MEMORY_ASSISTANT",
    "MODES",
    "SEARCHED_KINDS",
    "TRAFFIC_KINDS",
    "Artifact",
    "ArtifactKind",
    "Conversation",
    "Filters",
    "Hit",
    "ImportIssue",
    "LegScore",
    "Match",
    "Memory",
    "Message",
    "MessageKind",
    "NewMemory",
    "Period",
    "Query",
    "Role",
    "SearchResult",
    "Selection",
    "Transcript",
    "Words",
    "artifact_id",
    "assistant_name",
    "content_hash",
    "conversation_id",
    "memory_id",
    "message_id",
    "placed_message_id",
]
