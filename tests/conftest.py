from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.embedding import Embedder, load_embedder
from workbench.settings import Settings, load_settings
from workbench.workspace import Workbench


@pytest.fixture(scope="session", autouse=True)
def _runs_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No experiment of a test is kept among the runs of this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_RUNS", str(tmp_path_factory.mktemp("runs")))
        yield


@pytest.fixture(scope="session")
def cache() -> Path:
    """The machine's own cache folder."""
    return load_settings().cache


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return load_embedder("static")


@pytest.fixture
def memory(tmp_path: Path, cache: Path, embedder: Embedder) -> Workbench:
    """An empty store of its own."""
    return Workbench(Settings(store=tmp_path / "store", cache=cache, ray="off"))
