"""`Workbench`: the one object that every surface and notebook uses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import SnapshotError, StoreMissingError
from workbench.ingest import (
    PATIENCE_SECONDS,
    IngestOptions,
    IngestReport,
    Progress,
    Receipt,
    Silent,
    forget,
    ingest,
    publish_first,
    rebuild,
    remember,
    restore,
)
from workbench.model import Filters, Memory, NewMemory, Query, SearchResult, Transcript
from workbench.record import Wanted
from workbench.search import SearchEngine, similar
from workbench.snapshot import Finding, verify
from workbench.statistics import StoreStats, collect
from workbench.transcripts import read_with_memories
from workbench.workspace.arguments import Names, Time, instant, names
from workbench.workspace.embedders import embedder_of
from workbench.workspace.opened import OpenStore

if TYPE_CHECKING:
    import polars as pl


class Workbench(OpenStore):
    """A store of conversations: import into it, search it, look at it.

    Searching and looking work on the newest published generation at the time of the first use; `refresh()` moves on to
    a newer one. Any number of processes may have the same store open.

        with Workbench.open("data/store") as memory:
            memory.ingest("data/samples")
            for hit in memory.search("the bread that did not rise"):
                print(hit.title, hit.snippet)
    """

    def ingest(
        self,
        *paths: str | Path,
        dry_run: bool = False,
        assistant: str | None = None,
        embedder: str | None = None,
        ray: str | None = None,
        workers: int | None = None,
        secrets: str | None = None,
        restore_forgotten: bool = False,
        progress: Progress | None = None,
    ) -> IngestReport:
        """Import exports (files, zips or folders) and publish them. Arguments left out come from the settings.

        `secrets` says what becomes of keys and passwords in them: "mask", "keep", or "report" (keep, and count them).
        What was forgotten is left out, unless `restore_forgotten`.

        Raises:
            UsageError: An argument means nothing.
            SourceError: Nothing could be read.
            StoreLockedError: Another process is writing.
        """
        options = self._ingest_options(
            assistant=assistant, embedder=embedder, ray=ray, workers=workers, secrets=secrets, dry_run=dry_run,
            restore_forgotten=restore_forgotten,
        )  # fmt: skip
        report = ingest([Path(path) for path in paths], options, progress or Silent())
        if not dry_run:
            self.refresh()
        return report

    def remember(
        self,
        content: str,
        *,
        category: str = "fact",
        confidence: float = 1.0,
        labels: Sequence[str] = (),
        source: str = "",
    ) -> Memory:
        """Keep a short text: it is on the disk when this returns, and found by the next search of any process.

        The same text in the same category is one memory, of which the newest confidence, labels and source count. An
        import may be going on meanwhile. docs/memories.md has more.

        Raises:
            UsageError: The text, the category, the confidence (0 to 1), the labels or the source cannot be kept.
            StoreError: The store is a replica, or cannot be written; nothing is kept.
        """
        return self.remember_many([NewMemory(content, category, confidence, tuple(labels), source)])[0]

    def remember_many(self, memories: Sequence[NewMemory]) -> list[Memory]:
        """Keep several memories with one write to the disk. Raises what `remember` raises."""
        engine = self._engine_if_there()
        kept = remember(self.store, memories, engine.embedder if engine else None, self.settings.secrets)
        if engine is None:
            publish_first(self._ingest_options())
            return kept
        return [engine.first_remembered(memory) for memory in kept]

    def forget(
        self,
        *ids: str,
        assistant: Names = None,
        project: Names = None,
        after: Time | None = None,
        before: Time | None = None,
        containing: str = "",
        messages_only: bool = False,
        dry_run: bool = False,
        patience: float = PATIENCE_SECONDS,
    ) -> Receipt:
        """Forget the conversations, messages and memories with these ids, or else all that fits the other arguments.

        docs/forgetting.md says what fits, where it is taken out, and what is not reached; the receipt says what was
        done. A message leaves an empty one in its thread. What was forgotten stays away when it is imported again (a
        memory may be remembered again). `dry_run` only says what would go, with titles. Old generations that are read
        elsewhere are waited for, `patience` seconds at most.

        Raises:
            UsageError: Nothing is said, or ids and other arguments.
            NotFoundError: There is nothing with such an id, or several things begin with it.
            StoreLockedError: Another process is writing.
        """
        wanted = Wanted(
            tuple(ids), names(assistant), names(project), instant(after), instant(before), containing, messages_only
        )
        if not dry_run:
            self.close()
        return forget(self.store, wanted, dry_run=dry_run, patience=patience)

    def restore(self, *ids: str) -> int:
        """Let the conversations and messages with these ids (none: all) come back with the next import that has them.

        Raises:
            NotFoundError: One of them is not forgotten.
        """
        return restore(self.store, ids)

    def rebuild(self, *, anew: bool = False, progress: Progress | None = None) -> IngestReport:
        """Publish what was remembered since the last publication, and whatever else the record has.

        With `anew` a generation is made even if everything is published, from the record alone.

        Raises:
            StoreLockedError: Another process is writing.
        """
        report = rebuild(self._ingest_options(), progress or Silent(), anew=anew)
        self.refresh()
        return report

    def search(
        self,
        text: str,
        *,
        k: int = 10,
        alpha: float | None = None,
        assistant: Names = None,
        role: Names = None,
        project: Names = None,
        model: Names = None,
        has: Names = None,
        language: Names = None,
        after: Time | None = None,
        before: Time | None = None,
        conversation: Names = None,
        category: Names = None,
        label: Names = None,
        min_confidence: float | None = None,
        thread_context: bool = True,
        by_conversation: bool = False,
        cursor: str | None = None,
        plain: bool = False,
        facets: bool = False,
        timeout_ms: float | None = None,
    ) -> SearchResult:
        """The `k` messages that best answer `text`, by words and by meaning.

        `text` may use the query language (docs/query_language.md) unless `plain`; the other filters narrow it further.
        `alpha` weighs meaning against words (0: words only, 1: meaning only; None: as the store is tuned). `has` names
        what a message carries (code, image, file, link, …), `language` that of its code. `after` is inclusive,
        `before` exclusive; a date means its first moment, a time without a zone is UTC. `category`, `label` and
        `min_confidence` are those of memories: with any of them no other message is found. `by_conversation` finds each
        conversation once, `cursor` is that of the page before, `facets` asks for counts of what matches.

        Raises:
            QueryError: It says what cannot be understood.
            StoreMissingError: Nothing has been imported yet.
        """
        filters = Filters(
            assistants=names(assistant), roles=names(role), projects=names(project), models=names(model),
            kinds=names(has), languages=names(language), after=instant(after), before=instant(before),
            conversation_ids=names(conversation), categories=names(category), labels=names(label),
            min_confidence=min_confidence,
        )  # fmt: skip
        query = Query(
            text, k, alpha, filters, thread_context, cursor=cursor, by_conversation=by_conversation, plain=plain,
            facets=facets, timeout_ms=timeout_ms,
        )  # fmt: skip
        return self.engine.search(query)

    def similar(self, message: str, *, k: int = 10, assistant: Names = None, role: Names = None) -> SearchResult:
        """The `k` messages nearest in meaning to the message with this id.

        Raises:
            NotFoundError: There is no such message.
        """
        filters = Filters(assistants=names(assistant), roles=names(role))
        return similar(self.engine.view(), message, k=k, filters=filters)

    def conversation(self, identifier: str) -> Transcript:
        """A conversation with its messages and artifacts, by its id, the beginning of it, or the id of a message in it.

        Raises:
            NotFoundError: There is none, or there are several.
        """
        return read_with_memories(self.engine.view(), identifier)

    def stats(self) -> StoreStats:
        """How much there is, of whom, from when, and how large."""
        return collect(self.snapshot, self.store)

    def sql(self, query: str, parameters: Any = None) -> pl.DataFrame:
        """Any SELECT over the tables conversations, messages and artifacts.

        Raises:
            UsageError: The statement cannot be run, or would change something.
        """
        import polars as pl  # 0.2 s: a search from the command line does without

        return pl.DataFrame(pl.from_arrow(self.snapshot.catalog.cursor().arrow(query, parameters)))

    def conversations(self) -> pl.DataFrame:
        """All conversations."""
        return self.sql("SELECT * EXCLUDE (ordinal) FROM conversations")

    def messages(self, *, assistant: Names = None, role: Names = None) -> pl.DataFrame:
        """All messages, or those of some assistants or roles, in the order of their threads."""
        return self.sql(
            """SELECT * EXCLUDE (ordinal, content_hash) FROM messages
               WHERE (len($assistants) = 0 OR assistant IN (SELECT unnest($assistants)))
                 AND (len($roles) = 0 OR role IN (SELECT unnest($roles))) ORDER BY ordinal""",
            {"assistants": list(names(assistant)), "roles": list(names(role))},
        )

    def artifacts(self) -> pl.DataFrame:
        """All artifacts, with the conversation and assistant they belong to."""
        return self.sql(
            """SELECT a.* EXCLUDE (message_ordinal, ordinal), m.conversation_id, m.assistant, m.created_at
               FROM artifacts a JOIN messages m ON m.id = a.message_id ORDER BY message_ordinal, a.ordinal"""
        )

    def verify(self) -> list[Finding]:
        """Check that the store is whole and agrees with itself."""
        return verify(self.store)

    def _engine_if_there(self) -> SearchEngine | None:
        """The engine; None where no generation can be opened. What is to be remembered is kept all the same."""
        try:
            return self.engine
        except (StoreMissingError, SnapshotError):
            return None

    def _ingest_options(
        self,
        *,
        assistant: str | None = None,
        embedder: str | None = None,
        ray: str | None = None,
        workers: int | None = None,
        secrets: str | None = None,
        dry_run: bool = False,
        restore_forgotten: bool = False,
    ) -> IngestOptions:
        """How to import; arguments left out come from the settings."""
        return IngestOptions(
            store=self.store,
            embedder=embedder or self.settings.embedder or embedder_of(self.store),
            ray=ray or self.settings.ray,
            workers=workers or self.settings.workers or None,
            secrets=secrets or self.settings.secrets,
            assistant=assistant,
            dry_run=dry_run,
            restore_forgotten=restore_forgotten,
        )
