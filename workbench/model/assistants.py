"""How assistants write their names."""

from __future__ import annotations

_NAMES = {"chatgpt": "ChatGPT", "claude": "Claude", "gemini": "Gemini"}


def assistant_name(key: str) -> str:
    """The name of the assistant that the store calls `key`, as people know it."""
    return _NAMES.get(key, key.title())
