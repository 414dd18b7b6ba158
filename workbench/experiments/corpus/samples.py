"""Writes the sample exports: three years of one fictional person's conversations, in the form the assistants give."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.experiments.corpus.archive import ascii_json_bytes, indented_json_bytes, json_bytes, write_zip
from workbench.experiments.corpus.chatgpt import chatgpt_conversation
from workbench.experiments.corpus.claude_writer import account_uuid, claude_conversation
from workbench.experiments.corpus.gemini import activity_record, exchange_record, exchanges, german_html
from workbench.experiments.corpus.identity import IdSource
from workbench.experiments.corpus.judgements import resolve
from workbench.experiments.corpus.library import sample_account, sample_activities, sample_queries, sample_scripts
from workbench.experiments.corpus.pictures import png_of
from workbench.experiments.corpus.script import Script

Json = dict[str, Any]
JSON_ACTIVITY = Path("gemini/Takeout/My Activity/Gemini Apps/MyActivity.json")
HTML_ACTIVITY = Path("gemini/Takeout-de/Meine Aktivitäten/Gemini-Apps/MeineAktivitäten.html")


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """What was written. `turns` counts what person and assistant said, without tool calls and results."""

    scripts: Mapping[str, int]
    turns: Mapping[str, int]
    queries: int
    files: tuple[Path, ...]
    bytes: int


def write_samples(folder: Path, *, seed: int = 7) -> SampleSummary:
    """Write the exports of all three assistants and the judged queries below `folder`.

    The bytes depend on `seed` alone.
    """
    scripts = sample_scripts()
    by_assistant = {name: [s for s in scripts if s.assistant == name] for name in ("chatgpt", "claude", "gemini")}
    queries = resolve(sample_queries(), scripts, seed=seed)
    files = {
        Path("queries.jsonl"): "".join(json.dumps(q, ensure_ascii=False) + "\n" for q in queries).encode(),
        **_gemini_files(by_assistant["gemini"], seed),
    }
    archives = {
        Path("chatgpt/chatgpt-export.zip"): _chatgpt_members(by_assistant["chatgpt"], seed),
        Path("claude/claude-export.zip"): _claude_members(by_assistant["claude"], seed),
    }
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    for path, members in archives.items():
        write_zip(folder / path, members)
    written = tuple(sorted((*files, *archives)))
    return SampleSummary(
        scripts={name: len(found) for name, found in by_assistant.items()},
        turns={name: sum(len(s.turns) for s in found) for name, found in by_assistant.items()},
        queries=len(queries),
        files=written,
        bytes=sum((folder / path).stat().st_size for path in written),
    )


def _chatgpt_members(scripts: Sequence[Script], seed: int) -> dict[str, bytes]:
    ids = IdSource(seed, "chatgpt", "account")
    user = f"user-{ids.word(24)}"
    written = {script.key: chatgpt_conversation(script, seed=seed) for script in reversed(scripts)}
    feedback = [_feedback(written[s.key], s, user, ids) for s in scripts if "feedback" in s.traits]
    shared = [
        {"id": ids.uuid(), "conversation_id": written[s.key]["id"], "title": s.title, "is_anonymous": True}
        for s in scripts
        if s.traits.get("shared") == "yes"
    ]
    account = sample_account()
    profile = {"id": user, "email": account["email"], "chatgpt_plus_user": True, "phone_number": None}
    conversations = list(written.values())
    return {
        "conversations.json": ascii_json_bytes(conversations),
        "user.json": ascii_json_bytes(profile),
        "message_feedback.json": ascii_json_bytes(feedback),
        "shared_conversations.json": ascii_json_bytes(shared),
        "chat.html": _chat_html(conversations[:1]),
    }


def _feedback(conversation: Json, script: Script, user: str, ids: IdSource) -> Json:
    given = datetime.fromtimestamp(conversation["update_time"], tz=UTC).isoformat()
    made = {"id": ids.uuid(), "conversation_id": conversation["id"], "user_id": user, "create_time": given}
    return made | {"rating": script.traits["feedback"], "content": "{}"}


def _chat_html(conversations: Sequence[Json]) -> bytes:
    """The offline viewer. The true one repeats every conversation; this one holds the newest alone, to stay small."""
    data = ascii_json_bytes(conversations).replace(b"</", b"<\\/")
    head = b"<html><head><title>ChatGPT Data Export</title></head><body><div id='root'></div><script>\n"
    return head + b"var jsonData = " + data + b";\n</script></body></html>\n"


def _claude_members(scripts: Sequence[Script], seed: int) -> dict[str, bytes]:
    account = sample_account()
    user = account_uuid(seed)
    ids = IdSource(seed, "claude", "projects")
    creator = {"uuid": user, "full_name": account["name"]}
    projects = [_project(project, creator, ids) for project in account["projects"]]
    memory = {
        "conversations_memory": account["memory"],
        "project_memories": {projects[0]["uuid"]: account["project_memory"]},
        "account_uuid": user,
    }
    profile = {
        "uuid": user,
        "full_name": account["name"],
        "email_address": account["email"],
        "verified_phone_number": None,
    }
    return {
        "conversations.json": json_bytes([claude_conversation(s, seed=seed) for s in reversed(scripts)]),
        "users.json": json_bytes([profile]),
        "projects.json": json_bytes(projects),
        "memories.json": json_bytes([memory]),
    }


def _project(project: Json, creator: Json, ids: IdSource) -> Json:
    created = project["created"].replace(" ", "T") + ":00.000000+00:00"
    return {
        "uuid": ids.uuid(),
        "name": project["name"],
        "description": project["description"],
        "is_private": True,
        "is_starter_project": False,
        "prompt_template": project["prompt_template"],
        "created_at": created,
        "updated_at": created,
        "creator": creator,
        "docs": [{"uuid": ids.uuid(), **doc, "created_at": created} for doc in project["docs"]],
    }


def _gemini_files(scripts: Sequence[Script], seed: int) -> dict[Path, bytes]:
    german = [script for script in scripts if script.traits.get("locale") == "de"]
    english = [script for script in scripts if script not in german]
    found = [exchange for script in english for exchange in exchanges(script, seed=seed)]
    records = [exchange_record(exchange) for exchange in found]
    records += [activity_record(activity) for activity in sample_activities(german=False)]
    records.sort(key=lambda record: str(record["time"]), reverse=True)
    told = [exchange for script in german for exchange in exchanges(script, seed=seed)]
    page = german_html([*told, *sample_activities(german=True)])
    pictures = {JSON_ACTIVITY.parent / name: png_of(name) for exchange in found for name in exchange.attached}
    return {JSON_ACTIVITY: indented_json_bytes(records), HTML_ACTIVITY: page.encode(), **pictures}
