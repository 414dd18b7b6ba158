"""Examples in the API's description; a test sees that each is what its schema says."""

from __future__ import annotations

from typing import Any

CONVERSATION: dict[str, Any] = {
    "id": "c_8d335851fdfa1abb0834",
    "assistant": "claude",
    "title": "Sourdough that stays flat",
    "created_at": "2025-03-01T09:00:00Z",
    "updated_at": "2025-03-01T09:12:00Z",
    "project": "Kitchen",
    "model": "claude-sonnet-4",
    "url": "https://claude.ai/chat/4f1c",
}
WHOLE_CONVERSATION = {**CONVERSATION, "native_id": "4f1c", "meta": {}}
CONVERSATIONS = {"conversations": [{**CONVERSATION, "messages": 4}], "total": 1, "cursor": None}
MESSAGE: dict[str, Any] = {
    "id": "m_2f0c8d41b7e6a9530c1d",
    "conversation_id": CONVERSATION["id"],
    "parent_id": None,
    "position": 0,
    "role": "user",
    "content": "My loaf came out flat and dense. Why?",
    "kind": "text",
    "on_active_path": True,
    "hidden": False,
    "author": None,
    "created_at": "2025-03-01T09:00:00Z",
    "model": None,
}
ARTIFACT: dict[str, Any] = {
    "id": "a_91d0c2b3a4f5e6d7c8b9",
    "message_id": MESSAGE["id"],
    "kind": "code",
    "content": "print(0.7 * flour)",
    "language": "python",
    "title": None,
    "reference": None,
    "version": None,
    "meta": {},
}
ARTIFACT_ENTRY = {
    "id": ARTIFACT["id"],
    "message_id": MESSAGE["id"],
    "conversation_id": CONVERSATION["id"],
    "assistant": "claude",
    "kind": "code",
    "language": "python",
    "title": None,
    "reference": None,
    "version": None,
    "created_at": "2025-03-01T09:00:00Z",
    "length": 18,
    "preview": "print(0.7 * flour)",
}
ARTIFACTS = {"artifacts": [ARTIFACT_ENTRY], "total": 1, "cursor": None}
CONVERSATION_PAGE = {
    "conversation": WHOLE_CONVERSATION, "messages": [MESSAGE], "artifacts": [ARTIFACT], "total": 4,
    "cursor": "WyI1ZjBjIiwgIm1fMmYwYyJd",
}  # fmt: skip
MESSAGE_WITH_ARTIFACTS = {"message": MESSAGE, "artifacts": [ARTIFACT]}
AROUND = {
    "conversation": WHOLE_CONVERSATION, "messages": [MESSAGE], "index": 0, "artifacts": [ARTIFACT],
    "more_before": False, "more_after": True,
}  # fmt: skip
HIT: dict[str, Any] = {
    "rank": 1,
    "score": 1.31,
    "message_id": MESSAGE["id"],
    "conversation_id": CONVERSATION["id"],
    "assistant": "claude",
    "role": "user",
    "kind": "text",
    "title": CONVERSATION["title"],
    "position": 0,
    "created_at": "2025-03-01T09:00:00Z",
    "snippet": "My loaf came out flat and dense. Why?",
    "highlights": [[3, 7], [17, 21]],
    "content": "My loaf came out flat and dense. Why?",
    "legs": [],
    "others": 0,
    "category": None,
    "confidence": None,
    "labels": [],
}
SEARCH = {
    "contexts": [HIT],
    "generation": 12,
    "candidates": 212,
    "match": "good",
    "cursor": "WzEyLCAiNWYwYyJd",
    "partial": False,
    "notes": [],
    "advice": [],
}
FACETS = {
    "facets": {
        "assistant": {"claude": 210, "chatgpt": 32}, "role": {"assistant": 121, "user": 121}, "month": {"2025-03": 242},
        "project": {}, "model": {"gpt-4o": 32}, "kind": {"code": 12}, "language": {"python": 9},
    },
    "generation": 12,
}  # fmt: skip
MEMORY = {
    "id": "m_77aa0c8d41b7e6a9530c",
    "content": "Prefers rye over wheat",
    "category": "preference",
    "confidence": 0.9,
    "labels": ["kitchen"],
    "source": "chat on 2025-03-01",
    "created_at": "2025-03-01T09:20:00Z",
    "sequence": 42,
}
JOB: dict[str, Any] = {
    "id": "i_0d6f2c9b1a7e43f58c21",
    "state": "done",
    "filename": "claude-export.zip",
    "bytes": 48_213_004,
    "created_at": "2025-03-01T09:20:00Z",
    "started_at": "2025-03-01T09:20:01Z",
    "finished_at": "2025-03-01T09:21:12Z",
    "waiting_for": None,
    "attempts": 1,
    "report": {
        "conversations": {"new": 812, "changed": 3, "unchanged": 0}, "messages_new": 9120, "messages_changed": 4,
        "messages_unchanged": 0, "artifacts": 2210, "rows_written": 21_004, "texts_embedded": 8800, "generation": 13,
        "partial": False, "seconds": {"reading": 20.5, "embedding": 41.0, "publishing": 9.2}, "left_out": {},
    },
    "error": None,
}  # fmt: skip
QUEUED_JOB = {**JOB, "state": "queued", "started_at": None, "finished_at": None, "attempts": 0, "report": None}
IMPORTS = {"imports": [JOB], "total": 1, "cursor": None}
_META = '{"type":"meta","generation":12,"match":"good","notes":[]}'
_END = '{"type":"end","hits":1,"pages":1,"cursor":null,"partial":false}'
STREAM = f"{_META}\n{_END}\n"
EVENTS = f"event: meta\ndata: {_META}\n\nevent: end\ndata: {_END}\n\n"
