"""Judged queries, tied to the messages of written exports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.errors import UsageError
from workbench.experiments.corpus.chatgpt import chatgpt_conversation
from workbench.experiments.corpus.claude_writer import claude_conversation
from workbench.experiments.corpus.gemini import thread_hex
from workbench.experiments.corpus.library import JudgedQuery, Judgement
from workbench.experiments.corpus.script import Script, Turn

_OPENING_LENGTH = 60


def resolve(queries: Sequence[JudgedQuery], scripts: Sequence[Script], *, seed: int) -> list[dict[str, Any]]:
    """The lines of `queries.jsonl`: every judgement with the assistant and the native id of its conversation.

    Raises:
        UsageError: a judgement names no script, or its quote stands in no message or in more than one.
    """
    by_key = {script.key: script for script in scripts}
    return [
        {
            "id": f"q{number:02d}",
            "query": query.text,
            "kind": query.kind,
            "relevant": [_resolved(judgement, by_key, seed) for judgement in query.relevant],
        }
        for number, query in enumerate(queries, 1)
    ]


def _resolved(judgement: Judgement, by_key: dict[str, Script], seed: int) -> dict[str, Any]:
    script = by_key.get(judgement.script)
    if script is None:
        raise UsageError(f"no script is called {judgement.script!r}", todo="correct the judgement that names it")
    holders = [(s, turn) for s in by_key.values() for turn in s.turns if judgement.quote in turn.text]
    if len(holders) != 1 or holders[0][0] is not script:
        found = ", ".join(f"{s.key}/{turn.label}" for s, turn in holders) or "nowhere"
        raise UsageError(
            f"{judgement.quote!r} should stand in one message of {script.key!r}", f"it was found in: {found}"
        )
    conversation = native_id(script, holders[0][1], seed=seed)
    place = {"assistant": script.assistant, "conversation": conversation}
    return place | {"quote": judgement.quote, "grade": judgement.grade}


def native_id(script: Script, turn: Turn, *, seed: int) -> str:
    """What the script's own assistant calls the conversation in which `turn` ends up.

    Gemini's older records have no thread; there it is the opening words of the prompt.
    """
    if script.assistant == "chatgpt":
        return str(chatgpt_conversation(script, seed=seed)["conversation_id"])
    if script.assistant == "claude":
        return str(claude_conversation(script, seed=seed)["uuid"])
    thread = thread_hex(script, seed=seed)
    if thread is not None:
        return thread
    prompt = turn if turn.role == "user" else next(t for t in script.turns if t.label == turn.parent)
    return prompt.text[:_OPENING_LENGTH]
