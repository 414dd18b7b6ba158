"""Gemini's activity in a Takeout, whichever file tells it: prompts and answers, and the threads they belong to."""

from __future__ import annotations

import hashlib
import html
import re
import textwrap
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from workbench.model import (
    ArtifactKind,
    Conversation,
    ImportIssue,
    Role,
    conversation_id,
)
from workbench.sources.htmltext import images, readable
from workbench.sources.pieces import code_pieces
from workbench.sources.source import Parsed, Record
from workbench.sources.thread import Draft, Notes, Piece, assemble, grow

PROMPT_VERBS = (
    "Prompted",
    "Asked Gemini",
    "Eingegebener Prompt:",
    "Gav instruktionen",
    "Pokyn",
    "Запит:",
    "送信したメッセージ:",
    "Added chat from link:",
)
OTHER_VERBS = (
    "Used Gemini",
    "Created Gemini Canvas",
    "Selected preferred draft",
    "Gave feedback",
    "Cleared previous feedback",
    "Searched for",
)
_THREAD = re.compile(rb"gemini\.google\.com\\?/app\\?/(?:c_)?([0-9a-fA-F]{6,})")
_SPACES = re.compile(r"\s+")
_ENTITY = re.compile(r"&(?:#39|#x27|quot|amp|lt|gt|nbsp);")
_FENCE_MARKS = re.compile(r"(?m)^(\s*`{3,}[\w+-]*)\?\S*$")
_TITLE = 80


@dataclass(frozen=True, slots=True)
class Activity:
    """One record of Gemini: what was asked, and what was answered as HTML."""

    at: datetime | None
    prompt: str
    answer: str
    attached: tuple[Piece, ...] = ()
    generated: tuple[Piece, ...] = ()
    thread: str | None = None

    @property
    def key(self) -> str:
        """Second and digest of the prompt: the same from the JSON and from the HTML of one activity."""
        second = self.at.strftime("%Y-%m-%dT%H:%M:%SZ") if self.at else "no-time"
        plain = _SPACES.sub(" ", unicodedata.normalize("NFC", self.prompt)).strip()
        return f"{second}|{hashlib.blake2b(plain.encode('utf-8', 'replace'), digest_size=8).hexdigest()}"


def is_gemini(product: str) -> bool:
    """Whether a header or product name is Gemini's, in any language; it was called Bard before."""
    product = product.casefold()
    return ("gemini" in product and "workspace" not in product) or product.strip() == "bard"


def thread_of(raw: bytes) -> str | None:
    """The one thread that `raw` (the details of a record) links to; None where it names none or several."""
    found = {thread.decode().lower() for thread in _THREAD.findall(raw)}
    return found.pop() if len(found) == 1 else None


def prompt_of(title: str) -> tuple[str, bool | None]:
    """The prompt within an activity's title; and whether it is one: None where its verb is not known."""
    title = unicodedata.normalize("NFC", title).replace("\xa0", " ").strip()
    for verb in PROMPT_VERBS:
        if title.startswith(verb) and title[len(verb) : len(verb) + 1] in ("", " ", "\n"):
            return _unescaped(title[len(verb) :].strip()), True
    if title.startswith(OTHER_VERBS):
        return title, False
    return _unescaped(title), None


def _unescaped(words: str) -> str:
    """`words` without the entities that Takeout escapes once too often."""
    return html.unescape(words) if _ENTITY.search(words) else words


def verb_of(title: str) -> str:
    """How an activity that is no prompt is told: the verb where it is known, without what the person wrote."""
    return next((f"{verb} …" for verb in OTHER_VERBS if title.startswith(verb)), "an activity of unknown kind")


@dataclass(frozen=True, slots=True)
class Cell:
    """One raw record on its way through `group`: `skipped` says why it is left out, for counting."""

    data: bytes
    thread: str | None = None
    skipped: str = ""


