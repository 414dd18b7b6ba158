from __future__ import annotations

import io
from typing import Any

import pytest
from reading import EXPORTS, parse_one

from workbench.model import ArtifactKind, ImportIssue, MessageKind
from workbench.sources import SOURCES, Record, parse
from workbench.sources.gemini_html import raw_cells

START = 1767225600.0


def node(key: str, parent: str | None, words: str = "", *, at: float | None = None, **message: Any) -> dict[str, Any]:
    content = {"content_type": "text", "parts": [words]}
    return {"id": key, "parent": parent, "message": {"id": key, "author": {"role": "user"}, "content": content,
                                                      "create_time": at, **message}}  # fmt: skip


def chatgpt(*nodes: dict[str, Any], **conversation: Any) -> dict[str, Any]:
    return {"conversation_id": "c", "mapping": {one["id"]: one for one in nodes}, **conversation}


def test_a_branch_keeps_both_answers() -> None:
    nodes = [node("q", None, "?"), node("a", "q", "A"), node("b", "q", "B")]
    one, _ = parse_one("chatgpt", chatgpt(*nodes, current_node="b"))
    found = {(m.content, m.position, m.on_active_path) for m in one.messages}
    assert found == {("?", 0, True), ("A", 1, False), ("B", 1, True)}


def test_without_a_current_node_the_newest_message_ends_the_active_path() -> None:
    nodes = [node("q", None, "?", at=START), node("a", "q", "A", at=START + 9), node("b", "q", "B", at=START + 1)]
    one, _ = parse_one("chatgpt", chatgpt(*nodes, current_node="gone"))
    assert [m.content for m in one.messages if m.on_active_path] == ["?", "A"]


def test_a_circle_of_parents_keeps_every_message() -> None:
    one, issues = parse_one("chatgpt", chatgpt(node("a", "c", "A"), node("b", "a", "B"), node("c", "b", "C")))
    assert {m.content for m in one.messages} == {"A", "B", "C"}
    assert "circle" in issues[0].reason


def test_nodes_without_a_message_are_skipped_through() -> None:
    empty = {"id": "e", "parent": "q", "message": None}
    one, _ = parse_one("chatgpt", chatgpt(node("q", None, "?"), empty, node("a", "e", "A")))
    assert one.messages[1].parent_id == one.messages[0].id
    assert one.messages[1].position == 1


def test_a_thread_of_thousands_of_messages_is_read() -> None:
    nodes = [node(f"n{i:05d}", f"n{i - 1:05d}" if i else None, str(i)) for i in range(5000)]
    one, _ = parse_one("chatgpt", chatgpt(*nodes, current_node="n04999"))
    assert one.messages[-1].position == 4999
    assert all(m.on_active_path for m in one.messages)


def test_absurd_times_are_missing_and_told() -> None:
    one, issues = parse_one(
        "chatgpt", chatgpt(node("q", None, "?", at=5.0), create_time="1e300", update_time="1767225600")
    )
    assert one.conversation.created_at is None
    assert one.conversation.updated_at is not None
    assert len(issues) == 2


def test_dalle_and_tool_messages_are_kinds_of_their_own() -> None:
    call = node("c", "q", "{}", author={"role": "assistant"}, recipient="dalle.text2im")
    answer = node("r", "c", "Done.", author={"role": "tool", "name": "dalle.text2im"})
    one, _ = parse_one("chatgpt", chatgpt(node("q", None, "Draw."), call, answer))
    assert [m.kind for m in one.messages] == [MessageKind.TEXT, MessageKind.TOOL_CALL, MessageKind.TOOL_RESULT]


def test_hidden_instructions_are_kept_hidden() -> None:
    content = {"content_type": "user_editable_context", "user_profile": "I am tall.", "user_instructions": "Be brief."}
    one, _ = parse_one("chatgpt", chatgpt(node("s", None, content=content), node("q", "s", "?")))
    assert (one.messages[0].kind, one.messages[0].hidden) == (MessageKind.CONTEXT, True)
    assert "Be brief." in one.messages[0].content


def claude(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"uuid": "c", "chat_messages": list(messages)}


def test_content_wins_over_text_and_text_stands_in_for_it() -> None:
    one, _ = parse_one(
        "claude",
        claude(
            {"uuid": "1", "sender": "human", "text": "flat", "content": [{"type": "text", "text": "block"}]},
            {"uuid": "2", "sender": "assistant", "text": "flat", "content": [{"type": "text", "text": None}]},
            {"uuid": "3", "sender": "human", "text": "flat", "content": '[{"type": "text", "text": "nested"}]'},
        ),
    )
    assert [m.content for m in one.messages] == ["block", "flat", "nested"]


