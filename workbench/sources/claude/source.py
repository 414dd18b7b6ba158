"""The Claude export: each conversation is an object with a list of `chat_messages`, of all branches together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from workbench.model import Conversation, ImportIssue, content_hash, conversation_id
from workbench.sources import fields
from workbench.sources.claude.message import read_message
from workbench.sources.jsonsplit import split_elements
from workbench.sources.pieces import Documents
from workbench.sources.source import Parsed, Record
from workbench.sources.structure import shape_of
from workbench.sources.thread import Draft, Notes, Tree, assemble, grow


@dataclass(frozen=True, slots=True)
class Claude:
    """Reads `conversations.json` of a Claude export, and single conversations as the web application gives them."""

    name: str = "claude"
    assistant: str = "claude"
    label: str = "Claude export"

    def recognises(self, head: bytes) -> bool:
        """By the key `chat_messages`."""
        return "chat_messages" in shape_of(head).keys

    def split(self, stream: BinaryIO, place: str) -> Iterator[Record | ImportIssue]:
        """One record per conversation."""
        return split_elements(stream, place)

    def parse(self, record: Record) -> Parsed:
        """The conversation of one element, with all its branches."""
        notes = Notes(record.place)
        try:
            element = fields.mapping(fields.decode(record.data))
        except ValueError as error:
            return Parsed(issues=(ImportIssue(record.place, f"not valid JSON: {error}"),))
        if "chat_messages" not in element:
            return Parsed(issues=(ImportIssue(record.place, "no `chat_messages`: no conversation"),))
        messages = _keyed_messages(element, notes)
        tree = grow(_parents(messages), {})
        drafts = _read_messages(messages, tree, notes)
        conversation = _conversation(element, tree, drafts=drafts, notes=notes)
        leaf = _leaf(element, messages, tree)
        parsed = assemble(conversation, tree, drafts=drafts, leaf=leaf, notes=notes)
        return Parsed((parsed,) if parsed else (), notes.issues())


def _keyed_messages(element: dict[str, Any], notes: Notes) -> dict[str, dict[str, Any]]:
    """The messages by uuid, or by place where they have none or share one; keys sort as the export has them."""
    keyed: dict[str, dict[str, Any]] = {}
    for number, message in enumerate(fields.sequence(element.get("chat_messages"))):
        if not isinstance(message, dict):
            notes.add("a message that is no object was left out", "skipped")
            continue
        uuid = fields.name(message.get("uuid"))
        if uuid and uuid in keyed:
            notes.add("a second message with the id of another was left out", "skipped")
            continue
        keyed[uuid or f"\x00{number:08d}"] = message
    return keyed


def _parents(messages: Mapping[str, dict[str, Any]]) -> dict[str, str | None]:
    """Parents as the messages name them; a plain list where none of them names another."""
    named = {key: fields.name(message.get("parent_message_uuid")) for key, message in messages.items()}
    linked = any(parent in messages for parent in named.values())
    parents: dict[str, str | None] = {}
    before: str | None = None
    for key, parent in named.items():
        if parent in messages:
            parents[key] = parent
        elif linked and "parent_message_uuid" in messages[key]:
            parents[key] = None
        else:
            parents[key] = before
        before = key
    return parents


def _read_messages(messages: Mapping[str, dict[str, Any]], tree: Tree, notes: Notes) -> dict[str, Draft]:
    drafts: dict[str, Draft] = {}
    states: dict[str, Documents] = {}
    for key in tree.order:
        parent = tree.parents[key]
        before = states[parent] if parent is not None else Documents()
        drafts[key], states[key] = read_message(messages[key], before, notes=notes)
    return drafts


def _leaf(element: dict[str, Any], messages: Mapping[str, dict[str, Any]], tree: Tree) -> str | None:
    """The last message the person saw: as told, else the latest; equal times as the export orders them.

    Without branches that is the last of the list, whatever else is told.
    """
    parents = {parent for parent in tree.parents.values() if parent is not None}
    if len(parents) == len(messages) - 1:
        return next(key for key in messages if key not in parents)
    told = fields.name(element.get("current_leaf_message_uuid"))
    if told in messages:
        return told
    latest: tuple[datetime, int] | None = None
    leaf = None
    for number, (key, message) in enumerate(messages.items()):
        moment = fields.instant(message.get("created_at"))
        if moment is not None and (latest is None or (moment, number) >= latest):
            latest, leaf = (moment, number), key
    return leaf or next(reversed(list(messages)), None)


def _conversation(element: dict[str, Any], tree: Tree, *, drafts: Mapping[str, Draft], notes: Notes) -> Conversation:
    title = fields.text(element.get("name")).strip() or fields.text(element.get("title")).strip()
    native = fields.name(element.get("uuid")) or fields.name(element.get("conversation_id"))
    url = f"https://claude.ai/chat/{native}" if native else None
    if not native:
        first = next((drafts[key].content for key in tree.order if not drafts[key].empty), "")
        native = content_hash("\x1f".join((title, str(element.get("created_at")), first)))
        notes.add("the conversation has no id; it was named after its title, time and first message")
    project = fields.mapping(element.get("project"))
    meta: dict[str, Any] = {"is_starred": True} if element.get("is_starred") is True else {}
    if summary := fields.text(element.get("summary")).strip():
        meta["summary"] = summary
    return Conversation(
        id=conversation_id("claude", native),
        assistant="claude",
        native_id=native,
        title=title,
        created_at=_time(element, "created_at", notes),
        updated_at=_time(element, "updated_at", notes),
        project=fields.name(project.get("name")) or fields.name(element.get("project_uuid")) or None,
        model=fields.name(element.get("model")) or None,
        url=url,
        meta=meta,
    )


def _time(element: dict[str, Any], key: str, notes: Notes) -> datetime | None:
    value = element.get(key)
    moment = fields.instant(value)
    if moment is None and fields.given(value):
        notes.add(f"the {key} of the conversation is no sensible time: {str(value)[:40]!r}")
    return moment
