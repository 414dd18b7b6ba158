"""The logical conversation that every writer understands: who said what, when, and what came with it.

A script knows nothing of export formats. The same script can be written as a ChatGPT conversation, a Claude
conversation or a run of Gemini activity records; each writer says in its docstring what its format cannot hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

ROOT = "root"
"""The label to name as `Turn.parent` for a turn that starts a thread of its own."""


@dataclass(frozen=True, slots=True)
class Words:
    """What is shown to the person, in Markdown. `[^1]` marks the first source of the search before it."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """Reasoning before the answer, with the one line that stands for it."""

    summary: str
    text: str


@dataclass(frozen=True, slots=True)
class CodeRun:
    """Code the assistant ran, what it printed, and the title of the chart it drew, if it drew one."""

    language: str
    code: str
    output: str = ""
    chart: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One page that a search found."""

    title: str
    url: str
    text: str = ""

    @property
    def domain(self) -> str:
        """The host name of the page."""
        return self.url.split("/")[2]


@dataclass(frozen=True, slots=True)
class Search:
    """A look at the web. `style` is "old" (numbered brackets in the text) or "new" (private-use markers)."""

    query: str
    style: str = "new"
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """An image the assistant made from a prompt; sizes in pixels."""

    prompt: str
    width: int = 1024
    height: int = 1024


@dataclass(frozen=True, slots=True)
class Document:
    """A step in the life of a document beside the chat.

    `command` is "create", "update" or "rewrite"; `type` is "document" or "code/<language>". An update replaces
    `old` by `content`.
    """

    command: str
    name: str
    type: str
    content: str
    old: str = ""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file the assistant wrote for the person to take away."""

    path: str
    description: str
    content: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A file the person attached; `size` in bytes. `text` is empty where the export keeps only the name."""

    name: str
    media_type: str
    size: int
    text: str = ""

    @property
    def is_image(self) -> bool:
        """Whether the file is a picture."""
        return self.media_type.startswith("image/")


@dataclass(frozen=True, slots=True)
class Speech:
    """Spoken words, transcribed; `seconds` is the length of the recording."""

    text: str
    seconds: float


Part = Words | Thinking | CodeRun | Search | Picture | Document | WrittenFile | Upload | Speech


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the person or of the assistant.

    `label` is unique within the script; `parent` is the label of the turn it answers, or `ROOT`. `at` is UTC, or None
    where the export is to have no time.
    """

    role: str
    parts: tuple[Part, ...]
    label: str
    parent: str
    at: datetime | None

    @property
    def text(self) -> str:
        """The words of the turn, written or spoken, without what came with them."""
        return "\n\n".join(part.text for part in self.parts if isinstance(part, Words | Speech))


@dataclass(frozen=True, slots=True)
class Script:
    """One conversation. `traits` holds what only some exports have (model, project, locale, ...), by name."""

    key: str
    assistant: str
    title: str
    started_at: datetime
    turns: tuple[Turn, ...]
    traits: Mapping[str, str] = field(default_factory=dict)

    @property
    def ended_at(self) -> datetime:
        """The latest time of any turn."""
        return max((turn.at for turn in self.turns if turn.at), default=self.started_at)