def group(
    cells: Callable[[], Iterator[Cell | ImportIssue]], place: str, *, join: Callable[[Sequence[bytes]], bytes]
) -> Iterator[Record | ImportIssue]:
    """One record per thread, and one per cell that names no thread; then what was left out, counted.

    `cells` is run twice, to know how many cells a thread has, so that each is given as soon as it is whole.
    """
    sizes = Counter(cell.thread for cell in cells() if isinstance(cell, Cell) and cell.thread and not cell.skipped)
    waiting: dict[str, list[bytes]] = {}
    left_out: Counter[str] = Counter()
    number = 0
    for cell in cells():
        if isinstance(cell, ImportIssue):
            yield cell
            continue
        if cell.skipped:
            left_out[cell.skipped] += 1
        elif cell.thread is None:
            yield Record(f"{place}[{number}]", join([cell.data]))
        else:
            held = waiting.setdefault(cell.thread, [])
            held.append(cell.data)
            if len(held) == sizes[cell.thread]:
                yield Record(f"{place}[{number}]", join(waiting.pop(cell.thread)))
        number += 1
    for reason, count in left_out.items():
        yield ImportIssue(place, f"{count} record{'s' if count > 1 else ''} of {reason}", "note")


def conversation_of(activities: Iterable[Activity], notes: Notes) -> Parsed:
    """The conversation that the activities of one record make, oldest first; they are given newest first."""
    oldest_first = list(activities)[::-1]
    ordered = sorted(oldest_first, key=lambda one: one.at or datetime.max.replace(tzinfo=UTC))
    if not ordered:
        notes.add("empty conversation", "note")
        return Parsed(issues=notes.issues())
    drafts: dict[str, Draft] = {}
    parents: dict[str, str | None] = {}
    before: str | None = None
    for number, activity in enumerate(ordered):
        for part, draft in enumerate((_prompt(activity), _answer(activity))):
            key = f"{number:08d}.{part}"
            parents[key], drafts[key], before = before, draft, key
    threads = {activity.thread for activity in ordered}
    thread = threads.pop() if len(threads) == 1 else None
    conversation = _conversation(ordered, thread)
    parsed = assemble(conversation, grow(parents, {}), drafts=drafts, leaf=before, notes=notes)
    return Parsed((parsed,) if parsed else (), notes.issues())


def _conversation(ordered: Sequence[Activity], thread: str | None) -> Conversation:
    native = thread or ordered[0].key
    times = [activity.at for activity in ordered if activity.at]
    first = next((activity.prompt for activity in ordered if activity.prompt), "")
    return Conversation(
        id=conversation_id("gemini", native),
        assistant="gemini",
        native_id=native,
        title=textwrap.shorten(first.strip().split("\n", 1)[0], _TITLE, placeholder=" …"),
        created_at=times[0] if times else None,
        updated_at=times[-1] if times else None,
        url=f"https://gemini.google.com/app/{thread}" if thread else None,
    )


def _prompt(activity: Activity) -> Draft:
    pieces = (*code_pieces(activity.prompt), *activity.attached)
    return Draft(f"{activity.key}|prompt", Role.USER, activity.prompt, created_at=activity.at, pieces=pieces)


def _answer(activity: Activity) -> Draft:
    words = readable(activity.answer) if activity.answer else ""
    pieces = code_pieces(words)
    ran = any(piece.kind is ArtifactKind.EXECUTION_RESULT for piece in pieces)
    shown = ArtifactKind.CHART if ran else ArtifactKind.IMAGE  # an image beside the output of a run was drawn by it
    for image in images(activity.answer):
        pieces.append(Piece(shown, title=image.description or None, reference=image.reference))
    words = _FENCE_MARKS.sub(r"\1", words)
    pieces += [Piece(shown, title=piece.title, reference=piece.reference) for piece in activity.generated]
    return Draft(f"{activity.key}|answer", Role.ASSISTANT, words, created_at=activity.at, pieces=tuple(pieces))
