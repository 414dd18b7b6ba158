"""The schema of the record, in numbered steps that are never edited, only added to.

Each step and the note that it was taken are one transaction: a step that fails leaves the record as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Runs(Protocol):
    """What a migration needs: somewhere to run statements."""

    def run(self, sql: str, parameters: object = None) -> object:
        """Run one or more statements."""
        ...


def m001_conversations_messages_artifacts(database: Runs) -> None:
    """The values of the model, and what is needed to tell new from changed from unchanged.

    `row_hash` is over all that an export says of the row (a message's includes its artifacts). `version` is the time
    of the newest export of the conversation, in microseconds: of two exports the newer one wins, in whichever order
    they are imported. Times are UTC.
    """
    database.run(
        """
        CREATE TABLE conversations (
            id VARCHAR PRIMARY KEY, assistant VARCHAR NOT NULL, native_id VARCHAR NOT NULL, title VARCHAR NOT NULL,
            created_at TIMESTAMP, updated_at TIMESTAMP, project VARCHAR, model VARCHAR, url VARCHAR,
            meta VARCHAR NOT NULL, version BIGINT NOT NULL, parser_revision INTEGER NOT NULL,
            row_hash VARCHAR NOT NULL);
        CREATE TABLE messages (
            id VARCHAR PRIMARY KEY, conversation_id VARCHAR NOT NULL, parent_id VARCHAR, position INTEGER NOT NULL,
            role VARCHAR NOT NULL, kind VARCHAR NOT NULL, content VARCHAR NOT NULL, on_active_path BOOLEAN NOT NULL,
            hidden BOOLEAN NOT NULL, author VARCHAR, created_at TIMESTAMP, model VARCHAR,
            content_hash VARCHAR NOT NULL, row_hash VARCHAR NOT NULL);
        CREATE TABLE artifacts (
            id VARCHAR NOT NULL, message_id VARCHAR NOT NULL, kind VARCHAR NOT NULL, ordinal INTEGER NOT NULL,
            content VARCHAR NOT NULL, language VARCHAR, title VARCHAR, reference VARCHAR, version INTEGER,
            meta VARCHAR NOT NULL);
        """
    )


def m002_passages_and_vectors(database: Runs) -> None:
    """Which texts have a vector. A vector belongs to (text, model), so that no text is ever embedded twice.

    `vector` is little-endian float16.
    """
    database.run(
        """
        CREATE TABLE passages (message_id VARCHAR NOT NULL, ordinal INTEGER NOT NULL, hash VARCHAR NOT NULL);
        CREATE TABLE vectors (
            hash VARCHAR NOT NULL, model VARCHAR NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (hash, model));
        """
    )


def m003_import_ledger(database: Runs) -> None:
    """What was imported when, with its counts, and the issues met. `revision` counts the commits that changed data."""
    database.run(
        """
        CREATE TABLE imports (
            id BIGINT PRIMARY KEY, path VARCHAR NOT NULL, started_at TIMESTAMP NOT NULL, finished_at TIMESTAMP,
            report VARCHAR);
        CREATE TABLE facts (name VARCHAR PRIMARY KEY, value BIGINT NOT NULL);
        INSERT INTO facts VALUES ('revision', 0);
        """
    )


def m004_memories(database: Runs) -> None:
    """What is known of the messages that are memories.

    `sequence` is a memory's place in the journal; the fact `journal` is the greatest one that was taken over.
    """
    database.run(
        """
        CREATE TABLE memories (
            message_id VARCHAR PRIMARY KEY, category VARCHAR NOT NULL, confidence DOUBLE NOT NULL,
            labels VARCHAR[] NOT NULL, source VARCHAR NOT NULL, sequence BIGINT NOT NULL);
        INSERT INTO facts VALUES ('journal', 0);
        """
    )


def m005_forgotten(database: Runs) -> None:
    """What was forgotten and is to stay away: ids and times, nothing of what was there.

    `part` is "conversation" or "message"; or, of a conversation that is there, its "title" or "summary".
    """
    database.run(
        """
        CREATE TABLE forgotten (
            id VARCHAR NOT NULL, part VARCHAR NOT NULL, forgotten_at TIMESTAMP NOT NULL, PRIMARY KEY (id, part));
        """
    )


MIGRATIONS: tuple[Callable[[Runs], None], ...] = (
    m001_conversations_messages_artifacts,
    m002_passages_and_vectors,
    m003_import_ledger,
    m004_memories,
    m005_forgotten,
)
