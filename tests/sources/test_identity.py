from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from reading import EXPORTS, by_id, read

from workbench.model import ArtifactKind


def reversed_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reversed_keys(item) for key, item in reversed(value.items())}
    return [reversed_keys(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", ["chatgpt/threads.json", "claude/threads.json", "gemini_json/activity.json"])
def test_the_order_of_keys_changes_nothing(path: str, tmp_path: Path) -> None:
    value = json.loads((EXPORTS / path).read_text("utf-8"))
    other = tmp_path / Path(path).name
    other.write_text(json.dumps(reversed_keys(value)), "utf-8")
    assert without_raw(by_id(read(other)[0])) == without_raw(by_id(read(EXPORTS / path)[0]))


def without_raw(found: dict[str, Any]) -> str:
    for one in found.values():
        for artifact in one.get("artifacts", []):
            artifact.pop("content" if artifact["kind"] == "tool_call" else "", None)  # arguments are shown as written
    return json.dumps(found, sort_keys=True)


@pytest.mark.parametrize("path", ["chatgpt/threads.json", "claude/threads.json", "gemini_html/activity.html"])
def test_a_file_a_zip_and_a_folder_yield_the_same(path: str, tmp_path: Path) -> None:
    original = EXPORTS / path
    folder = tmp_path / "Unpacked" / "deeper"
    folder.mkdir(parents=True)
    (folder / "any name").write_bytes(original.read_bytes())
    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        written.write(original, "Takeout/x.bin")
    expected = by_id(read(original)[0])
    assert expected
    assert by_id(read(tmp_path / "Unpacked")[0]) == expected
    assert by_id(read(archive)[0]) == expected


def test_one_conversation_reads_the_same_from_every_assistant() -> None:
    seen = []
    for path in (
        "chatgpt/greeting.json",
        "claude/greeting.json",
        "gemini_json/greeting.json",
        "gemini_html/greeting.html",
    ):
        (one,) = read(EXPORTS / path)[0]
        words = [(message.role, message.position, message.kind, message.content) for message in one.messages]
        code = [(a.language, a.content) for a in one.artifacts if a.kind is ArtifactKind.CODE]
        seen.append((words, code))
    assert all(other == seen[0] for other in seen[1:])
    assert [language for language, _ in seen[0][1]] == ["python", "shell"]


def test_the_json_and_the_html_of_one_takeout_give_the_same_ids() -> None:
    ids = []
    for path in ("gemini_json/activity.json", "gemini_html/activity.html"):
        conversations, _ = read(EXPORTS / path)
        ids.append({(one.conversation.id, m.id, m.content) for one in conversations for m in one.messages})
    assert ids[0] == ids[1]
    assert len(ids[0]) == 7
