from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from building import claude_export

import workbench
from workbench.display.formatters import conversation_html, report_html, result_html, stats_html
from workbench.errors import NotFoundError, UsageError
from workbench.settings import Settings, load_settings
from workbench.workspace import Workbench

CHATS = {"bread": ("flat loaf <script>alert(1)</script>", "```python\nproof = 24\n```"), "soup": ("miso?", "kombu")}


@pytest.fixture
def filled(memory: Workbench, tmp_path: Path) -> Workbench:
    memory.ingest(claude_export(tmp_path / "conversations.json", CHATS))
    return memory


def test_the_public_names_are_the_documented_ones() -> None:
    assert all(hasattr(workbench, name) for name in workbench.__all__)
    assert workbench.Workbench is Workbench


def test_messages_conversations_and_artifacts_are_polars_frames(filled: Workbench) -> None:
    assert filled.messages().select("role", "content").height == 4
    assert filled.messages(role="user")["content"].sort().to_list() == sorted([CHATS["bread"][0], "miso?"])
    assert sorted(filled.conversations()["title"]) == ["bread", "soup"]
    assert filled.artifacts()["language"].to_list() == ["python"]
    assert isinstance(filled.messages()["created_at"].dtype, pl.Datetime)


def test_sql_reads_and_cannot_write(filled: Workbench) -> None:
    assert filled.sql("SELECT count(*) AS n FROM messages WHERE role = ?", ["user"])["n"].item() == 2
    with pytest.raises(UsageError, match="cannot be run"):
        filled.sql("DELETE FROM messages")
    with pytest.raises(UsageError, match="cannot be run"):
        filled.sql("SELEC 1")


def test_one_process_may_have_a_store_open_several_times(filled: Workbench) -> None:
    with Workbench(filled.settings) as other:
        assert other.stats() == filled.stats()
        assert all(finding.ok for finding in filled.verify())
        assert other.search("miso").hits == filled.search("miso").hits


def test_a_conversation_is_read_back_as_it_was_stored(filled: Workbench) -> None:
    hit = filled.search("miso").hits[0]
    found = filled.conversation(hit.conversation_id)
    assert [message.content for message in found.messages] == ["miso?", "kombu"]
    assert found.messages[1].parent_id == found.messages[0].id
    assert found.messages[0].created_at is not None
    assert found.messages[0].created_at.utcoffset() is not None
    assert filled.conversation(hit.message_id) == found


def test_an_unclear_id_is_refused(filled: Workbench) -> None:
    for identifier in ("c_", "c_zzz", "' OR 1=1 --"):
        with pytest.raises(NotFoundError):
            filled.conversation(identifier)


def test_hostile_messages_are_shown_as_text(filled: Workbench) -> None:
    hit = filled.search("flat loaf").hits[0]
    for html in (result_html(filled.search("flat loaf")), conversation_html(filled.conversation(hit.conversation_id))):
        assert "<script>" not in html
        assert "&lt;script&gt;" in html
    assert "claude" in stats_html(filled.stats())


def test_a_report_renders(filled: Workbench, tmp_path: Path) -> None:
    report = filled.ingest(tmp_path / "conversations.json", dry_run=True)
    assert "conversations.json" in report_html(report)


def test_settings_come_from_file_then_environment(tmp_path: Path) -> None:
    (tmp_path / "workbench.toml").write_text('store = "elsewhere"\nworkers = 3\n', encoding="utf-8")
    found = load_settings(tmp_path, {"WORKBENCH_WORKERS": "5"})
    assert (found.store, found.workers, found.embedder) == (Path("elsewhere"), 5, "")


def test_all_faulty_settings_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "workbench.toml").write_text('stroe = "x"\nworkers = "many"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="'stroe' is not a setting; workers must be a whole number"):
        load_settings(tmp_path, {})
    (tmp_path / "workbench.toml").write_text("store =", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be read as TOML"):
        load_settings(tmp_path, {})


def test_a_given_path_replaces_that_of_the_settings(tmp_path: Path) -> None:
    chosen = Settings(store=tmp_path / "a", cache=tmp_path, embedder="minilm")
    assert Workbench.open(tmp_path / "b", settings=chosen).settings == Settings(
        store=tmp_path / "b", cache=tmp_path, embedder="minilm"
    )