def test_a_placeholder_of_an_unsupported_block_is_not_taken_for_words() -> None:
    words = "Sure.\n```\nThis block is not supported on your current device yet.\n```\nDone."
    one, _ = parse_one("claude", claude({"uuid": "1", "sender": "assistant", "text": words, "content": []}))
    assert "not supported" not in one.messages[0].content


def test_documents_of_one_branch_do_not_reach_the_other() -> None:
    def edit(uuid: str, parent: str, **arguments: str) -> dict[str, Any]:
        block = {"type": "tool_use", "name": "artifacts", "input": {"id": "doc", **arguments}}
        return {"uuid": uuid, "sender": "assistant", "parent_message_uuid": parent, "content": [block]}

    one, issues = parse_one(
        "claude",
        claude(
            edit("a", "", command="create", type="text/markdown", content="one two"),
            edit("b", "a", command="update", old_str="one", new_str="1"),
            edit("c", "a", command="update", old_str="two", new_str="2"),
        ),
    )
    documents = [(a.version, a.content) for a in one.artifacts if a.kind is ArtifactKind.DOCUMENT]
    assert sorted(documents) == [(1, "one two"), (2, "1 two"), (2, "one 2")]
    assert issues == ()


def test_a_file_that_an_export_lists_twice_is_told_once() -> None:
    message = {"uuid": "1", "sender": "human", "text": "See.", "files": [{"file_name": "a.txt", "file_uuid": "u"}],
               "attachments": [{"file_name": "a.txt", "extracted_content": "A"}]}  # fmt: skip
    one, _ = parse_one("claude", claude(message))
    assert [(a.kind, a.content) for a in one.artifacts] == [(ArtifactKind.FILE, "A")]


def test_a_record_of_two_threads_is_given_to_neither() -> None:
    links = [{"name": "x", "url": f"https://gemini.google.com/app/{thread}"} for thread in ("aaaaaaaa1", "bbbbbbbb2")]
    record = {"header": "Gemini", "title": "Prompted Hi", "time": "2026-01-01T00:00:00Z", "details": links}
    one, _ = parse_one("gemini_json", record)
    assert one.conversation.native_id.startswith("2026-01-01T00:00:00Z|")
    assert one.conversation.url is None


def test_an_answer_whose_verb_is_not_known_is_kept_and_told() -> None:
    record = {"header": "Applications Gemini", "title": "Requête Bonjour", "time": "2026-01-01T00:00:00Z",
              "safeHtmlItem": [{"html": "<p>Salut</p>"}]}  # fmt: skip
    one, issues = parse_one("gemini_json", record)
    assert [m.content for m in one.messages] == ["Requête Bonjour", "Salut"]
    assert "verb is not known" in issues[0].reason


def test_a_takeout_cell_without_a_readable_time_is_kept_without_one() -> None:
    body = "Prompted&nbsp;Hi<br>2026 Brumaire 9, 10:00:00 XX<br><p>Hello</p>"
    cell = f'<div class="outer-cell"><div class="content-cell mdl-typography--body-1">{body}</div></div>'
    parsed = parse("gemini_html", Record("x[0]", cell.encode()))
    assert [(m.content, m.created_at) for m in parsed.conversations[0].messages] == [("Hi", None), ("Hello", None)]
    assert parsed.issues[0].severity == "altered"


@pytest.mark.parametrize("chunk_size", [1, 5, 23, 1000, 1 << 20])
def test_a_page_is_cut_at_its_cells_wherever_a_chunk_ends(chunk_size: int) -> None:
    page = (EXPORTS / "gemini_html" / "activity.html").read_bytes()
    cells = list(raw_cells(io.BytesIO(page), chunk_size=chunk_size))
    assert len(cells) == 6
    assert page.endswith(b"".join(cells))


def test_a_page_that_breaks_off_is_told() -> None:
    page = (EXPORTS / "gemini_html" / "activity.html").read_bytes()
    pieces = list(SOURCES["gemini_html"].split(io.BytesIO(page[:-300]), "x.html"))
    assert any(isinstance(piece, ImportIssue) and "not closed" in piece.reason for piece in pieces)
