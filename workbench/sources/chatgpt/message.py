"""One ChatGPT message: its words, its kind and what it carries."""

from __future__ import annotations

import re
from typing import Any

from workbench.model import ArtifactKind, MessageKind, Role
from workbench.sources import fields
from workbench.sources.chatgpt.assets import attachments, part_pieces, run_pieces
from workbench.sources.chatgpt.citations import citations, without_markers
from workbench.sources.pieces import code_pieces
from workbench.sources.thread import Draft, Notes, Piece
from workbench.text.markdown import language_name

_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM, "tool": Role.TOOL}
_KINDS = {
    "text": MessageKind.TEXT,
    "multimodal_text": MessageKind.TEXT,
    "code": MessageKind.CODE,
    "execution_output": MessageKind.EXECUTION_RESULT,
    "thoughts": MessageKind.THINKING,
    "reasoning_recap": MessageKind.THINKING,
    "user_editable_context": MessageKind.CONTEXT,
    "model_editable_context": MessageKind.CONTEXT,
    "tether_browsing_display": MessageKind.TOOL_RESULT,
    "tether_quote": MessageKind.TOOL_RESULT,
    "sonic_webpage": MessageKind.TOOL_RESULT,
    "computer_output": MessageKind.TOOL_RESULT,
    "citable_code_output": MessageKind.TOOL_RESULT,
    "system_error": MessageKind.TOOL_RESULT,
}
_EVERYONE = ("", "all", "assistant", "user")
_SANDBOX = re.compile(r"\(sandbox:(/mnt/data/[^)\s]+)\)")


def read_message(message: dict[str, Any], key: str, *, notes: Notes) -> Draft:
    """The draft of the message in node `key`."""
    author = fields.mapping(message.get("author"))
    content = _content(message)
    metadata = fields.mapping(message.get("metadata"))
    role = _ROLES.get(fields.name(author.get("role")).lower())
    if role is None:
        notes.add(f"format drift: unknown author role {fields.name(author.get('role'))!r}, taken as a tool")
        role = Role.TOOL
    kind = _kind(content, role, recipient=fields.name(message.get("recipient")), metadata=metadata)
    words = _words(content, metadata)
    pieces = _pieces(message, kind, words=words, notes=notes)
    written_by = fields.name(author.get("name"))
    created = message.get("create_time")
    moment = fields.instant(created)
    if moment is None and fields.given(created) and fields.number(created) != 0:
        notes.add("a message has no sensible time")
    return Draft(
        native_id=fields.name(message.get("id")) or key,
        role=role,
        content=without_markers(words, metadata) if kind is not MessageKind.CODE else words,
        kind=kind,
        hidden=_hidden(kind, role, metadata),
        author=written_by or None,
        created_at=moment,
        model=fields.name(metadata.get("model_slug")) or None,
        pieces=tuple(pieces),
    )


def _content(message: dict[str, Any]) -> dict[str, Any]:
    content = message.get("content")
    if isinstance(content, str):
        return {"content_type": "text", "parts": [content]}
    if isinstance(content, list):
        return {"content_type": "text", "parts": content}
    return fields.mapping(content)


def _type(content: dict[str, Any]) -> str:
    return fields.name(content.get("content_type")) or "text"


def _kind(content: dict[str, Any], role: Role, *, recipient: str, metadata: dict[str, Any]) -> MessageKind:
    content_type = _type(content)
    if metadata.get("is_user_system_message") is True:
        return MessageKind.CONTEXT
    if role is Role.ASSISTANT and recipient not in _EVERYONE and content_type in ("text", "multimodal_text", "code"):
        return MessageKind.CODE if recipient == "python" else MessageKind.TOOL_CALL
    kind = _KINDS.get(content_type, MessageKind.TOOL_RESULT if role is Role.TOOL else MessageKind.TEXT)
    return MessageKind.TOOL_RESULT if role is Role.TOOL and kind is MessageKind.TEXT else kind


def _hidden(kind: MessageKind, role: Role, metadata: dict[str, Any]) -> bool:
    flags = ("is_visually_hidden_from_conversation", "is_user_system_message")
    return role is Role.SYSTEM or kind is MessageKind.CONTEXT or any(metadata.get(flag) is True for flag in flags)


def _words(content: dict[str, Any], metadata: dict[str, Any]) -> str:
    """All that the message says, whatever field its content type keeps it in."""
    joined = "\n".join(filter(None, (_part_words(part) for part in fields.sequence(content.get("parts")))))
    if joined:
        return joined
    if thoughts := fields.objects(content.get("thoughts")):
        return "\n\n".join(filter(None, (_joined(thought, "summary", "content") for thought in thoughts)))
    for key in ("text", "result", "output_str", "content", "summary", "model_set_context"):
        if found := fields.text(content.get(key)):
            return found
    told = _joined(content, "user_profile", "user_instructions")
    about = fields.mapping(metadata.get("user_context_message_data"))
    state = fields.mapping(content.get("state"))
    return told or _joined(about, "about_user_message", "about_model_message") or _joined(state, "title", "url")


def _joined(value: dict[str, Any], *keys: str) -> str:
    return "\n".join(filter(None, (fields.text(value.get(key)) for key in keys)))


def _part_words(part: Any) -> str:
    return fields.text(part) or fields.text(fields.mapping(part).get("text"))


def _pieces(message: dict[str, Any], kind: MessageKind, *, words: str, notes: Notes) -> list[Piece]:
    content = _content(message)
    metadata = fields.mapping(message.get("metadata"))
    named = {fields.name(file.get("id")): fields.name(file.get("name")) for file in _attached(metadata)}
    found = part_pieces(content, named)
    found += _kind_pieces(message, kind, words)
    if kind is MessageKind.EXECUTION_RESULT:
        found += run_pieces(metadata)
    if kind is MessageKind.TEXT:
        found += code_pieces(words)
    found += attachments(_attached(metadata), found)
    found += [
        Piece(ArtifactKind.FILE, title=path.rsplit("/", 1)[-1], reference=path) for path in _SANDBOX.findall(words)
    ]
    found += citations(metadata)
    if _type(content) not in _KINDS:
        notes.add(f"format drift: unknown content_type {_type(content)!r}")
        found.append(Piece(ArtifactKind.TOOL_RESULT, words, title=_type(content), meta={"raw": content}))
    return found


def _attached(metadata: dict[str, Any]) -> list[dict[str, Any]]:
    return fields.objects(metadata.get("attachments"))


def _kind_pieces(message: dict[str, Any], kind: MessageKind, words: str) -> list[Piece]:
    """The message itself as an artifact, where it is code, a result, a thought or tool traffic."""
    if not words.strip():
        return []
    content = _content(message)
    recipient = fields.name(message.get("recipient"))
    if kind is MessageKind.CODE:
        language = "python" if recipient == "python" else language_name(fields.name(content.get("language")))
        return [Piece(ArtifactKind.CODE, words, language)]
    if kind is MessageKind.EXECUTION_RESULT:
        return [Piece(ArtifactKind.EXECUTION_RESULT, words)]
    if kind is MessageKind.THINKING:
        return [Piece(ArtifactKind.THINKING, words)]
    if kind is MessageKind.TOOL_CALL:
        return [Piece(ArtifactKind.TOOL_CALL, words, title=recipient)]
    if kind is MessageKind.TOOL_RESULT and _type(content) in _KINDS:
        title = fields.name(content.get("title")) or fields.name(fields.mapping(message.get("author")).get("name"))
        url = fields.name(content.get("url"))
        return [Piece(ArtifactKind.TOOL_RESULT, words, title=title or None, reference=url or None)]
    return []
