"""ChatGPT's canvas: documents that are made by one message and edited, by regular expressions, by later ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workbench.model import ArtifactKind
from workbench.sources import fields
from workbench.sources.pieces import Documents
from workbench.sources.thread import Draft, Notes, Piece, Tree
from workbench.text.markdown import language_name

_CREATE, _UPDATE = "canmore.create_textdoc", "canmore.update_textdoc"
_WHOLE = (".*", "^.*$", "(?s).*", "[\\s\\S]*")
_NESTED = re.compile(r"\([^()]*[+*][^()]*\)[+*{]")  # a repeated group that repeats: may take exponential time
_LARGEST_PATTERN = 2000


def with_documents(
    tree: Tree, messages: Mapping[str, dict[str, Any]], *, drafts: dict[str, Draft], notes: Notes
) -> dict[str, Draft]:
    """The drafts, with each version of a canvas document beside the message that made it."""
    calls = {key: fields.name(messages[key].get("recipient")) for key in drafts}
    if not any(call in (_CREATE, _UPDATE) for call in calls.values()):
        return drafts
    named = _document_ids(tree, messages)
    states: dict[str, Documents] = {}
    result = dict(drafts)
    for key in tree.order:
        parent = tree.parents[key]
        before = states[parent] if parent is not None else Documents()
        states[key] = before
        if calls.get(key) not in (_CREATE, _UPDATE):
            continue
        arguments = _arguments(drafts[key].content)
        if calls[key] == _CREATE:
            version = _created(arguments)
            target = named.get(key) or fields.name(arguments.get("name")) or key
        else:
            target = named.get(key, "")
            target = target if target in before.newest else next(reversed(list(before.newest)), key)
            version = _updated(before.newest.get(target), arguments, text=drafts[key].content, notes=notes)
        states[key], piece = before.write(target, version)
        result[key] = replace(drafts[key], pieces=(*drafts[key].pieces, piece))
    return result


def _document_ids(tree: Tree, messages: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    """The document that each call made or changed, as the tool's answer below it tells."""
    ids: dict[str, str] = {}
    for key in tree.order:
        canvas = fields.mapping(fields.mapping(messages[key].get("metadata")).get("canvas"))
        identity, parent = fields.name(canvas.get("textdoc_id")), tree.parents[key]
        if identity and parent is not None:
            ids.setdefault(parent, identity)
            ids.setdefault(key, identity)
    return ids


def _arguments(text: str) -> dict[str, Any]:
    """The call's JSON, also where its end is missing."""
    for ending in ("", "]}", "}", '"}', '"}]}'):
        try:
            return fields.mapping(fields.decode((text + ending).encode()))
        except ValueError:
            continue
    return {}


def _created(arguments: dict[str, Any]) -> Piece:
    kind = fields.name(arguments.get("type"))
    language = language_name(kind.removeprefix("code/")) if kind.startswith("code/") else "markdown"
    title = fields.name(arguments.get("name"))
    return Piece(ArtifactKind.DOCUMENT, fields.text(arguments.get("content")), language, title or None)


def _updated(before: Piece | None, arguments: dict[str, Any], *, text: str, notes: Notes) -> Piece:
    """The next version; where the edit cannot be applied, the text of the edit, said so in its meta."""
    content = before.content if before else None
    for update in fields.objects(arguments.get("updates")):
        pattern, replacement = fields.text(update.get("pattern")), fields.text(update.get("replacement"))
        content = _applied(content, pattern, replacement=replacement, every=update.get("multiple") is True)
        if content is None:
            break
    if content is None or not fields.objects(arguments.get("updates")):
        notes.add("an edit of a canvas document could not be applied; its text was kept", "altered")
        return Piece(ArtifactKind.DOCUMENT, text, meta={"edit": True})
    return Piece(ArtifactKind.DOCUMENT, content)


def _applied(content: str | None, pattern: str, *, replacement: str, every: bool) -> str | None:
    """`content` after one edit; None where the pattern is not found, or not safe to run."""
    if pattern in _WHOLE:
        return replacement
    if content is None or not pattern:
        return None
    if pattern in content:
        return content.replace(pattern, replacement, -1 if every else 1)
    if len(pattern) > _LARGEST_PATTERN or _NESTED.search(pattern):
        return None
    try:
        edited, times = re.subn(pattern, lambda _: replacement, content, count=0 if every else 1)
    except (re.error, RecursionError, OverflowError):
        return None
    return edited if times else None
