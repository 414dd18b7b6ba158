"""How far an import is can be asked by anybody, while it runs and only then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from building import claude_export

from workbench.ingest.progress import Silent
from workbench.monitor import Observer, corpus_of
from workbench.record import work_of
from workbench.workspace import Workbench


class Watching(Silent):
    """Asks the live figures whenever the import tells how far it is."""

    def __init__(self, observer: Observer) -> None:
        self.observer = observer
        self.seen: list[dict[str, object]] = []

    def start(self, stage: str, total: int, unit: str) -> None:
        self.seen.append(self.observer.live()["ingestion"])

    def finish(self) -> None:
        self.seen.append(self.observer.live()["ingestion"])


def test_the_live_figures_tell_every_stage_of_an_import(memory: Workbench, tmp_path: Path) -> None:
    first = claude_export(tmp_path / "first.json", {"a": ["Hello there", "And hello to you"]})
    memory.ingest(first)
    observer = Observer()
    observer.corpus(corpus_of(memory.snapshot))
    watching = Watching(observer)
    second = claude_export(tmp_path / "second.json", {"b": ["What is new?", "Nothing much, and all of it good"]})
    memory.ingest(second, progress=watching)
    told = [one for one in watching.seen if one]
    assert [one["stage"] for one in told][::2] == ["reading", "embedding", "publishing"]
    read = told[1]
    assert read["total"] == second.stat().st_size
    assert 0 < read["done"] <= read["total"]
    assert told[3]["done"] == 2
    assert observer.live()["ingestion"] is None
    observer.close()


def test_a_killed_import_is_not_taken_for_one_that_runs(tmp_path: Path) -> None:
    (tmp_path / "writer.lock").write_text(
        json.dumps({"pid": 2**22 + 1, "since": "2026-11-21T10:00:00+00:00", "command": "workbench ingest x",
                    "work": {"stage": "embedding", "done": 1, "total": 2, "unit": "texts"}})
    )  # fmt: skip
    assert work_of(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "{}", '{"pid": 1, "since": "2026-11-21T10:00:00+00:00"}'])
def test_a_lock_that_says_nothing_of_its_work_is_nothing_to_tell(tmp_path: Path, text: str) -> None:
    (tmp_path / "writer.lock").write_text(text)
    assert work_of(tmp_path) is None
