"""Reading conversations, messages and artifacts back from a catalog: whole, in pages, or around one message."""

from workbench.transcripts.around import Around, read_around, thread_of
from workbench.transcripts.lists import (
    ArtifactEntry,
    ArtifactsAsked,
    ConversationEntry,
    ConversationsAsked,
    Listed,
    list_artifacts,
    list_conversations,
)
from workbench.transcripts.memories import read_memory, read_new_memory
from workbench.transcripts.parts import MessagePage, read_artifact, read_message, read_messages
from workbench.transcripts.remembered import read_with_memories
from workbench.transcripts.whole import read_conversation

__all__ = [
    "Around",
    "ArtifactEntry",
    "ArtifactsAsked",
    "ConversationEntry",
    "ConversationsAsked",
    "Listed",
    "MessagePage",
    "list_artifacts",
    "list_conversations",
    "read_around",
    "read_artifact",
    "read_conversation",
    "read_memory",
    "read_message",
    "read_messages",
    "read_new_memory",
    "read_with_memories",
    "thread_of",
]
