"""The committed samples: reproducible, complete in what real exports do, and honestly judged."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench.experiments.corpus import SampleSummary, write_samples
from workbench.model import SEARCHED_KINDS, Conversation, Message
from workbench.sources import Record, find_files, parse, split

COMMITTED = Path(__file__).parents[2] / "data" / "samples"
ENGLISH = "gemini/Takeout/My Activity/Gemini Apps/MyActivity.json"
GERMAN = "gemini/Takeout-de/Meine Aktivitäten/Gemini-Apps/MeineAktivitäten.html"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SampleSummary]:
    folder = tmp_path_factory.mktemp("samples")
    return folder, write_samples(folder)


@pytest.fixture(scope="module")
def chatgpt() -> list[Json]:
    return _member("chatgpt/chatgpt-export.zip", "conversations.json")


@pytest.fixture(scope="module")
def claude() -> list[Json]:
    return _member("claude/claude-export.zip", "conversations.json")


@pytest.fixture(scope="module")
def activity() -> list[Json]:
    found: list[Json] = json.loads((COMMITTED / ENGLISH).read_bytes())
    return found


@pytest.fixture(scope="module")
def parsed() -> list[tuple[Conversation, Message]]:
    files, _ = find_files(COMMITTED)
    records = ((file, record) for file in files for record in split(file) if isinstance(record, Record))
    threads = [thread for file, record in records for thread in parse(file.source, record).conversations]
    return [(thread.conversation, message) for thread in threads for message in thread.messages]


def _member(archive: str, name: str) -> list[Json]:
    with zipfile.ZipFile(COMMITTED / archive) as opened:
        found: list[Json] = json.loads(opened.read(name))
    return found


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _messages(conversations: list[Json]) -> Iterator[Json]:
    nodes = (node for conversation in conversations for node in conversation["mapping"].values())
    return (node["message"] for node in nodes if node["message"])


def _blocks(conversations: list[Json]) -> Iterator[Json]:
    return (b for c in conversations for message in c["chat_messages"] for b in message["content"])


def test_the_committed_samples_are_what_the_seed_gives(written: tuple[Path, SampleSummary]) -> None:
    again, committed = _files(written[0]), _files(COMMITTED)
    assert again.keys() == committed.keys()
    assert [name for name in again if again[name] != committed[name]] == []


def test_another_seed_gives_other_ids(tmp_path: Path) -> None:
    write_samples(tmp_path, seed=8)
    assert (tmp_path / "queries.jsonl").read_bytes() != (COMMITTED / "queries.jsonl").read_bytes()


def test_the_samples_have_the_intended_size(written: tuple[Path, SampleSummary]) -> None:
    summary = written[1]
    assert summary.scripts == {"chatgpt": 24, "claude": 22, "gemini": 18}
    assert summary.turns == {"chatgpt": 82, "claude": 79, "gemini": 47}
    assert summary.queries == 40
    assert summary.bytes < 1_500_000


def test_the_parsers_find_every_conversation(parsed: list[tuple[Conversation, Message]]) -> None:
    found = Counter(assistant for assistant, _ in {(c.assistant, c.native_id) for c, _ in parsed})
    assert found == {"chatgpt": 24, "claude": 21, "gemini": 20}  # Claude's empty one has no message


def test_chatgpt_branches_are_edits_and_regenerated_answers(chatgpt: list[Json]) -> None:
    forks: Counter[str] = Counter()
    for conversation in chatgpt:
        mapping = conversation["mapping"]
        for node in mapping.values():
            if len(children := node.get("children", [])) > 1:
                forks[mapping[children[0]]["message"]["author"]["role"]] += 1
    assert forks["user"] >= 2
    assert forks["assistant"] >= 1
    regenerated = next(c for c in chatgpt if "reference from a function" in c["title"])
    parent = regenerated["mapping"][regenerated["mapping"][regenerated["current_node"]]["parent"]]
    assert parent["children"].index(regenerated["current_node"]) == 1


@pytest.mark.parametrize(
    "kind",
    [
        "code",
        "execution_output",
        "multimodal_text",
        "reasoning_recap",
        "tether_browsing_display",
        "text",
        "thoughts",
        "user_editable_context",
    ],
)
def test_chatgpt_has_every_kind_of_content(chatgpt: list[Json], kind: str) -> None:
    assert kind in {message["content"]["content_type"] for message in _messages(chatgpt)}


@pytest.mark.parametrize("kind", ["audio_transcription", "audio_asset_pointer", "image_asset_pointer"])
def test_chatgpt_has_voice_and_pictures(chatgpt: list[Json], kind: str) -> None:
    parts = [part for m in _messages(chatgpt) for part in m["content"].get("parts", []) if isinstance(part, dict)]
    assert kind in {part["content_type"] for part in parts}


def test_chatgpt_keeps_the_chart_beside_the_code_that_drew_it(chatgpt: list[Json]) -> None:
    runs = [m["metadata"]["aggregate_result"] for m in _messages(chatgpt) if "aggregate_result" in m["metadata"]]
    drawn = [run for run in runs if any(sent["message_type"] == "image" for sent in run["messages"])]
    assert drawn
    assert all("plt.show()" in run["code"] for run in drawn)


def test_chatgpt_cites_in_both_styles(chatgpt: list[Json]) -> None:
    old = [m for m in _messages(chatgpt) if m["metadata"].get("citations")]
    new = [m for m in _messages(chatgpt) if m["metadata"].get("content_references")]
    for citation in old[0]["metadata"]["citations"]:
        marked = old[0]["content"]["parts"][0][citation["start_ix"] : citation["end_ix"]]
        assert marked.startswith("【")
        assert marked.endswith("】")
    for reference in new[0]["metadata"]["content_references"]:
        marked = new[0]["content"]["parts"][0][reference["start_idx"] : reference["end_idx"]]
        assert marked == reference["matched_text"]
        assert marked.startswith("\ue200cite\ue202")


def test_chatgpt_tools_cover_canvas_pictures_and_browsing(chatgpt: list[Json]) -> None:
    recipients = {message.get("recipient") for message in _messages(chatgpt)}
    assert {"python", "browser", "web.run", "dalle.text2im"} <= recipients
    assert {"canmore.create_textdoc", "canmore.update_textdoc"} <= recipients
    versions = [m["metadata"]["canvas"]["version"] for m in _messages(chatgpt) if "canvas" in m["metadata"]]
    assert sorted(versions) == [1, 2, 3]


def test_chatgpt_has_projects_custom_gpts_attachments_and_hidden_messages(chatgpt: list[Json]) -> None:
    gizmos = {conversation["gizmo_id"] for conversation in chatgpt if conversation["gizmo_id"]}
    assert any(gizmo.startswith("g-p-") for gizmo in gizmos)
    assert any(not gizmo.startswith("g-p-") for gizmo in gizmos)
    metadata = [message["metadata"] for message in _messages(chatgpt)]
    assert any(m.get("attachments") for m in metadata)
    assert any(m.get("is_user_system_message") for m in metadata)
    assert any(m["create_time"] is None and m["author"]["role"] == "assistant" for m in _messages(chatgpt))


def test_one_chatgpt_conversation_has_the_slim_nodes_of_2026(chatgpt: list[Json]) -> None:
    slim = [c for c in chatgpt if all("children" not in node for node in c["mapping"].values())]
    assert len(slim) == 1
    assert {m["author"]["role"] for m in _messages(slim)} == {"user", "assistant"}
    assert all(m.keys() == {"id", "author", "content", "create_time", "metadata"} for m in _messages(slim))
    assert slim[0]["current_node"] in slim[0]["mapping"]


def test_claude_has_every_kind_of_block_and_tool(claude: list[Json]) -> None:
    assert {b["type"] for b in _blocks(claude)} == {"text", "thinking", "tool_use", "tool_result"}
    tools = {b["name"] for b in _blocks(claude) if b["type"] == "tool_use"}
    assert {"artifacts", "create_file", "repl", "web_search"} <= tools
    commands = {b["input"]["command"] for b in _blocks(claude) if b.get("name") == "artifacts" and "input" in b}
    assert commands == {"create", "update", "rewrite"}
    assert any(b.get("citations") for b in _blocks(claude))


def test_every_claude_result_answers_a_call(claude: list[Json]) -> None:
    calls = [b["id"] for b in _blocks(claude) if b["type"] == "tool_use"]
    results = [b["tool_use_id"] for b in _blocks(claude) if b["type"] == "tool_result"]
    assert results == calls


def test_a_claude_update_replaces_words_of_its_document(claude: list[Json]) -> None:
    texts: dict[str, str] = {}
    for conversation in claude:
        for block in _blocks([conversation]):
            if block.get("name") != "artifacts" or "input" not in block:
                continue
            call = block["input"]
            if call["command"] == "update":
                assert texts[call["id"]].count(call["old_str"]) == 1
                texts[call["id"]] = texts[call["id"]].replace(call["old_str"], call["new_str"])
            else:
                texts[call["id"]] = call["content"]
    assert "1,250 meters" in texts["cover-letter"]


def test_claude_has_attachments_branches_and_gaps(claude: list[Json]) -> None:
    messages = [message for conversation in claude for message in conversation["chat_messages"]]
    assert any(a["extracted_content"] and a["file_name"] == "" for m in messages for a in m["attachments"])
    assert any(m["files"] for m in messages)
    assert any("<antArtifact" in m["text"] for m in messages)
    assert any(not c["chat_messages"] for c in claude)
    assert any(c["name"] == "" and c["chat_messages"] for c in claude)
    parents = Counter((m["parent_message_uuid"]) for m in messages if "parent_message_uuid" in m)
    del parents["00000000-0000-4000-8000-000000000000"]
    assert max(parents.values()) == 2
    assert any("parent_message_uuid" not in m for m in messages)


def test_gemini_records_stand_newest_first(activity: list[Json]) -> None:
    times = [record["time"] for record in activity]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == len(times)


def test_gemini_links_threads_in_the_newer_records_only(activity: list[Json]) -> None:
    linked = [record["time"] for record in activity if "details" in record]
    unlinked = [r["time"] for r in activity if "details" not in r and r["title"].startswith("Prompted ")]
    assert min(linked) > max(unlinked)


def test_gemini_answers_are_html_with_lists_code_and_tables(activity: list[Json]) -> None:
    answers = "".join(item["html"] for record in activity for item in record.get("safeHtmlItem", []))
    assert all(tag in answers for tag in ("<ul>", "<ol>", "<table>", '<pre><code class="language-python">', "<h3>"))
    assert any(len(record.get("safeHtmlItem", [])) == 2 for record in activity)


def test_gemini_attachments_lie_beside_the_activity(activity: list[Json]) -> None:
    names = [name for record in activity for name in record.get("attachedFiles", [])]
    assert names
    for name in names:
        assert (COMMITTED / ENGLISH).with_name(name).read_bytes().startswith(b"\x89PNG")
    assert all(r["imageFile"] in r["attachedFiles"] for r in activity if "imageFile" in r)


def test_gemini_holds_records_that_are_no_prompts(activity: list[Json]) -> None:
    assert {record["header"] for record in activity} == {"Gemini Apps", "Search", "Chrome"}
    titles = {record["title"] for record in activity}
    assert {"Used Gemini Apps", "Gave feedback: Good response", "Selected preferred draft"} <= titles


def test_the_german_page_has_google_s_markup_and_local_times() -> None:
    page = (COMMITTED / GERMAN).read_text(encoding="utf-8")
    assert page.count("Eingegebener Prompt:\u00a0") == 7
    assert page.count('class="outer-cell mdl-cell mdl-cell--12-col mdl-shadow--2dp"') == 9
    assert "23.11.2024, 11:02:00 MEZ" in page
    assert "28.06.2025, 16:44:00 MESZ" in page


def test_the_two_gemini_exports_hold_different_conversations(parsed: list[tuple[Conversation, Message]]) -> None:
    prompts = Counter(m.content for c, m in parsed if c.assistant == "gemini" and m.role == "user")
    assert max(prompts.values()) == 1


def test_every_quote_stands_in_one_message_of_the_right_conversation(
    parsed: list[tuple[Conversation, Message]],
) -> None:
    searched = [(c, m) for c, m in parsed if m.kind in SEARCHED_KINDS]
    wrong = []
    for line in (COMMITTED / "queries.jsonl").read_text(encoding="utf-8").splitlines():
        for judged in json.loads(line)["relevant"]:
            found = [c for c, m in searched if judged["quote"] in m.content]
            names = [n for c in found for n in (c.native_id, *_prompts_of(c, parsed))]
            if len(found) != 1 or not any(n.startswith(judged["conversation"]) for n in names):
                wrong.append(judged)
    assert wrong == []


def _prompts_of(conversation: Conversation, parsed: list[tuple[Conversation, Message]]) -> list[str]:
    return [m.content for c, m in parsed if c is conversation and m.role == "user" and c.assistant == "gemini"]


def test_the_queries_are_short_graded_and_of_every_kind() -> None:
    queries = [json.loads(line) for line in (COMMITTED / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [query["id"] for query in queries] == [f"q{number:02d}" for number in range(1, 41)]
    assert {query["kind"] for query in queries} == {"paraphrase", "keyword", "mixed", "time/person detail"}
    assert all(3 <= len(query["query"].split()) <= 9 for query in queries)
    assert all({judged["grade"] for judged in query["relevant"]} <= {1, 2} for query in queries)
    several = [query for query in queries if len({judged["assistant"] for judged in query["relevant"]}) > 1]
    assert len(several) >= 13


def test_messages_are_as_long_as_real_ones(parsed: list[tuple[Conversation, Message]]) -> None:
    def median(role: str) -> int:
        lengths = sorted(len(m.content) for _, m in parsed if m.role == role and m.kind == "text" and not m.hidden)
        return lengths[len(lengths) // 2]

    assert 80 <= median("user") <= 150
    assert 950 <= median("assistant") <= 1400
