"""What Gemini's two export formats have in common: prompts with their answers, and the answers' HTML."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from workbench.experiments.corpus.citations import MARKER, cited_sources
from workbench.experiments.corpus.identity import IdSource
from workbench.experiments.corpus.markdown_html import to_html
from workbench.experiments.corpus.script import (
    CodeRun,
    Document,
    Part,
    Picture,
    Script,
    Source,
    Speech,
    Turn,
    Upload,
    Words,
    WrittenFile,
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A prompt and the answer, or the drafts of it. `thread` is the hexadecimal chat id where the export has one."""

    prompt: str
    at: datetime
    answers: tuple[str, ...]
    thread: str | None = None
    attached: tuple[str, ...] = ()
    image: str | None = None
    generated: int = 0
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Activity:
    """A record that is no prompt: a click on a button, or another product's."""

    header: str
    title: str
    at: datetime
    product: str
    url: str | None = None


def thread_hex(script: Script, *, seed: int) -> str | None:
    """The chat id of a script, or None where it is older than those links (trait `thread: yes`)."""
    return IdSource(seed, "gemini", script.key).hex(16) if script.traits.get("thread") == "yes" else None


def exchanges(script: Script, *, seed: int) -> Iterator[Exchange]:
    """The exchanges of a script, oldest first. A prompt without a time gets the start of the script."""
    thread = thread_hex(script, seed=seed)
    ids = IdSource(seed, "gemini times", script.key)
    for turn in script.turns:
        if turn.role != "user":
            continue
        replies = [reply for reply in script.turns if reply.parent == turn.label and reply.role == "assistant"]
        uploads = [part for part in turn.parts if isinstance(part, Upload)]
        yield Exchange(
            prompt=turn.text,
            at=(turn.at or script.started_at) + timedelta(milliseconds=ids.below(1000)),
            answers=tuple(answer_html(reply) for reply in replies),
            thread=thread,
            attached=tuple(upload.name for upload in uploads),
            image=next((upload.name for upload in uploads if upload.is_image), None),
            generated=sum(isinstance(part, Picture) for reply in replies for part in reply.parts),
            sources=tuple(source for reply in replies for source in cited_sources(reply)),
        )


def answer_html(turn: Turn) -> str:
    """The answer as HTML."""
    return "\n".join(piece for part in turn.parts if (piece := _part_html(part)))


def _part_html(part: Part) -> str:
    match part:
        case Words() | Speech():
            return to_html(MARKER.sub("", part.text))
        case CodeRun():
            return _code(part.code, part.language) + (_code(part.output, "") if part.output else "")
        case Document() | WrittenFile():
            language = part.type.partition("/")[2] if isinstance(part, Document) else ""
            return to_html(part.content) if not language else _code(part.content, language)
    return ""


def _code(text: str, language: str) -> str:
    mark = f' class="language-{language}"' if language else ""
    return f"<pre><code{mark}>{html.escape(text, quote=False)}\n</code></pre>"
