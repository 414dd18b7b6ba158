from __future__ import annotations

from pathlib import Path

import pytest

from workbench.embedding import Embedder, load_embedder
from workbench.settings import Settings, load_settings
from workbench.workspace import Workbench


@pytest.fixture(scope="session")
def cache() -> Path:
    """The folder of models: the machine's own, so that the model is distilled once, not once a run."""
    return load_settings().cache


@pytest.fixture(scope="session")
def embedder(cache: Path) -> Embedder:
    return load_embedder("static", cache)


@pytest.fixture
def memory(tmp_path: Path, cache: Path, embedder: Embedder) -> Workbench:
    """An empty store of its own."""
    return Workbench(Settings(store=tmp_path / "store", cache=cache, ray="off"))
