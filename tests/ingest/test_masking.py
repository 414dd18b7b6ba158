"""What becomes of keys and passwords at import, by policy."""

from __future__ import annotations

import json
import random
import string
from pathlib import Path

import pytest
from building import START, claude_export
from click.testing import CliRunner

from workbench.cli import main
from workbench.errors import UsageError
from workbench.ingest.masking import apply_policy
from workbench.model import Artifact, ArtifactKind, Conversation, Message, Role, Transcript
from workbench.record import RECORD_FILE, connect_read_only
from workbench.settings import load_settings
from workbench.workspace import Workbench

KEY = "ghp_" + "".join(random.Random(5).choices(string.ascii_letters + string.digits, k=36))
LABEL = f"[secret: github token …{KEY[-4:]}]"
CHATS = {"deploy": (f"Use {KEY} for it", "I will not repeat it."), "bread": ("flat loaf", "proof it longer")}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return claude_export(tmp_path / "conversations.json", CHATS)


def stored(memory: Workbench) -> dict[str, str]:
    """Contents by message id."""
    memory.refresh()
    return dict(memory.sql("SELECT id, content FROM messages").iter_rows())


def has_the_key(memory: Workbench) -> bool:
    """Whether any row of the record or any file of a snapshot says the key."""
    with connect_read_only(memory.store / RECORD_FILE) as record:
        rows = [
            record.rows(f"SELECT * FROM {table}") for table in ("conversations", "messages", "artifacts", "imports")
        ]
    files = [path for path in (memory.store / "snapshots").rglob("*") if path.is_file() and path.suffix != ".duckdb"]
    return KEY in repr(rows) or any(KEY.encode() in path.read_bytes() for path in files)


def test_by_default_a_key_is_masked_everywhere_and_the_report_says_where_it_was(
    memory: Workbench, export: Path
) -> None:
    report = memory.ingest(export)
    assert f"Use {LABEL} for it" in stored(memory).values()
    assert not has_the_key(memory)
    assert report.secret_kinds == {"github token": 1}
    [found] = report.files[0].secrets
    assert (found.title, dict(found.kinds)) == ("deploy", {"github token": 1})
    assert report.as_dict()["files"][0]["secrets"][0]["conversation"] == found.conversation
    assert memory.search("github token", alpha=0.0).hits[0].title == "deploy"


def test_ids_do_not_depend_on_the_policy(memory: Workbench, export: Path, tmp_path: Path) -> None:
    memory.ingest(export)
    other = Workbench.open(tmp_path / "other")
    other.ingest(export, secrets="keep", ray="off")
    assert stored(memory).keys() == stored(other).keys()
    assert f"Use {KEY} for it" in stored(other).values()


def test_a_masked_export_imported_again_writes_nothing(memory: Workbench, export: Path) -> None:
    memory.ingest(export)
    again = memory.ingest(export)
    assert (again.rows_written, again.generation) == (0, 1)
    assert again.secret_kinds == {"github token": 1}


def test_keep_looks_for_nothing_and_report_only_counts(memory: Workbench, export: Path) -> None:
    assert memory.ingest(export, secrets="keep").secret_kinds == {}
    report = memory.ingest(export, secrets="report")
    assert report.secret_kinds == {"github token": 1}
    assert report.rows_written == 0
    assert f"Use {KEY} for it" in stored(memory).values()
    assert KEY not in json.dumps(report.as_dict())


@pytest.mark.slow
def test_the_same_export_under_another_policy_changes_just_the_messages_with_secrets(
    memory: Workbench, export: Path
) -> None:
    memory.ingest(export, secrets="keep")
    for policy, wanted in (("mask", LABEL), ("report", KEY), ("mask", LABEL)):
        report = memory.ingest(export, secrets=policy)
        assert (report.total("messages_changed"), report.total("messages_unchanged")) == (1, 3)
        assert f"Use {wanted} for it" in stored(memory).values()
        assert memory.ingest(export, secrets=policy).rows_written == 0
    assert not has_the_key(memory)
    assert all(finding.ok for finding in memory.verify())


def test_a_store_from_before_there_were_policies_is_masked_by_the_next_import(memory: Workbench, export: Path) -> None:
    memory.ingest(export, secrets="keep")  # its rows are those of before
    assert memory.ingest(export).total("messages_changed") == 1
    assert not has_the_key(memory)


def test_a_dry_run_counts_secrets_and_notes_no_change_of_policy(memory: Workbench, export: Path) -> None:
    memory.ingest(export, secrets="keep")
    before = (memory.store / RECORD_FILE).read_bytes()
    planned = memory.ingest(export, dry_run=True)
    assert (planned.total("messages_changed"), planned.secret_kinds) == (1, {"github token": 1})
    assert (memory.store / RECORD_FILE).read_bytes() == before


def test_titles_artifacts_and_what_hangs_on_them_are_masked_too() -> None:
    conversation = Conversation("c_1", "claude", "1", f"About {KEY}", project=KEY, meta={"notes": ["a", {"b": KEY}]})
    message = Message("m_1", "c_1", None, 0, Role.USER, f"Here: {KEY}", created_at=START)
    artifact = Artifact("a_1", "m_1", ArtifactKind.CODE, f"key = '{KEY}'", "python", KEY, KEY, meta={"args": KEY})
    other = Transcript(Conversation("c_2", "claude", "2", "Bread"), ())
    [masked, same], [found] = apply_policy([Transcript(conversation, (message,), (artifact,)), other], "mask")
    assert KEY not in repr(masked)
    assert repr(masked).count(LABEL) == 8
    assert same is other
    assert (found.conversation, found.title, dict(found.kinds)) == ("c_1", f"About {LABEL}", {"github token": 8})
    assert masked.messages[0].content_hash != message.content_hash


def test_a_memory_is_masked_as_an_import_is(memory: Workbench, export: Path) -> None:
    memory.ingest(export)
    kept = memory.remember(f"The deploy key is {KEY}")
    assert kept.content == f"The deploy key is {LABEL}"
    assert KEY.encode() not in (memory.store / "journal.jsonl").read_bytes()


@pytest.mark.ray
@pytest.mark.slow
def test_workers_of_ray_mask_as_this_process_does(memory: Workbench, export: Path, tmp_path: Path) -> None:
    memory.ingest(export)
    other = Workbench.open(tmp_path / "other")
    report = other.ingest(export, ray="on", workers=1)
    assert report.secret_kinds == {"github token": 1}
    assert stored(other) == stored(memory)


def test_the_setting_is_read_and_checked(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {}).secrets == "mask"
    assert load_settings(tmp_path, {"WORKBENCH_SECRETS": "report"}).secrets == "report"
    with pytest.raises(UsageError, match="secrets must be one of mask, keep, report, not 'hide'"):
        load_settings(tmp_path, {"WORKBENCH_SECRETS": "hide"})


def test_a_policy_that_is_none_is_refused(memory: Workbench, export: Path) -> None:
    with pytest.raises(UsageError, match="there is no policy 'hide'"):
        memory.ingest(export, secrets="hide")


def test_the_command_line_says_what_was_masked_and_where(export: Path, tmp_path: Path) -> None:
    command = ["ingest", str(export), "--store", str(tmp_path / "store"), "--ray", "off"]
    said = CliRunner().invoke(main, command).output
    assert "secrets masked: 1 github token" in said
    assert "1 in deploy" in said
    assert KEY not in said
    kept = CliRunner().invoke(main, [*command, "--secrets", "report"]).output
    assert "found, and stored as they are: 1 github token" in kept
