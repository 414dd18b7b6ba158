from __future__ import annotations

import copy
import json
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading import EXPORTS, by_id, read

from workbench.sources import SOURCES, Record, parse

JSON_SOURCES = ("chatgpt", "claude", "gemini_json")
DEEP = b"[" * 900 + b'"\\u0000"' + b"]" * 900
ODD = st.sampled_from([None, True, 0, -1, 1e400, 10**30, "", "x", "\x00", "\ud83d", [], [None], {}, {"a": 1}, [[]]])


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [spot for key, item in items for spot in spots(item, (*path, key))]


def change(value: Any, path: tuple[Any, ...], new: Any, *, drop: bool) -> None:
    for key in path[:-1]:
        value = value[key]
    if drop:
        del value[path[-1]]
    else:
        value[path[-1]] = new


@pytest.mark.parametrize("source", JSON_SOURCES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_change_to_a_valid_export_makes_parsing_raise(source: str, data: st.DataObject) -> None:
    export = (
        json.loads((EXPORTS / source / "threads.json").read_text("utf-8"))
        if source != "gemini_json"
        else [json.loads((EXPORTS / source / "activity.json").read_text("utf-8"))]
    )
    element = copy.deepcopy(data.draw(st.sampled_from([one for one in export if isinstance(one, dict | list)])))
    for _ in range(data.draw(st.integers(1, 4))):
        if paths := spots(element):
            path = data.draw(st.sampled_from(paths))
            change(element, path, copy.deepcopy(data.draw(ODD)), drop=data.draw(st.booleans()))
    parsed = parse(source, Record("x[0]", json.dumps(element).encode("utf-8", "surrogatepass")))
    for one in parsed.conversations:
        text = json.dumps([message.content for message in one.messages] + [a.content for a in one.artifacts])
        assert "\\u0000" not in text
        "".join(message.content for message in one.messages).encode("utf-8")
        known = {message.id for message in one.messages}
        assert len(known) == len(one.messages)
        assert all(message.parent_id in known for message in one.messages if message.parent_id)


@pytest.mark.parametrize("source", sorted(SOURCES))
@settings(max_examples=60, deadline=None)
@given(
    data=st.binary(max_size=60) | st.sampled_from([b"null", b"[", b"[" * 5000, b'{"a":', b"\xff\xfe", b"[1e999]", DEEP])
)
def test_arbitrary_bytes_never_raise(source: str, data: bytes) -> None:
    parsed = parse(source, Record("x[0]", data))
    assert parsed.conversations == ()
    assert parsed.issues


@pytest.mark.parametrize("source", sorted(SOURCES))
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_flipped_bytes_never_raise(source: str, data: st.DataObject) -> None:
    name = {"gemini_json": "activity.json", "gemini_html": "activity.html"}.get(source, "threads.json")
    raw = bytearray((EXPORTS / source / name).read_bytes())
    for _ in range(20):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    parsed = parse(source, Record("x[0]", bytes(raw)))
    assert isinstance(parsed.issues, tuple)


@pytest.mark.parametrize("source", ["chatgpt", "claude"])
def test_a_bad_record_costs_only_itself(source: str, tmp_path: Any) -> None:
    path = EXPORTS / source / "threads.json"
    elements = json.loads(path.read_text("utf-8"))
    whole = by_id(read(path)[0])
    spoilt = [json.dumps(element) for element in elements]
    spoilt.insert(1, '{"a": nonsense}')
    (tmp_path / "conversations.json").write_text("[" + ",".join(spoilt) + "]", "utf-8")
    conversations, issues = read(tmp_path / "conversations.json")
    assert by_id(conversations) == whole
    assert any(issue.place == "conversations.json[1]" and "JSON" in issue.reason for issue in issues)


def test_lone_surrogates_and_nul_do_not_reach_a_message() -> None:
    element = '{"uuid": "c", "chat_messages": [{"uuid": "m", "sender": "human", "text": "a\\ud83d\\u0000b", "n": NaN}]}'
    (one,) = parse("claude", Record("x[0]", element.encode())).conversations
    assert one.messages[0].content == "a\ufffdb"


def test_what_is_kept_raw_can_be_written_as_json_again() -> None:
    block = '{"type": "hologram", "a": NaN, "b": 1e999, "c": -Infinity, "d": 99999999999999999999999, "e": "\\udc00"}'
    block = block.replace("99", "9" * 100)
    element = '{"uuid": "c", "chat_messages": [{"uuid": "m", "sender": "assistant", "content": [' + block + "]}]}"
    (one,) = parse("claude", Record("x[0]", element.encode())).conversations
    assert b"hologram" in orjson.dumps(one.artifacts[0].meta["raw"])
    assert one.artifacts[0].meta["raw"]["a"] is None
