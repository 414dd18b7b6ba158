"""Stores that hold pulled generations and no record: read like any other, written by pulling only."""

from __future__ import annotations

import json
from pathlib import Path

from workbench.errors import StoreError
from workbench.record import RECORD_FILE
from workbench.record.journal import JOURNAL_FILE

REPLICA_FILE = "replica.json"


def origin(store: Path) -> str | None:
    """Where the store's generations are pulled from; None if it is not a replica."""
    try:
        found = json.loads((store / REPLICA_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError:
        return "a place that cannot be read"
    return str(found.get("origin", "")) if isinstance(found, dict) else "a place that cannot be read"


def mark(store: Path, place: str) -> None:
    """Make the store a replica of what was pushed to `place`."""
    fresh = store / f"{REPLICA_FILE}.new"
    fresh.write_text(json.dumps({"origin": place}) + "\n", encoding="utf-8")
    fresh.replace(store / REPLICA_FILE)


def refuse_writing(store: Path) -> None:
    """For whoever is about to write to the record or the journal of a store.

    Raises:
        StoreError: It is a replica; the next pull would hide what is written here.
    """
    place = origin(store)
    if place is not None:
        raise StoreError(
            f"the store {store} is a replica of {place}", "it has no record to write to",
            "write to the store that is pushed there; here, `workbench pull` again",
        )  # fmt: skip


def refuse_pulling(store: Path) -> None:
    """For a pull that is about to hide what a store holds.

    Raises:
        StoreError: The store has a record, or memories, of its own.
    """
    own = [path.name for path in (store / RECORD_FILE, store / JOURNAL_FILE) if path.exists() and path.stat().st_size]
    if own:
        raise StoreError(
            f"the store {store} has a record of its own", f"({', '.join(own)}); what is pulled would hide it",
            "pull into another folder with --store",
        )  # fmt: skip
