from __future__ import annotations

from pathlib import Path

import pytest
from reading import read

from workbench.errors import UnknownFormatError

FIXTURES = Path(__file__).parents[3] / "shared" / "fixtures"
FILES = [path for name in ("chatgpt", "claude", "gemini_takeout") for path in sorted(FIXTURES.glob(f"{name}/*"))]
REFUSED = {"Sinity__polylogue__chatgpt-canmore-edit.json", "Sinity__polylogue__chatgpt-web.json"}
REFUSED |= {"osteele__claude-chat-viewer__simple-invalid.json"}
NO_GEMINI = "joeamroo__knowledgemaxxing__MyActivity.html"

pytestmark = pytest.mark.skipif(not FILES, reason="the fixtures in ../shared are not here")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_real_file_is_read_or_refused_with_a_reason(path: Path) -> None:
    if path.name in REFUSED:
        with pytest.raises(UnknownFormatError, match="a JSON object with keys"):
            read(path)
        return
    conversations, issues = read(path)
    if path.name == NO_GEMINI:
        assert [issue.reason for issue in issues] == ["1 record of Chrome", "1 record of Search"]
        return
    assert conversations
    for one in conversations:
        depths = {message.id: message.position for message in one.messages}
        assert all(
            message.position == (depths[message.parent_id] + 1 if message.parent_id else 0) for message in one.messages
        )
        assert {artifact.message_id for artifact in one.artifacts} <= depths.keys()
        assert any(message.on_active_path for message in one.messages)


@pytest.mark.parametrize(
    ("name", "messages"),
    [
        # 13 nodes; the root has no message and the system message below it no words
        ("chatgpt/lotblocks__DumeeApp__chatgpt-tree.json", 11),
        # 6 nodes, of which the first is an empty system message
        ("chatgpt/mitkury__chatgpt-export-parser__example-conversation.json", 5),
        # three questions, three answers
        ("claude/osteele__claude-chat-viewer__cooking.json", 6),
        # ten messages with every fault its author could think of, none without words
        ("claude/osteele__claude-chat-viewer__conversation-with-errors.json", 10),
    ],
)
def test_messages_counted_by_hand(name: str, messages: int) -> None:
    conversations, _ = read(FIXTURES / name)
    assert sum(len(one.messages) for one in conversations) == messages
