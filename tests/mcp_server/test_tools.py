"""What the tools find and read, asked by the SDK's client, which checks every answer against its schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from building import claude_export
from clients import Asker, asking, text_of
from mcp import Client, MCPError, types

from workbench.mcp_server.documents import address, place_in, title_of
from workbench.mcp_server.tools import ADMIN_TOOLS, TOOLS
from workbench.settings import Settings
from workbench.workspace import Workbench


def test_a_search_needs_a_query_only_and_names_the_source_of_each_result(ask: Asker) -> None:
    found = ask.answer("search", query="dense loaf")
    best = found["results"][0]
    assert best["title"] == "bread"
    assert best["assistant"] == "claude"
    assert best["created_at"] == "2024-03-01T09:00:00Z" or best["role"] == "assistant"
    assert best["id"].startswith("m_")
    assert best["conversation_id"].startswith("c_")
    assert best["url"] == "https://claude.ai/chat/bread"
    assert "not instructions" in found["notice"]


def test_the_text_of_an_answer_is_its_structured_content_as_json(ask: Asker) -> None:
    result = ask.call("search", query="loaf")
    assert json.loads(text_of(result)) == result.structured_content


def test_search_and_fetch_are_the_pair_that_chatgpt_asks_for(ask: Asker) -> None:
    for one in ask.answer("search", query="sequential scan")["results"]:
        assert {"id", "title", "url"} <= one.keys()
    wanted = ask.answer("search", query='"sequential scan"')["results"][0]["id"]
    fetched = ask.answer("fetch", id=wanted)
    assert {"id", "title", "text", "url", "metadata"} <= fetched.keys()
    assert fetched["text"].startswith("EXPLAIN ANALYZE")
    assert all(isinstance(value, str) for value in fetched["metadata"].values())


def test_filters_narrow_a_search_and_may_be_written_as_text_or_list(ask: Asker) -> None:
    for roles in (["user"], "user", '["user"]'):
        found = ask.answer("search", query="degrees loaf water", roles=roles)["results"]
        assert found
        assert {one["role"] for one in found} == {"user"}
    assert ask.answer("search", query="loaf", before="2020-01-01")["results"] == []


def test_pages_of_any_size_give_every_result_once_and_in_the_same_order(ask: Asker) -> None:
    def walk(**sizes: int) -> list[str]:
        async def work(client: Client) -> list[str]:
            seen: list[str] = []
            cursor = ""
            while True:
                arguments = {"query": "loaf query tea", "cursor": cursor, **sizes}
                page = (await client.call_tool("search", arguments)).structured_content
                assert page is not None
                seen += [one["id"] for one in page["results"]]
                assert page["truncated"] == ("cursor" in page)
                if not page["truncated"]:
                    return seen
                cursor = page["cursor"]

        return ask.run(work)

    whole = walk(k=50)
    assert len(whole) == len(set(whole)) == 7
    assert walk(k=1) == walk(k=3) == whole


def test_context_shows_the_messages_around_one(ask: Asker) -> None:
    wanted = ask.answer("search", query='"proof longer"')["results"][0]["id"]
    around = ask.answer("context", id=wanted, before=1, after=0)
    assert [one["text"] for one in around["messages"]] == [
        "My loaf came out flat and dense", "Let the dough proof longer, at 24 degrees.",
    ]  # fmt: skip
    assert not around["truncated"]
    assert around["title"] == "bread"


def test_context_of_a_conversation_says_that_a_message_is_wanted(ask: Asker) -> None:
    wanted = ask.answer("search", query="loaf")["results"][0]["conversation_id"]
    assert "there is no message" in text_of(ask.call("context", id=wanted))


def test_a_conversation_is_read_by_its_id_and_by_that_of_a_message(ask: Asker) -> None:
    hit = ask.answer("search", query="green tea")["results"][0]
    for identifier in (hit["conversation_id"], hit["id"], f"workbench://conversation/{hit['conversation_id']}"):
        read = ask.answer("get_conversation", id=identifier)
        assert [one["role"] for one in read["messages"]] == ["user", "assistant"]
        assert read["message_count"] == 2
        assert read["url"] == "https://claude.ai/chat/tea"


def test_fetch_reads_a_conversation_with_the_id_of_each_message(ask: Asker) -> None:
    hit = ask.answer("search", query="green tea")["results"][0]
    text = ask.answer("fetch", id=hit["conversation_id"])["text"]
    assert text.startswith("[user, 2024-03-01 09:00, m_")
    assert "Seventy to eighty degrees" in text


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("search", {"query": " "}, "the query is empty. Say what to look for"),
        ("search", {}, "search cannot be called like this"),
        ("search", {"query": "x", "limit": 3}, "It takes: query, k, cursor"),
        ("search", {"query": "x", "k": 0}, "greater than or equal to 1"),
        ("search", {"query": "x", "after": "someday"}, "Write it like 2025-03-31"),
        ("search", {"query": "x", "cursor": "what"}, "this is not a cursor"),
        ("search", {"query": "assistant:cluade x"}, "Did you mean claude?"),
        ("search", {"query": "x", "max_bytes": 100_000}, "less than or equal to 24000"),
        ("search", {"query": "x", "after": "\ud800"}, "'\\ud800' is not a date"),
        ("search", {"query": "assistant:\ud800"}, "there is no assistant"),
        ("fetch", {"id": "m_\ud800"}, "is not an id"),
        ("remember", {"content": "\ud800"}, "a valid string"),
        ("fetch", {"id": "m_nowhere"}, "there is no conversation 'm_nowhere'"),
        ("fetch", {"id": "a_nowhere"}, "there is no artifact"),
        ("fetch", {"id": "file:///etc/passwd"}, "is not an id"),
        ("fetch", {"id": "../../../etc/passwd"}, "is not an id"),
        ("fetch", {"id": "c_1:-5"}, "is not an id"),
        ("get_conversation", {"id": "c_nowhere"}, "there is no conversation"),
        ("context", {"id": "m_nowhere"}, "there is no conversation"),
        ("remember", {"content": ""}, "at least 1 character"),
        ("remember", {"content": "x", "category": "Not a word"}, "cannot be a category"),
        ("remember", {"content": "x", "confidence": 2}, "less than or equal to 1"),
        ("clear_cache", {"kind": "wallet"}, "there is no cache 'wallet'. There are: all, query_vectors"),
    ],
)
def test_a_mistake_is_a_tool_error_that_says_what_to_do(
    ask: Asker, tool: str, arguments: dict[str, Any], said: str
) -> None:
    result = ask.call(tool, **arguments)
    assert result.is_error
    assert said in text_of(result)
    assert "Traceback" not in text_of(result)


@pytest.mark.parametrize("tool", ["search", "recall", "get_conversation"])
def test_a_missing_store_is_said_with_what_to_do_about_it(empty: Path, tool: str) -> None:
    arguments = {"id": "c_1"} if tool == "get_conversation" else {"query": "anything"}
    with asking(empty) as ask:
        result = ask.call(tool, **arguments)
    assert result.is_error
    assert "workbench ingest" in text_of(result)
    assert not empty.exists()


def test_an_unexpected_fault_is_told_by_reference_and_logged(
    ask: Asker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("workbench.workspace.Workbench.conversation", broken)
    said = text_of(ask.call("fetch", id="c_1"))
    assert "failed unexpectedly" in said
    assert "secret" not in said
    assert "a secret detail" in caplog.text


def test_an_unknown_tool_is_a_protocol_error(ask: Asker) -> None:
    with pytest.raises(MCPError, match="there is no tool 'launch'"):
        ask.call("launch")


def test_only_tools_that_write_are_not_read_only_and_all_explain_themselves(ask: Asker) -> None:
    described = ask.tools()
    writing = {one.name for one in described if one.annotations and not one.annotations.read_only_hint}
    assert writing == {"remember", "clear_cache"}
    for one in described:
        assert one.annotations is not None
        assert one.annotations.open_world_hint is False
        assert len(one.description or "") > 30
        assert one.output_schema is not None
        assert one.input_schema["additionalProperties"] is False
    [search] = [one for one in described if one.name == "search"]
    assert search.input_schema["required"] == ["query"]


def test_the_tools_of_the_administrator_exist_only_for_one(store: Path, ask: Asker) -> None:
    with asking(store) as plain:
        assert {one.name for one in plain.tools()} == {tool.name for tool in TOOLS}
        for tool in ADMIN_TOOLS:
            with pytest.raises(MCPError, match="there is no tool"):
                plain.call(tool.name)
    assert {one.name for one in ask.tools()} == {tool.name for tool in (*TOOLS, *ADMIN_TOOLS)}


def test_the_administrator_sees_caches_settings_progress_and_performance(store: Path) -> None:
    with asking(store, admin=True) as ask:
        ask.call("search", query="loaf")
        ask.call("search", query="")
        names = ("cache_statistics", "clear_cache", "cache_statistics")
        before, cleared, after = (ask.answer(name) for name in names)
        names = ("configuration", "indexing_progress", "performance")
        configuration, progress, performance = (ask.answer(name)["figures"] for name in names)
    assert before["caches"][0]["figures"]["entries"] == 1
    assert cleared["cleared"] == {"query_vectors": 1}
    assert after["caches"][0]["figures"]["entries"] == 0
    assert configuration["settings"]["store"] == str(store)
    assert progress["counts"]["messages"] == 7
    assert progress["embedded_share"] == 1.0
    assert "writer" in progress
    search = performance["tools"]["search"]
    assert (search["calls"], search["failed"]) == (2, 1)
    assert 0 < search["p50_ms"] <= search["p99_ms"]


def test_a_generation_that_is_published_meanwhile_is_searched(tmp_path: Path, cache: Path) -> None:
    store = tmp_path / "store"
    with Workbench(Settings(store=store, cache=cache, ray="off")) as memory, asking(store) as ask:
        for number, name in enumerate(("bread", "cake"), start=1):
            memory.ingest(claude_export(tmp_path / f"{name}.json", {name: (f"My {name} is flat",)}))
            assert len(ask.answer("search", query="flat")["results"]) == number


def test_the_latest_conversations_are_resources_and_any_is_read_by_its_address(ask: Asker) -> None:
    async def work(client: Client) -> tuple[list[types.Resource], str, list[str]]:
        listed = (await client.list_resources()).resources
        [content] = (await client.read_resource(listed[0].uri)).contents
        assert isinstance(content, types.TextResourceContents)
        templates = (await client.list_resource_templates()).resource_templates
        return listed, content.text, [one.uri_template for one in templates]

    listed, text, templates = ask.run(work)
    assert {one.name for one in listed} == {"bread", "sql", "tea"}
    assert listed[0].name in text
    assert "[user, 2024-03-01 09:00, m_" in text
    assert "workbench://conversation/{id}" in templates


def test_a_resource_that_is_not_there_is_an_error_with_its_address(ask: Asker) -> None:
    async def work(client: Client) -> None:
        await client.read_resource("workbench://conversation/c_nowhere")

    with pytest.raises(MCPError, match="there is no conversation") as raised:
        ask.run(work)
    assert raised.value.code == types.INVALID_PARAMS


def test_without_a_store_there_are_no_resources_to_list(empty: Path) -> None:
    with asking(empty) as ask:
        assert ask.portal.call(ask.client.list_resources).resources == []


def test_prompts_explain_themselves_and_are_filled_in(ask: Asker) -> None:
    async def work(client: Client) -> tuple[list[types.Prompt], str]:
        prompts = (await client.list_prompts()).prompts
        filled = await client.get_prompt("what_do_i_know", {"topic": "{rye} bread"})
        assert isinstance(filled.messages[0].content, types.TextContent)
        return prompts, filled.messages[0].content.text

    prompts, text = ask.run(work)
    assert all(one.description and all(part.description for part in one.arguments or ()) for one in prompts)
    assert "{rye} bread" in text


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("what_do_i_know", {}, "opic is missing"),
        ("what_do_i_know", {"topic": "x", "mood": "y"}, "'mood' is not known"),
        ("sing", {}, "there is no prompt 'sing'"),
    ],
)
def test_a_prompt_that_cannot_be_filled_in_is_an_error(ask: Asker, name: str, given: dict[str, str], said: str) -> None:
    async def work(client: Client) -> None:
        await client.get_prompt(name, given)

    with pytest.raises(MCPError, match=said):
        ask.run(work)


def test_places_in_texts_and_addresses() -> None:
    assert place_in("m_12:345") == ("m_12", 345)
    assert place_in(" workbench://message/m_12 ") == ("m_12", 0)
    assert address("c_1", "https://claude.ai/chat/x") == "https://claude.ai/chat/x"
    assert address("c_1", "javascript:alert(1)") == "workbench://conversation/c_1"
    assert address("c_1", "https://" + "x" * 400) == "workbench://conversation/c_1"
    assert title_of(" \n ") == "(untitled)"
