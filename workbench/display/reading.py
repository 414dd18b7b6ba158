"""A conversation as it is read from a hit: opened at the message that was found."""

from __future__ import annotations

from html import escape

from workbench.display.formatters import SMALL, card_style
from workbench.model import Message, Role, Transcript
from workbench.transcripts import thread_of

_AFTER = 2  # messages after the found one that are not folded away
_LONGEST, _LONGEST_FOUND, _LONGEST_BEFORE = 1_500, 20_000, 240  # characters: any message, the found one, the one before
_FOUND = "background:rgba(255,205,60,.18);outline:1px solid rgba(220,170,20,.45)"


def reading_html(found: Transcript, message_id: str) -> str:
    """The thread through a message: how the one before it begins, the message, two more, the rest folded away.

    The thread is the one that is shown in the assistant's own app, or the branch that the message is on. Opening at
    the message needs no script: what comes before it is folded, not scrolled past. A message that is not there opens
    the conversation at its beginning.
    """
    thread = _thread(found, message_id)
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


def _thread(found: Transcript, message_id: str) -> list[Message]:
    """The thread through a message (else the one of the app), without messages that have nothing to show."""
    if all(one.id != message_id for one in found.messages):
        message_id = [one for one in found.messages if one.on_active_path][-1].id
    carrying = {artifact.message_id for artifact in found.artifacts}
    thread = thread_of(found.messages, message_id)
    return [one for one in thread if one.id == message_id or one.content or one.id in carrying]


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
