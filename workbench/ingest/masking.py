"""Secrets in what an export says: masked, counted, or left as they are, before anything is stored.

Runs in the worker that parsed the export. Ids are derived before, from the export as it is, so that they do not depend
on the policy; hashes of texts after, so that nothing of a secret is stored but its last characters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workbench.model import Artifact, Conversation, Message, Transcript
from workbench.settings import SECRET_POLICIES
from workbench.text.secrets import mask, suspects

MASK, KEEP, REPORT = SECRET_POLICIES


@dataclass(frozen=True, slots=True)
class FoundSecrets:
    """What was found in one conversation: its id, its title (masked), and how many of each kind."""

    conversation: str
    title: str
    kinds: Mapping[str, int]


def apply_policy(parsed: Sequence[Transcript], policy: str) -> tuple[list[Transcript], list[FoundSecrets]]:
    """`parsed` as it is to be stored, and what was found in it: with "keep" nothing is looked for."""
    out = list(parsed)
    if policy == KEEP:
        return out, []
    owners: list[int] = []
    texts: list[str] = []
    for number, one in enumerate(parsed):
        before = len(texts)
        texts.extend(_texts(one))
        owners.extend([number] * (len(texts) - before))
    found: list[FoundSecrets] = []
    for number in dict.fromkeys(owners[place] for place in suspects(texts)):
        masked, kinds = _masked(parsed[number])
        if kinds:
            found.append(FoundSecrets(masked.conversation.id, masked.conversation.title, dict(kinds)))
            if policy == MASK:
                out[number] = masked
    return out, found


def _texts(one: Transcript) -> Iterator[str]:
    """All that a person or an assistant may have put a secret in."""
    yield from (one.conversation.title, one.conversation.project or "")
    yield from _strings(one.conversation.meta)
    for message in one.messages:
        yield message.content
    for artifact in one.artifacts:
        yield from (artifact.content, artifact.title or "", artifact.reference or "")
        yield from _strings(artifact.meta)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _strings(part)


def _masked(one: Transcript) -> tuple[Transcript, Counter[str]]:
    counted: Counter[str] = Counter()

    def text(value: str) -> str:
        out, kinds = mask(value)
        counted.update(kinds)
        return out

    def some(value: str | None) -> str | None:
        return text(value) if value else value

    def any_value(value: Any) -> Any:
        if isinstance(value, str):
            return text(value)
        if isinstance(value, Mapping):
            return {name: any_value(part) for name, part in value.items()}
        return [any_value(part) for part in value] if isinstance(value, list | tuple) else value

    def conversation(value: Conversation) -> Conversation:
        return replace(value, title=text(value.title), project=some(value.project), meta=any_value(value.meta))

    def message(value: Message) -> Message:
        return replace(value, content=text(value.content))

    def artifact(value: Artifact) -> Artifact:
        return replace(
            value, content=text(value.content), title=some(value.title), reference=some(value.reference),
            meta=any_value(value.meta),
        )  # fmt: skip

    masked = Transcript(
        conversation(one.conversation), tuple(map(message, one.messages)), tuple(map(artifact, one.artifacts))
    )
    return masked, counted
