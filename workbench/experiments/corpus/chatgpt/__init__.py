"""Writes scripts as a ChatGPT export. Everything a script can say has a place in that format."""

from workbench.experiments.corpus.chatgpt.conversation import chatgpt_conversation

__all__ = ["chatgpt_conversation"]
