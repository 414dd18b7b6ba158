"""The service against its own description: schemathesis makes up requests and checks every answer.

All of its checks are on: no server error, no undocumented status or type, answers as their schemas say, requests that
fit the description taken and others refused, wrong methods told the right ones. For the 5,000 cases of a release:

    CASES=300 python -m pytest tests/http_api/test_schema.py -k every_phase
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from live_service import listening

from workbench.http_api import ServiceOptions
from workbench.model import Query
from workbench.search import facet_counts
from workbench.workspace import Workbench

HERE = Path(__file__).parent
FACETS = ("assistant", "project", "model", "language", "category", "label")


@pytest.fixture
def known(own_store: Path) -> dict[str, list[str]]:
    """What there is to be asked for, by kind; see schema_hooks.py."""
    with Workbench.open(own_store) as memory:
        memory.remember("Prefers rye over wheat", labels=["kitchen"])
        ids = {
            kind: memory.sql(f"SELECT id FROM {kind}s ORDER BY id LIMIT 9")["id"].to_list()
            for kind in ("conversation", "message", "artifact")
        }
        memory.engine.search(Query("rye"))
        view = memory.engine.view()
        counts = facet_counts(view, view.columns.searched)
        return ids | {facet: [name for name, _ in counts[facet]] for facet in FACETS}


def check(store: Path, known: dict[str, list[str]], folder: Path, *options: str) -> dict[str, Any]:
    """The report of schemathesis on a service over `store`."""
    report = folder / "report.json"
    with listening(ServiceOptions(store)) as port:
        command = [
            sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"), "run",
            f"http://127.0.0.1:{port}/openapi.json", "--no-color", "--generation-database", "none",
            "--continue-on-failure", "--report", "json", "--report-json-path", str(report), *options,
        ]  # fmt: skip
        environment = {**os.environ, "SCHEMATHESIS_HOOKS": str(HERE / "schema_hooks.py"), "KNOWN": json.dumps(known)}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    found: dict[str, Any] = json.loads(report.read_text())
    assert found["complete"]
    assert found["operations"]["tested"] == found["operations"]["total"]
    return found


@pytest.mark.slow
def test_a_few_requests_of_every_kind_are_answered_as_described(
    own_store: Path, known: dict[str, list[str]], tmp_path: Path
) -> None:
    found = check(own_store, known, tmp_path, "--phases", "examples,fuzzing", "-n", "1", "--seed", "1")
    assert found["test_cases"]["generated"] >= 40


@pytest.mark.slow
def test_many_requests_of_every_phase_are_answered_as_described(
    own_store: Path, known: dict[str, list[str]], tmp_path: Path
) -> None:
    cases = int(os.environ.get("CASES", "10"))
    found = check(own_store, known, tmp_path, "-n", str(cases))
    print(f"{found['test_cases']['generated']:,} requests, {found['running_time']:.0f} s, seed {found['seed']}")
    assert found["test_cases"]["generated"] >= (5_000 if cases >= 300 else 1_500)
