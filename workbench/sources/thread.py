"""From messages as a format gives them to a thread with parents, positions and an active path.

A format reads its messages into drafts, keyed by whatever it calls them; what all formats share (skipping nodes that
carry nothing, cycles, dangling parents, ids) is done here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from workbench.model import (
    Artifact,
    ArtifactKind,
    Conversation,
    ImportIssue,
    Message,
    MessageKind,
    Role,
    Transcript,
    artifact_id,
    message_id,
    placed_message_id,
)

_FAR = datetime.max.replace(tzinfo=UTC)
_PAST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Piece:
    """An artifact whose message has no id yet."""

    kind: ArtifactKind
    content: str = ""
    language: str | None = None
    title: str | None = None
    reference: str | None = None
    version: int | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message whose place in the thread is not known yet. `native_id` is None where the export gives none."""

    native_id: str | None
    role: Role
    content: str
    kind: MessageKind = MessageKind.TEXT
    hidden: bool = False
    author: str | None = None
    created_at: datetime | None = None
    model: str | None = None
    pieces: tuple[Piece, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether it says and carries nothing."""
        return not self.pieces and not self.content.strip()


class Notes:
    """Collects the issues of one record; equal reasons are told once, with their number."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, reason: str, severity: str = "note", times: int = 1) -> None:
        """Tell `reason`, once for all times it is told."""
        if times:
            self._counts[severity, reason] += times

    def issues(self) -> tuple[ImportIssue, ...]:
        """What was told, in order."""
        return tuple(
            ImportIssue(self.place, reason if times == 1 else f"{reason} ({times} times)", severity)
            for (severity, reason), times in self._counts.items()
        )


@dataclass(frozen=True, slots=True)
class Tree:
    """The nodes of a thread: `order` lists parents before children, `parents` has no cycle and no dangling name."""

    order: tuple[str, ...]
    parents: Mapping[str, str | None]
    dangling: int
    cycles: int

    def above(self, key: str | None) -> Iterable[str]:
        """`key` and what is above it, upwards."""
        while key is not None:
            yield key
            key = self.parents[key]


def grow(parents: Mapping[str, str | None], times: Mapping[str, datetime | None]) -> Tree:
    """The tree of `parents` (key to parent), whatever the order of its keys.

    A parent that is not there and the edge that closes a cycle are cut; the node then begins a thread.
    """
    sound: dict[str, str | None] = {}
    order: list[str] = []
    dangling = cycles = 0
    for key in sorted(parents, key=lambda node: (times.get(node) or _FAR, node)):
        chain: list[str] = []
        on_chain: set[str] = set()
        node: str | None = key
        while node is not None and node not in sound:
            if node not in parents:
                dangling += 1
                sound[chain[-1]] = None
                break
            if node in on_chain:
                cycles += 1
                sound[chain[-1]] = None
                break
            chain.append(node)
            on_chain.add(node)
            node = parents[node]
        for link in reversed(chain):
            sound.setdefault(link, parents[link])
            order.append(link)
    return Tree(tuple(order), sound, dangling, cycles)


def assemble(
    conversation: Conversation, tree: Tree, *, drafts: Mapping[str, Draft], leaf: str | None, notes: Notes
) -> Transcript | None:
    """The conversation with its messages placed; None (and an issue) where no draft says anything.

    `leaf` is the node the person was last at; without it the active path leads to the newest message.
    """
    notes.add("a message names a parent that the export lacks", "altered", tree.dangling)
    notes.add("messages follow each other in a circle", "altered", tree.cycles)
    kept = _kept(tree, drafts, notes)
    if not kept:
        notes.add("empty conversation", "note")
        return None
    active = _active_path(tree, kept, leaf)
    placed: dict[str, Message] = {}
    occurrences: Counter[tuple[str | None, str, str]] = Counter()
    nearest: dict[str, str | None] = {}
    artifacts: list[Artifact] = []
    for key in tree.order:
        parent = tree.parents[key]
        nearest[key] = None if parent is None else (parent if parent in placed else nearest[parent])
        if key not in kept:
            continue
        above = nearest[key]
        message = _place(kept[key], conversation, placed[above] if above else None, occurrences=occurrences)
        placed[key] = replace(message, on_active_path=key in active)
        artifacts.extend(_artifacts(message.id, kept[key].pieces))
    messages = sorted(placed.values(), key=lambda m: (m.position, m.created_at or _FAR, m.id))
    rank = {message.id: number for number, message in enumerate(messages)}
    artifacts.sort(key=lambda artifact: rank[artifact.message_id])
    return Transcript(conversation, tuple(messages), tuple(artifacts))


def _kept(tree: Tree, drafts: Mapping[str, Draft], notes: Notes) -> dict[str, Draft]:
    kept: dict[str, Draft] = {}
    seen: set[str] = set()
    for key in tree.order:
        draft = drafts.get(key)
        if draft is None or draft.empty:
            continue
        if draft.native_id is not None and draft.native_id in seen:
            notes.add("a second message with the id of another was left out", "skipped")
            continue
        if draft.native_id is not None:
            seen.add(draft.native_id)
        kept[key] = draft
    return kept


def _active_path(tree: Tree, kept: Mapping[str, Draft], leaf: str | None) -> set[str]:
    if leaf not in tree.parents:
        rank = {key: number for number, key in enumerate(tree.order)}
        leaf = max(kept, key=lambda key: (kept[key].created_at or _PAST, rank[key]))
    return set(tree.above(leaf))


def _place(
    draft: Draft,
    conversation: Conversation,
    parent: Message | None,
    *,
    occurrences: Counter[tuple[str | None, str, str]],
) -> Message:
    parent_id = parent.id if parent else None
    if draft.native_id is not None:
        identity = message_id(conversation.id, draft.native_id)
    else:
        twin = (parent_id, draft.role.value, draft.content)
        identity = placed_message_id(conversation.id, *twin, occurrences[twin])
        occurrences[twin] += 1
    return Message(
        id=identity,
        conversation_id=conversation.id,
        parent_id=parent_id,
        position=parent.position + 1 if parent else 0,
        role=draft.role,
        content=draft.content,
        kind=draft.kind,
        hidden=draft.hidden,
        author=draft.author,
        created_at=draft.created_at,
        model=draft.model,
    )


def _artifacts(message: str, pieces: Iterable[Piece]) -> Iterable[Artifact]:
    ordinals: Counter[str] = Counter()
    for piece in pieces:
        kind = piece.kind.value
        yield Artifact(
            id=artifact_id(message, kind, ordinals[kind]),
            message_id=message,
            kind=piece.kind,
            content=piece.content,
            language=piece.language,
            title=piece.title,
            reference=piece.reference,
            version=piece.version,
            meta=piece.meta,
        )
        ordinals[kind] += 1
