"""ChatGPT's data export: `conversations.json`, or its shards."""

from workbench.sources.chatgpt.source import ChatGPT

__all__ = ["ChatGPT"]
