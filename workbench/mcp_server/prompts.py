"""Prompts: requests that a person picks from a menu."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mcp import types

from workbench.errors import UsageError


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text with places; `arguments` are (name, description, whether it must be given)."""

    name: str
    title: str
    description: str
    arguments: tuple[tuple[str, str, bool], ...]
    text: str

    def described(self) -> types.Prompt:
        """As clients are told of it."""
        return types.Prompt(
            name=self.name, title=self.title, description=self.description,
            arguments=[
                types.PromptArgument(name=name, description=about, required=needed)
                for name, about, needed in self.arguments
            ],
        )  # fmt: skip

    def filled(self, given: Mapping[str, str]) -> types.GetPromptResult:
        """With its places filled in.

        Raises:
            UsageError: An argument is missing, or not one of this prompt.
        """
        known = {name for name, _, _ in self.arguments}
        missing = [name for name, _, needed in self.arguments if needed and not given.get(name, "").strip()]
        if missing or not given.keys() <= known:
            wrong = [f"{name} is missing" for name in missing]
            wrong += [f"{name[:60]!r} is not known" for name in given if name not in known]
            todo = f"it takes: {', '.join(sorted(known))}"
            raise UsageError(f"the prompt {self.name} cannot be filled in", "; ".join(wrong[:5]), todo)
        values = {name: given.get(name, "").strip() or "any" for name in known}
        content = types.TextContent(type="text", text=self.text.format_map(values))
        return types.GetPromptResult(
            description=self.description, messages=[types.PromptMessage(role="user", content=content)]
        )


PROMPTS = (
    Prompt(
        "find_conversation", "Find a conversation",
        "Find the conversation in which something was discussed, with proof of where it is.",
        (("topic", "what it was about, as far as it is remembered", True), ("when", "roughly when", False)),
        "Find the conversation in my history with AI assistants about: {topic}\nWhen: {when}\n\nUse search, try other "
        "words if the match is weak, and check with context. Name the conversation by title, assistant and date, give "
        "its address, and quote the message that proves it. If it is not there, say so.",
    ),
    Prompt(
        "what_do_i_know", "What do I know about …",
        "Gather what earlier conversations and memories say about a topic, with a source for each statement.",
        (("topic", "the topic", True),),
        "What do my earlier conversations and memories say about: {topic}\n\nUse recall first, then search. Give a "
        "short summary; after each statement its source (assistant, title, date). Say where sources disagree, and what "
        "changed over time. Tell apart what I said from what an assistant said.",
    ),
    Prompt(
        "continue_conversation", "Continue a conversation",
        "Read an earlier conversation and go on where it ended.",
        (("conversation", "id of the conversation, or what it was about", True),),
        "Read this earlier conversation and go on where it ended: {conversation}\n\nIf that is not an id, find it with "
        "search. Read it with get_conversation, to its end. Say in three sentences where it stands and what is open.",
    ),
    Prompt(
        "remember_this", "Remember this",
        "Keep what matters of this conversation as memories, after showing them.",
        (("focus", "what to keep; all that matters, if left out", False),),
        "Choose what is worth keeping of this conversation (focus: {focus}). Write each as one sentence that stands "
        "alone, with category, confidence and labels. Show me the list, and keep with remember only what I agree to.",
    ),
)  # fmt: skip
