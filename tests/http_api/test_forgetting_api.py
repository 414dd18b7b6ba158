from __future__ import annotations

import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from workbench.settings import Settings
from workbench.workspace import Workbench

pytestmark = pytest.mark.slow


def test_a_running_service_answers_no_longer_with_what_was_forgotten(
    own_api: TestClient, own_store: Path, cache: Path
) -> None:
    search = "/search/rag?q=sourdough&k=50"
    [found, *_] = own_api.get(search).json()["contexts"]
    conversation = found["conversation_id"]
    assert own_api.get("/api/v1/cache").json()["answers"]["entries"]
    receipt = Workbench(Settings(store=own_store, cache=cache)).forget(conversation)
    assert (receipt.held, receipt.caches_told) == ((), True)  # the service has moved on meanwhile
    deadline = time.monotonic() + 10
    while own_api.get("/api/v1/cache").json()["answers"]["entries"]:
        assert time.monotonic() < deadline, "it keeps what it answered before"
        time.sleep(0.1)  # it looks twice a second
    assert own_api.get(f"/api/v1/conversations/{conversation}").status_code == 404
    assert conversation not in own_api.get(search).text
