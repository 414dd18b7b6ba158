"""The messages one turn becomes in a ChatGPT export: reasoning, tool calls and their results are nodes of their own."""

from __future__ import annotations

import json
import re

from workbench.errors import UsageError
from workbench.experiments.corpus.chatgpt.contents import (
    Json,
    bracket_citation,
    content_reference,
    image_pointer,
    message,
    run_result,
    search_entry,
    speech_content,
    text_content,
    user_content,
    user_metadata,
    webpage,
)
from workbench.experiments.corpus.citations import cited_sources, write_markers
from workbench.experiments.corpus.identity import IdSource
from workbench.experiments.corpus.script import (
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

_OLD_MARK = "【{n}†source】"
_NEW_MARK = "\ue200cite\ue202turn0search{n}\ue201"


def turn_messages(script: Script, turn: Turn, ids: IdSource) -> list[Json]:
    """The messages of `turn`, oldest first, each answering the one before it."""
    if turn.role == "user":
        return [message(ids, "user", user_content(turn, ids), at=turn.at, metadata=user_metadata(turn, ids))]
    made = _AnswerMessages(script, turn, ids)
    for part in turn.parts:
        made.add(part)
    made.finish()
    return made.messages


def hidden_start(script: Script, ids: IdSource) -> list[Json]:
    """The nodes above the first prompt: an empty system message and, where the script has some, custom instructions."""
    hidden = {"is_visually_hidden_from_conversation": True}
    start = [message(ids, "system", text_content(""), at=None, weight=0, end_turn=True, metadata=hidden)]
    about, rules = script.traits.get("about"), script.traits.get("instructions")
    if about or rules:
        content = {"content_type": "user_editable_context", "user_profile": about, "user_instructions": rules}
        context = {"about_user_message": about, "about_model_message": rules}
        metadata = hidden | {"user_context_message_data": context, "is_user_system_message": True}
        start.append(message(ids, "user", content, at=None, metadata=metadata))
    return start


class _AnswerMessages:
    """Collects the messages of one answer. Citations in words refer to the searches of the same turn."""

    def __init__(self, script: Script, turn: Turn, ids: IdSource) -> None:
        self.messages: list[Json] = []
        self._script = script
        self._ids = ids
        self._turn = turn
        self._model = script.traits.get("model", "gpt-4o")
        self._gizmo = script.traits.get("gpt")
        self._sources = cited_sources(turn)
        self._thought_for = 0

    def add(self, part: Part) -> None:
        match part:
            case Words():
                self._words(part.text)
            case Speech():
                self._say(speech_content(part, "out", self._ids))
            case Thinking():
                self._think(part)
            case CodeRun():
                self._run(part)
            case Search():
                self._search(part)
            case Picture():
                self._paint(part)
            case Document():
                self._edit(part)
            case WrittenFile():
                kind = "code/" + part.path.rpartition(".")[2]
                self._edit(Document("create", part.path.rpartition("/")[2], kind, part.content))
            case Upload():
                raise UsageError(f"the script {self._script.key!r} has an assistant that attaches a file")

    def finish(self) -> None:
        """Mark the last message as the end of the turn."""
        if self.messages:
            self.messages[-1]["end_turn"] = True

    def _say(self, content: Json, *, to: str = "all", metadata: Json | None = None, weight: int = 1) -> Json:
        base: Json = {
            "finish_details": {"type": "stop", "stop_tokens": [200002]},
            "is_complete": True,
            "model_slug": self._model,
            "default_model_slug": self._model,
            "message_type": None,
            "request_id": f"{self._ids.hex(16)}-FRA",
            "timestamp_": "absolute",
        }
        if self._gizmo:
            base["gizmo_id"] = self._gizmo
        return self._put("assistant", content, None, to, base | (metadata or {}), weight)

    def _tool(self, name: str, content: Json, *, metadata: Json | None = None, weight: int = 1) -> Json:
        base: Json = {"is_complete": True, "model_slug": self._model, "timestamp_": "absolute", "message_type": None}
        return self._put("tool", content, name, "all", base | (metadata or {}), weight)

    def _put(self, role: str, content: Json, name: str | None, to: str, metadata: Json, weight: int) -> Json:
        step = len(self.messages)
        made = message(
            self._ids, role, content, at=self._turn.at, step=step, name=name, to=to, weight=weight, metadata=metadata
        )
        self.messages.append(made)
        return made

    def _words(self, text: str) -> None:
        old = any(isinstance(part, Search) and part.style == "old" for part in self._turn.parts)
        text, citations = write_markers(text, self._sources, _OLD_MARK if old else _NEW_MARK)
        metadata: Json = {"citations": [], "content_references": []}
        if self._thought_for:
            recap = {"content_type": "reasoning_recap", "content": f"Thought for {self._thought_for} seconds"}
            self._say(recap, metadata={"finished_duration_sec": self._thought_for})
            self._thought_for = 0
        if old:
            metadata["citations"] = [bracket_citation(c) for c in citations]
        else:
            metadata["content_references"] = [content_reference(c) for c in citations]
        self._say(text_content(text), metadata=metadata)

    def _think(self, part: Thinking) -> None:
        thought = {"summary": part.summary, "content": part.text, "chunks": [], "finished": True}
        content = {"content_type": "thoughts", "thoughts": [thought], "source_analysis_msg_id": self._ids.uuid()}
        self._thought_for += 4 + len(part.text) // 60
        self._say(content)

    def _run(self, part: CodeRun) -> None:
        code = {"content_type": "code", "language": part.language, "response_format_name": None, "text": part.code}
        self._say(code, to=part.language)
        result = run_result(part, self._turn.at, self._ids)
        self._tool(
            part.language,
            {"content_type": "execution_output", "text": part.output},
            metadata={"aggregate_result": result},
        )

    def _search(self, part: Search) -> None:
        if part.style == "old":
            self._old_search(part)
            return
        call = json.dumps({"search_query": [{"q": part.query}], "response_length": "short"}, ensure_ascii=False)
        content = {"content_type": "code", "language": "unknown", "response_format_name": None, "text": call}
        self._say(content, to="web.run")
        groups = [
            {"type": "search_result_group", "domain": source.domain, "entries": [search_entry(n, source)]}
            for n, source in enumerate(part.sources)
        ]
        metadata = {"search_result_groups": groups, "search_queries": [{"type": "search", "q": part.query}]}
        self._tool("web.run", text_content(""), metadata=metadata)

    def _old_search(self, part: Search) -> None:
        call = f"search({json.dumps(part.query, ensure_ascii=False)})"
        content = {"content_type": "code", "language": "unknown", "response_format_name": None, "text": call}
        self._say(content, to="browser", weight=0)
        result = "\n".join(f"# 【{n}†{s.title}†{s.domain}】\n{s.text}" for n, s in enumerate(part.sources))
        display: Json = {"content_type": "tether_browsing_display", "result": result, "summary": None, "assets": []}
        cite = {
            "citation_format": {"name": "tether_og"},
            "metadata_list": [webpage(source) for source in part.sources],
            "original_query": None,
        }
        metadata = {"command": "search", "args": [part.query], "status": "finished", "_cite_metadata": cite}
        self._tool("browser", display | {"tether_id": None}, metadata=metadata, weight=0)

    def _paint(self, part: Picture) -> None:
        call = json.dumps({"size": f"{part.width}x{part.height}", "n": 1, "prompt": part.prompt}, ensure_ascii=False)
        content = {"content_type": "code", "language": "json", "response_format_name": None, "text": call}
        self._say(content, to="dalle.text2im")
        dalle = {
            "gen_id": self._ids.word(16),
            "prompt": part.prompt,
            "seed": self._ids.below(2**32),
            "parent_gen_id": None,
            "edit_op": None,
            "serialization_title": "DALL-E generation metadata",
        }
        pointer = image_pointer(self._ids, part.width, part.height, 310_000 + self._ids.below(90_000))
        pointer["metadata"] = {"dalle": dalle, "sanitized": False}
        self._tool("dalle.text2im", {"content_type": "multimodal_text", "parts": [pointer]})

    def _edit(self, part: Document) -> None:
        if part.command == "create":
            payload: Json = {"name": part.name, "type": part.type, "content": part.content}
            tool = "create_textdoc"
        else:
            pattern = ".*" if part.command == "rewrite" else re.escape(part.old)
            payload = {"updates": [{"pattern": pattern, "multiple": False, "replacement": part.content}]}
            tool = "update_textdoc"
        call = json.dumps(payload, ensure_ascii=False)
        content = {"content_type": "code", "language": "json", "response_format_name": None, "text": call}
        self._say(content, to=f"canmore.{tool}")
        document = IdSource(0, self._script.key, part.name).hex(32)
        steps = [p for t in self._script.turns for p in t.parts if isinstance(p, Document) and p.name == part.name]
        version = next((n for n, step in enumerate(steps, 1) if step is part), 1)
        canvas = {
            "textdoc_id": document,
            "textdoc_type": part.type,
            "version": version,
            "title": part.name,
            "create_source": "model",
        }
        done = "created" if part.command == "create" else "updated"
        said = f'Successfully {done} text document with `textdoc_id` "{document}".'
        self._tool(f"canmore.{tool}", text_content(said), metadata={"canvas": canvas, "command": tool})
