from __future__ import annotations

import json
from pathlib import Path

import pytest
from building import claude_export
from click.testing import CliRunner

from workbench.cli import main
from workbench.workspace import Workbench

pytestmark = pytest.mark.slow


def test_what_was_shown_is_forgotten_once_confirmed_and_can_be_undone(memory: Workbench, tmp_path: Path) -> None:
    memory.ingest(claude_export(tmp_path / "export.json", {"bread": ("flat loaf",), "ring": ("of zanzibarite",)}))
    memory.close()
    command = ["forget", "--store", str(memory.store), "--containing", "zanzibarite"]
    unconfirmed = CliRunner().invoke(main, [*command, "--json"])
    assert unconfirmed.exit_code == 2
    assert "--yes" in json.loads(unconfirmed.stdout)["error"]["todo"]
    done = CliRunner().invoke(main, [*command, "--yes", "--json"])
    receipt = json.loads(done.stdout)
    assert (done.exit_code, receipt["erased"]["messages"], receipt["generation"]) == (0, 1, 2)
    assert [one["title"] for one in receipt["what"]] == [""]  # a receipt holds nothing of what it is about
    undone = CliRunner().invoke(main, ["forget", "--store", str(memory.store), "--undo", receipt["what"][0]["id"]])
    assert undone.stdout.startswith("1 may come back")


def test_it_has_to_be_said_what(tmp_path: Path) -> None:
    refused = CliRunner().invoke(main, ["forget", "--store", str(tmp_path)])
    assert refused.exit_code == 2
    assert "not said what to forget" in refused.stderr
