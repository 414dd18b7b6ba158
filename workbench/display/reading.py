"""A conversation as it is read from a hit: opened at the message that was found."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from workbench.display.formatters import SMALL, card_style
from workbench.model import Message, Role, Transcript

_AFTER = 2  # messages after the found one that are not folded away
_LONGEST, _LONGEST_FOUND, _LONGEST_BEFORE = 1_500, 20_000, 240  # characters: any message, the found one, the one before
_FOUND = "background:rgba(255,205,60,.18);outline:1px solid rgba(220,170,20,.45)"


def reading_html(found: Transcript, message_id: str) -> str:
    """The thread through a message: how the one before it begins, the message, two more, the rest folded away.

    The thread is the one that is shown in the assistant's own app, or the branch that the message is on. Opening at
    the message needs no script: what comes before it is folded, not scrolled past.
    """
    thread = thread_through(found, message_id)
    here = next((i for i, message in enumerate(thread) if message.id == message_id), 0)
    last = here + 1 + _AFTER
    before = "".join(_message(found, message, longest=_LONGEST_BEFORE) for message in thread[:here][-1:])
    after = "".join(_message(found, message) for message in thread[here + 1 : last])
    target = "".join(_message(found, message, longest=_LONGEST_FOUND, style=_FOUND) for message in thread[here:][:1])
    one = found.conversation
    facts = " · ".join(part for part in (one.assistant, one.model, one.project, one.id) if part)
    return (
        f"<h4 style='margin:.6em 0 .1em'>{escape(one.title or '(untitled)')}</h4>"
        f"<div style='{SMALL}'>{escape(facts)}</div>"
        f"{_folded(found, thread[:here], 'earlier')}{before}{target}{after}{_folded(found, thread[last:], 'later')}"
    )


def thread_through(found: Transcript, message_id: str) -> list[Message]:
    """The visible messages of the thread that holds `message_id`, first to last.

    That is the active path if the message is on it, otherwise its ancestors, itself and what followed on its branch.
    """
    by_id = {message.id: message for message in found.messages}
    target = by_id.get(message_id)
    if target is None or target.on_active_path:
        path: list[Message] = [message for message in found.messages if message.on_active_path]
    else:
        path = [*_ancestors(target, by_id), target, *_followers(target, found.messages)]
    carrying = {artifact.message_id for artifact in found.artifacts}
    return [one for one in path if one.id == message_id or (not one.hidden and (one.content or one.id in carrying))]


def _ancestors(message: Message, by_id: dict[str, Message]) -> list[Message]:
    above: list[Message] = []
    seen = {message.id}
    while message.parent_id in by_id and message.parent_id not in seen:
        message = by_id[message.parent_id]
        seen.add(message.id)
        above.append(message)
    return above[::-1]


def _followers(message: Message, messages: Iterable[Message]) -> list[Message]:
    """From each message its last reply, which is the one that was kept."""
    reply = {one.parent_id: one for one in messages if one.parent_id}
    below: list[Message] = []
    while (following := reply.get(message.id)) is not None and following not in below:
        below.append(following)
        message = following
    return below


def _folded(found: Transcript, messages: list[Message], which: str) -> str:
    if not messages:
        return ""
    noun = "message" if len(messages) == 1 else "messages"
    body = "".join(_message(found, message) for message in messages)
    summary = f"<summary style='cursor:pointer;{SMALL}'>{len(messages)} {which} {noun}</summary>"
    return f"<details style='margin:.4em 0'>{summary}{body}</details>"


def _message(found: Transcript, message: Message, *, longest: int = _LONGEST, style: str = "") -> str:
    text = message.content or _carried(found, message)
    shown = escape(text[:longest]) + (" …" if len(text) > longest else "")
    card = card_style(found.conversation.assistant if message.role == Role.ASSISTANT else "")
    when = f" · {message.created_at:%d %b %Y %H:%M} UTC" if message.created_at else ""
    branch = "" if message.on_active_path else " · on another branch"
    return (
        f"<div style='{card};{style}'><span style='{SMALL}'>{message.role}{when}{branch}</span>"
        f"<div style='white-space:pre-wrap'>{shown}</div></div>"
    )


def _carried(found: Transcript, message: Message) -> str:
    """What stands for a message without words: the names of what it carries."""
    carried = [one for one in found.artifacts if one.message_id == message.id]
    return "\n".join(f"[{one.kind}] {one.title or one.reference or one.content[:200]}".strip() for one in carried)
