"""The few columns that a picture needs, from a store or from a frame that somebody has cut down."""

from __future__ import annotations

import polars as pl

from workbench.errors import UsageError
from workbench.workspace import Workbench

Source = Workbench | pl.DataFrame

_MESSAGES = ("conversation_id", "assistant", "role", "created_at", "on_active_path", "searched")
_ARTIFACTS = ("kind", "language", "assistant")


def messages_of(source: Source) -> pl.DataFrame:
    """Messages as conversation_id, assistant, role, created_at (UTC), on_active_path, searched.

    Raises:
        UsageError: The frame is not one of messages.
    """
    if isinstance(source, Workbench):
        frame = source.sql(f"SELECT {', '.join(_MESSAGES)} FROM messages")
    else:
        frame = _columns(source, _MESSAGES, "Workbench.messages()")
    return frame.with_columns(pl.col("created_at").cast(pl.Datetime("us")))


def artifacts_of(source: Source) -> pl.DataFrame:
    """Artifacts as kind, language, assistant.

    Raises:
        UsageError: The frame is not one of artifacts.
    """
    if isinstance(source, Workbench):
        return source.sql(
            "SELECT a.kind, a.language, m.assistant FROM artifacts a JOIN messages m ON m.ordinal = a.message_ordinal"
        )
    return _columns(source, _ARTIFACTS, "Workbench.artifacts()")


def _columns(frame: pl.DataFrame, wanted: tuple[str, ...], maker: str) -> pl.DataFrame:
    missing = [column for column in wanted if column not in frame.columns]
    if missing:
        raise UsageError(f"the frame has no column {', '.join(missing)}", "", f"give one made by {maker}")
    return frame.select(wanted)
