"""What an import did, file by file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from workbench.ingest.masking import FoundSecrets
from workbench.model import ImportIssue
from workbench.record import LeftOut, MergeCounts, Status


@dataclass(slots=True)
class FileReport:
    """One file of an export: what was kept, what was not, and why.

    `conversations` counts new, changed and unchanged ones; `messages_*` likewise. `conversations_forgotten`, and
    `messages_forgotten` of other conversations, were left out since somebody had them forgotten. `secrets` names the
    conversations with keys or passwords in them. `error` says why nothing of the file could be read.
    """

    place: str
    source: str
    label: str
    conversations: dict[str, int] = field(default_factory=lambda: {str(status): 0 for status in Status})
    messages_new: int = 0
    messages_changed: int = 0
    messages_unchanged: int = 0
    conversations_forgotten: int = 0
    messages_forgotten: int = 0
    artifacts: int = 0
    rows_written: int = 0
    issues: list[ImportIssue] = field(default_factory=list)
    secrets: list[FoundSecrets] = field(default_factory=list)
    error: str = ""

    def add(self, counts: MergeCounts, artifacts: int, left_out: LeftOut) -> None:
        """Count one merged batch."""
        for status, count in counts.conversations.items():
            self.conversations[str(status)] += count
        self.messages_new += counts.messages_new
        self.messages_changed += counts.messages_changed
        self.messages_unchanged += counts.messages_unchanged
        self.rows_written += counts.rows_written
        self.conversations_forgotten += left_out.conversations
        self.messages_forgotten += left_out.messages
        self.artifacts += artifacts

    @property
    def kept(self) -> int:
        """Conversations read, whether new or known."""
        return sum(self.conversations.values())

    @property
    def read(self) -> int:
        """Conversations in it, those that are left out included."""
        return self.kept + self.conversations_forgotten

    @property
    def messages(self) -> int:
        """Messages read, whether new or known."""
        return self.messages_new + self.messages_changed + self.messages_unchanged

    @property
    def skipped(self) -> int:
        """How many records or messages were left out."""
        return sum(1 for issue in self.issues if issue.severity == "skipped")

    def reasons(self) -> Mapping[str, int]:
        """The issues' reasons with their counts, most frequent first."""
        return dict(Counter(f"{issue.severity}: {issue.reason}" for issue in self.issues).most_common())


@dataclass(slots=True)
class IngestReport:
    """What a whole import did. `seconds` are per stage; `generation` is None where nothing was published.

    `memories` entries were taken over from the journal.
    """

    files: list[FileReport]
    dry_run: bool
    secrets: str = ""
    parsing: str = ""
    embedding: str = ""
    embedder: str = ""
    texts_embedded: int = 0
    memories: int = 0
    rows_written: int = 0
    generation: int | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def failed(self) -> list[FileReport]:
        """Files of which nothing could be read."""
        return [one for one in self.files if one.error]

    @property
    def partial(self) -> bool:
        """Whether anything was left out."""
        return any(one.error or one.skipped for one in self.files)

    @property
    def secret_kinds(self) -> Mapping[str, int]:
        """How many secrets of each kind were found, most frequent first."""
        counts: Counter[str] = Counter()
        for one in self.files:
            for found in one.secrets:
                counts.update(found.kinds)
        return dict(counts.most_common())

    def total(self, name: str) -> int:
        """Sum over the files of one of their counts, for example "messages_new"."""
        return sum(int(getattr(one, name)) for one in self.files)

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values."""
        return {**asdict(self), "partial": self.partial, "secret_kinds": self.secret_kinds}

    def to_json(self) -> str:
        """The report as JSON."""
        return json.dumps(self.as_dict(), ensure_ascii=False)
