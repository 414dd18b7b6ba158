"""The export formats, one per module."""

from __future__ import annotations

from workbench.sources.chatgpt import ChatGPT
from workbench.sources.claude import Claude
from workbench.sources.gemini_html import GeminiHtml
from workbench.sources.gemini_json import GeminiJson
from workbench.sources.source import Source

SOURCES: dict[str, Source] = {
    "chatgpt": ChatGPT(),
    "claude": Claude(),
    "gemini_json": GeminiJson(),
    "gemini_html": GeminiHtml(),
}


def recognise(head: bytes) -> str | None:
    """The name of the source whose files begin like `head`; None where there is none."""
    return next((name for name, source in SOURCES.items() if source.recognises(head)), None)
