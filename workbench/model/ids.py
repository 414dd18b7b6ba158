"""Ids that stay the same when the same export, or a newer one, is imported again.

An id is a type prefix and 80 bits of BLAKE2b over the things that identify the value: the assistant and its own id
where the export has one, else content and place. At ten million values the chance of any collision is below 1e-10.
"""

from __future__ import annotations

import hashlib

_SEPARATOR = b"\x1f"  # ASCII unit separator: cannot be confused with part of a name


def _digest(*parts: str, size: int = 10) -> str:
    joined = _SEPARATOR.join(part.encode("utf-8", "surrogatepass") for part in parts)
    return hashlib.blake2b(joined, digest_size=size).hexdigest()


def conversation_id(assistant: str, native_id: str) -> str:
    """Id of the conversation that `assistant` calls `native_id`."""
    return "c_" + _digest("conversation", assistant, native_id)


def message_id(conversation: str, native_id: str) -> str:
    """Id of the message `native_id` within the conversation with id `conversation`."""
    return "m_" + _digest("message", conversation, native_id)


def placed_message_id(conversation: str, parent: str | None, role: str, content: str, occurrence: int = 0) -> str:
    """Id of a message whose export gives it none: who said what after which message.

    `occurrence` tells apart equal messages at the same place (0 for the first).
    """
    return "m_" + _digest("placed", conversation, parent or "", role, content, str(occurrence))


def memory_id(category: str, content: str) -> str:
    """Id of the message that is the memory of `content` (normalised) in `category`."""
    return "m_" + _digest("memory", category, content)


def artifact_id(message: str, kind: str, ordinal: int) -> str:
    """Id of the `ordinal`-th artifact of `kind` (from 0) within one message."""
    return "a_" + _digest("artifact", message, kind, str(ordinal))


def content_hash(text: str) -> str:
    """128-bit hex digest of a text; equal texts share it, whoever said them."""
    return _digest("text", text, size=16)
