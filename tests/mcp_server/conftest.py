from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from building import claude_export
from clients import Asker, asking

from workbench.settings import Settings
from workbench.workspace import Workbench

CHATS = {
    "bread": ("My loaf came out flat and dense", "Let the dough proof longer, at 24 degrees.", "thanks!"),
    "sql": ("Why is this query slow?", "EXPLAIN ANALYZE shows a sequential scan: add an index on user_id."),
    "tea": ("How hot should water for green tea be?", "Seventy to eighty degrees, or it turns bitter."),
}


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """A store of three short conversations; nobody writes to it."""
    folder = tmp_path_factory.mktemp("mcp")
    with Workbench(Settings(store=folder / "store", cache=cache, ray="off")) as memory:
        memory.ingest(claude_export(folder / "conversations.json", CHATS))
    return folder / "store"


@pytest.fixture(scope="session")
def ask(store: Path) -> Iterator[Asker]:
    """A client of a server over `store`, with the tools of the administrator."""
    with asking(store, admin=True) as found:
        yield found


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """Where no store is yet."""
    return tmp_path / "store"
