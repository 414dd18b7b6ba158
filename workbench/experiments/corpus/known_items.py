"""Queries for a large corpus whose answer is known, since every conversation holds one fact that no other has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workbench.errors import UsageError
from workbench.experiments.corpus.chatter import ASSISTANTS, Plan, plan
from workbench.experiments.corpus.judgements import native_id
from workbench.experiments.corpus.script import Script
from workbench.experiments.corpus.topics import Topic, topic

SHARES = {"chatgpt": 0.45, "claude": 0.30, "gemini": 0.25}
_LONGEST_QUOTE = 80


def plans_for(messages: int, *, seed: int, assistants: tuple[str, ...] = ASSISTANTS) -> tuple[Plan, ...]:
    """The plans that share `messages` messages among `assistants`, in the proportions of the corpus.

    Raises:
        UsageError: an unknown assistant, or fewer than two messages for each.
    """
    unknown = [name for name in assistants if name not in SHARES]
    if unknown or not assistants:
        raise UsageError(
            f"no such assistant: {', '.join(unknown) or 'none given'}", todo=f"use {', '.join(ASSISTANTS)}"
        )
    if messages < 10 * len(assistants):
        raise UsageError(f"{messages} messages are too few", todo=f"ask for {10 * len(assistants)} or more")
    whole = sum(SHARES[name] for name in assistants)
    counts = [round(messages * SHARES[name] / whole) for name in assistants]
    counts[0] += messages - sum(counts)
    return tuple(plan(name, number, seed=seed) for name, number in zip(assistants, counts, strict=True))


def known_item_queries(
    count: int, messages: int, *, seed: int = 7, assistants: tuple[str, ...] = ASSISTANTS
) -> list[dict[str, Any]]:
    """`count` queries, or as many as the corpus has room for, in the form of the samples' `queries.jsonl`.

    Every second query is of kind "keyword" and names the product of a fact; the others, "paraphrase", tell the matter
    of a conversation in other words, with the person and the place that only its first prompt names together.
    """
    plans = plans_for(messages, seed=seed, assistants=assistants)
    queries: list[dict[str, Any]] = []
    sources = [_items(made, 1 + count // len(plans)) for made in plans]
    while len(queries) < count and sources:
        for source in list(sources):
            item = next(source, None)
            if item is None:
                sources.remove(source)
            elif len(queries) < count:
                kind = "paraphrase" if len(queries) % 2 else "keyword"
                queries.append({"id": f"k{len(queries) + 1:04d}", **_query(*item, kind=kind, seed=seed)})
    return queries


def _items(made: Plan, wanted: int) -> Iterator[tuple[Script, Topic, str]]:
    """Conversations spread evenly over time whose first prompt names person, place, thing and fault."""
    step = max(1, len(made.sizes) // (12 * wanted))
    yielded = 0
    for position in range(step // 2, len(made.sizes), step):
        about = topic(made.number(position), seed=made.seed)
        script = made.script(position)
        prompt = script.turns[0].text
        named = all(word in prompt for word in (about.person, about.place, about.thing, about.fault))
        once = sum(prompt in turn.text for turn in script.turns) == 1
        if named and once and len(script.turns) > 1 and yielded < wanted:
            yielded += 1
            yield script, about, made.prose(position).fact


def _query(script: Script, about: Topic, fact: str, *, kind: str, seed: int) -> dict[str, Any]:
    if kind == "keyword":
        text = f"{about.name} {about.unit}"
    else:
        text = f"{about.thing_other} {about.fault_other}, {about.person} {about.place}"
    relevant = [_judgement(script, 1, fact, 2, seed=seed)]
    if kind == "paraphrase":
        relevant.append(_judgement(script, 0, script.turns[0].text, 1, seed=seed))
    return {"query": text, "kind": kind, "relevant": relevant}


def _judgement(script: Script, turn: int, text: str, grade: int, *, seed: int) -> dict[str, Any]:
    conversation = native_id(script, script.turns[turn], seed=seed)
    quote = text[:_LONGEST_QUOTE].strip()
    return {"assistant": script.assistant, "conversation": conversation, "quote": quote, "grade": grade}
