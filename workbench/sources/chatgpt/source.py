"""The ChatGPT export: each conversation is an object with a `mapping` of nodes that name their parent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, BinaryIO

from workbench.model import Conversation, ImportIssue, content_hash, conversation_id
from workbench.sources import fields
from workbench.sources.chatgpt.canvas import with_documents
from workbench.sources.chatgpt.message import read_message
from workbench.sources.jsonsplit import split_elements
from workbench.sources.source import Parsed, Record
from workbench.sources.structure import shape_of
from workbench.sources.thread import Draft, Notes, Tree, assemble, grow

_KEPT_FLAGS = ("is_archived", "is_starred", "is_study_mode")


@dataclass(frozen=True, slots=True)
class ChatGPT:
    """Reads `conversations.json` and `conversations-000.json` of a ChatGPT export."""

    name: str = "chatgpt"
    assistant: str = "chatgpt"
    label: str = "ChatGPT export"

    def recognises(self, head: bytes) -> bool:
        """By the key `mapping`; DeepSeek has it too, but beside `inserted_at`."""
        keys = shape_of(head).keys
        return "mapping" in keys and "inserted_at" not in keys and "chat_messages" not in keys

    def split(self, stream: BinaryIO, place: str) -> Iterator[Record | ImportIssue]:
        """One record per conversation."""
        return split_elements(stream, place)

    def parse(self, record: Record) -> Parsed:
        """The conversation of one element, with all its branches."""
        notes = Notes(record.place)
        try:
            element = fields.decode(record.data)
        except ValueError as error:
            return Parsed(issues=(ImportIssue(record.place, f"not valid JSON: {error}"),))
        nodes = fields.mapping(fields.mapping(element).get("mapping"))
        if not nodes:
            empty = "mapping" in fields.mapping(element)
            reason, severity = ("empty conversation", "note") if empty else ("no `mapping`: no conversation", "skipped")
            return Parsed(issues=(ImportIssue(record.place, reason, severity),))
        tree, drafts = _read_nodes(nodes, notes)
        conversation = _conversation(element, tree, drafts=drafts, notes=notes)
        leaf = fields.name(element.get("current_node")) or None
        parsed = assemble(conversation, tree, drafts=drafts, leaf=leaf, notes=notes)
        return Parsed((parsed,) if parsed else (), notes.issues())


def _read_nodes(nodes: dict[str, Any], notes: Notes) -> tuple[Tree, dict[str, Draft]]:
    messages = {key: fields.mapping(fields.mapping(node).get("message")) for key, node in nodes.items()}
    for key, node in nodes.items():
        if not isinstance(node, dict) or not isinstance(node.get("message", {}), dict | None):
            notes.add(f"the node {key!r} is not an object with a message", "skipped")
    parents = {key: fields.name(fields.mapping(node).get("parent")) or None for key, node in nodes.items()}
    times = {key: fields.instant(message.get("create_time")) for key, message in messages.items()}
    tree = grow(parents, times)
    drafts = {key: read_message(messages[key], key, notes=notes) for key in tree.order if messages[key]}
    return tree, with_documents(tree, messages, drafts=drafts, notes=notes)


def _conversation(element: dict[str, Any], tree: Tree, *, drafts: dict[str, Draft], notes: Notes) -> Conversation:
    title = fields.text(element.get("title")).strip()
    native = fields.name(element.get("conversation_id")) or fields.name(element.get("id"))
    url = f"https://chatgpt.com/c/{native}" if native else None
    if not native:
        first = next((drafts[key].content for key in tree.order if key in drafts and not drafts[key].empty), "")
        native = content_hash("\x1f".join((title, str(element.get("create_time")), first)))
        notes.add("the conversation has no id; it was named after its title, time and first message")
    gizmos = [fields.name(element.get(key)) for key in ("gizmo_id", "conversation_template_id")]
    project = next((gizmo for gizmo in gizmos if gizmo.startswith("g-p-")), None)
    custom = next((gizmo for gizmo in gizmos if gizmo.startswith("g-") and gizmo != project), None)
    meta: dict[str, Any] = {key: True for key in _KEPT_FLAGS if element.get(key) is True}
    if custom:
        meta["gizmo_id"] = custom
    conversation = Conversation(
        id=conversation_id("chatgpt", native),
        assistant="chatgpt",
        native_id=native,
        title=title,
        project=project,
        model=fields.name(element.get("default_model_slug")) or _last_model(tree, drafts),
        url=url,
        meta=meta,
    )
    return replace(
        conversation,
        created_at=_time(element, "create_time", notes),
        updated_at=_time(element, "update_time", notes),
    )


def _last_model(tree: Tree, drafts: dict[str, Draft]) -> str | None:
    models = (drafts[key].model for key in reversed(tree.order) if key in drafts)
    return next((model for model in models if model), None)


def _time(element: dict[str, Any], key: str, notes: Notes) -> datetime | None:
    value = element.get(key)
    moment = fields.instant(value)
    if moment is None and fields.given(value):
        notes.add(f"the {key} of the conversation is no sensible time: {str(value)[:40]!r}")
    return moment
