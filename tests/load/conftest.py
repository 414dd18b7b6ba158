from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.embedding import Embedder
from workbench.experiments.corpus import write_corpus
from workbench.settings import Settings
from workbench.workspace import Workbench


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, cache: Path, embedder: Embedder) -> Iterator[Workbench]:
    """A store of 1,200 messages of three assistants; nobody changes it."""
    folder = tmp_path_factory.mktemp("load")
    write_corpus(folder / "corpus", 1_200)
    with Workbench(Settings(store=folder / "store", cache=cache, ray="off")) as memory:
        memory.ingest(folder / "corpus")
        yield memory
