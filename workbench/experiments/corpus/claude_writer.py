"""Writes scripts as a Claude export.

The format has no place for the model, the project and the branch last looked at. Pictures and recordings lose their
bytes; a picture becomes the call of an image tool.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from workbench.experiments.corpus.citations import cited_sources, write_markers
from workbench.experiments.corpus.identity import IdSource
from workbench.experiments.corpus.script import (
    ROOT,
    CodeRun,
    Document,
    Part,
    Picture,
    Script,
    Search,
    Speech,
    Thinking,
    Turn,
    Upload,
    Words,
    WrittenFile,
)

Json = dict[str, Any]
ROOT_PARENT = "00000000-0000-4000-8000-000000000000"
_PLACEHOLDER = "```\nThis block is not supported on your current device yet.\n```"
_DOCUMENT_TYPES = {
    "document": "text/markdown",
    "code/svg": "image/svg+xml",
    "code/html": "text/html",
    "code/react": "application/vnd.ant.react",
}


def account_uuid(seed: int) -> str:
    """The account that all conversations of one export belong to."""
    return IdSource(seed, "claude", "account").uuid()


def claude_conversation(script: Script, *, seed: int) -> Json:
    """Write `script` as an element of `conversations.json`.

    Traits understood: `parents: no` for the older messages without `parent_message_uuid`, and `summary`.
    """
    ids = IdSource(seed, "claude", script.key)
    conversation = ids.uuid()
    linked = script.traits.get("parents") != "no"
    uuids = {ROOT: ROOT_PARENT}
    messages: list[Json] = []
    for turn in script.turns:
        message = _message(script, turn, ids)
        if linked:
            message["parent_message_uuid"] = uuids[turn.parent]
        uuids[turn.label] = message["uuid"]
        messages.append(message)
    return {
        "uuid": conversation,
        "name": script.title,
        "summary": script.traits.get("summary", ""),
        "created_at": _iso(script.started_at, ids),
        "updated_at": _iso(script.ended_at + timedelta(seconds=3), ids),
        "account": {"uuid": account_uuid(seed)},
        "chat_messages": messages,
    }


def _message(script: Script, turn: Turn, ids: IdSource) -> Json:
    at = turn.at or script.started_at
    content = _Blocks(script, turn, at, ids).blocks
    time = _iso(at, ids)
    uploads = [part for part in turn.parts if isinstance(part, Upload)]
    return {
        "uuid": ids.uuid(),
        "text": "\n".join(block["text"] if block["type"] == "text" else _PLACEHOLDER for block in content),
        "content": content,
        "sender": "human" if turn.role == "user" else "assistant",
        "created_at": time,
        "updated_at": time,
        "attachments": [_attachment(part) for part in uploads if part.text],
        "files": [{"file_name": part.name, "file_uuid": ids.uuid()} for part in uploads if not part.text],
    }


def _attachment(part: Upload) -> Json:
    kind = part.name.rpartition(".")[2] if part.name else "txt"
    return {"file_name": part.name, "file_size": part.size, "file_type": kind, "extracted_content": part.text}


class _Blocks:
    """The content blocks of one message, each with the time it took."""

    def __init__(self, script: Script, turn: Turn, at: datetime, ids: IdSource) -> None:
        self.blocks: list[Json] = []
        self._script, self._ids, self._clock = script, ids, at
        self._sources = cited_sources(turn)
        for part in turn.parts:
            self._add(part)

    def _add(self, part: Part) -> None:
        match part:
            case Words() | Speech():
                self._words(part.text)
            case Thinking():
                self._thinking(part)
            case CodeRun():
                self._tool("repl", {"code": part.code}, [_text_item(part.output, self._ids)])
            case Search():
                found = [{"type": "knowledge", "title": s.title, "url": s.url, "text": s.text} for s in part.sources]
                rest = {"is_missing": False, "is_citable": True, "metadata": {"type": "webpage_metadata"}}
                self._tool("web_search", {"query": part.query}, [item | rest for item in found])
            case Picture():
                said = _text_item("The image was shown to the user.", self._ids)
                self._tool("generate_image", {"prompt": part.prompt, "width": part.width}, [said])
            case Document():
                self._tool("artifacts", self._document(part), [_text_item("OK", self._ids)])
            case WrittenFile():
                call = {"path": part.path, "file_text": part.content, "description": part.description}
                self._tool("create_file", call, [_text_item(f"File created successfully: {part.path}", self._ids)])
            case Upload():
                pass  # stands beside the content, in attachments or files

    def _block(self, kind: str, seconds: float, **fields: Any) -> None:
        start = self._clock
        self._clock += timedelta(seconds=seconds)
        times = {"start_timestamp": _iso(start, self._ids), "stop_timestamp": _iso(self._clock, self._ids)}
        self.blocks.append(times | {"flags": None, "type": kind} | fields)

    def _words(self, text: str) -> None:
        text, found = write_markers(text, self._sources, "")
        citations = [
            {
                "uuid": self._ids.uuid(),
                "start_index": citation.start,
                "end_index": citation.end,
                "details": {"type": "web_search_citation", "url": citation.source.url},
            }
            for citation in found
        ]
        self._block("text", 2, text=text, citations=citations)

    def _thinking(self, part: Thinking) -> None:
        summaries = [{"summary": part.summary}]
        self._block("thinking", 5, thinking=part.text, summaries=summaries, cut_off=False)

    def _tool(self, name: str, call: Json, result: list[Json]) -> None:
        made = f"toolu_01{self._ids.word(22)}"
        plain: Json = {"integration_name": None, "integration_icon_url": None, "display_content": None}
        self._block("tool_use", 2, id=made, name=name, input=call, message=None, context=None, **plain)
        self._block(
            "tool_result",
            1,
            tool_use_id=made,
            name=name,
            content=result,
            is_error=False,
            message=None,
            meta=None,
            **plain,
        )

    def _document(self, part: Document) -> Json:
        kind, _, language = part.type.partition("/")
        made: Json = {
            "id": "-".join(part.name.lower().replace(".", " ").split()),
            "command": part.command,
            "version_uuid": self._ids.uuid(),
        }
        if part.command == "update":
            return made | {"old_str": part.old, "new_str": part.content}
        type_ = _DOCUMENT_TYPES.get(part.type, "application/vnd.ant.code")
        made |= {"type": type_, "title": part.name, "content": part.content, "source": "c"}
        return made | {"language": language} if kind == "code" else made


def _text_item(text: str, ids: IdSource) -> Json:
    return {"type": "text", "text": text, "uuid": ids.uuid()}


def _iso(time: datetime, ids: IdSource) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}.{ids.below(1_000_000):06d}Z"
