from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from workbench.http_api import ServiceOptions, create_app
from workbench.settings import Settings
from workbench.workspace import Workbench

SAMPLES = Path(__file__).parent.parent.parent / "data" / "samples"


@pytest.fixture(scope="session")
def samples_store(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """A store with the samples, for tests that change nothing."""
    folder = tmp_path_factory.mktemp("samples") / "store"
    Workbench(Settings(store=folder, cache=cache, ray="off")).ingest(SAMPLES)
    return folder


@pytest.fixture(scope="session")
def api(samples_store: Path) -> Iterator[TestClient]:
    """A service over the samples, for tests that change nothing."""
    with TestClient(create_app(ServiceOptions(samples_store))) as client:
        yield client


@pytest.fixture
def own_store(samples_store: Path, tmp_path: Path) -> Path:
    """A copy of it to change."""
    return Path(shutil.copytree(samples_store, tmp_path / "store"))


@pytest.fixture
def own_api(own_store: Path) -> Iterator[TestClient]:
    """A service over a store of its own."""
    with TestClient(create_app(ServiceOptions(own_store))) as client:
        yield client
