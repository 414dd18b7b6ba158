"""One ChatGPT conversation: the tree of nodes and the fields around it."""

from __future__ import annotations

from workbench.experiments.corpus.chatgpt.contents import Json
from workbench.experiments.corpus.chatgpt.messages import hidden_start, turn_messages
from workbench.experiments.corpus.identity import IdSource
from workbench.experiments.corpus.script import ROOT, Script

_SLIM_MESSAGE = ("id", "author", "content", "create_time", "metadata")
_SLIM_CONTENT = ("text", "multimodal_text", "thoughts", "reasoning_recap")


def chatgpt_conversation(script: Script, *, seed: int) -> Json:
    """Write `script` as an element of `conversations.json`.

    Traits understood: `model`, `project` (g-p-...), `gpt` (g-...), `about` and `instructions` (custom instructions),
    `archived`, and `shape: slim` for the reduced nodes of summer 2026.
    """
    ids = IdSource(seed, "chatgpt", script.key)
    conversation = ids.uuid()
    mapping, current = _mapping(script, ids)
    if script.traits.get("shape") == "slim":
        mapping, current = _slim(mapping, current)
    gizmo = script.traits.get("project") or script.traits.get("gpt")
    kind = None if gizmo is None else "snorlax" if gizmo.startswith("g-p-") else "gpt"
    return {
        "title": script.title,
        "create_time": script.started_at.timestamp() + ids.below(900_000) / 1e6,
        "update_time": script.ended_at.timestamp() + 4 + ids.below(900_000) / 1e6,
        "mapping": mapping,
        "moderation_results": [],
        "current_node": current,
        "plugin_ids": None,
        "conversation_id": conversation,
        "conversation_template_id": gizmo,
        "gizmo_id": gizmo,
        "gizmo_type": kind,
        "is_archived": script.traits.get("archived") == "yes",
        "is_starred": None,
        "safe_urls": [],
        "blocked_urls": [],
        "default_model_slug": script.traits.get("model", "gpt-4o"),
        "conversation_origin": None,
        "voice": None,
        "async_status": None,
        "disabled_tool_ids": [],
        "is_do_not_remember": False,
        "memory_scope": "global_enabled",
        "id": conversation,
    }


def _mapping(script: Script, ids: IdSource) -> tuple[Json, str]:
    root = ids.uuid()
    mapping: Json = {root: {"id": root, "message": None, "parent": None, "children": []}}
    tips = {ROOT: _append(mapping, root, hidden_start(script, ids))}
    current = tips[ROOT]
    for turn in script.turns:
        current = _append(mapping, tips[turn.parent], turn_messages(script, turn, ids))
        tips[turn.label] = current
    return mapping, current


def _append(mapping: Json, parent: str, messages: list[Json]) -> str:
    for message in messages:
        node = message["id"]
        mapping[node] = {"id": node, "message": message, "parent": parent, "children": []}
        mapping[parent]["children"].append(node)
        if message["author"]["role"] != "user":
            message["metadata"]["parent_id"] = parent
        parent = node
    return parent


def _slim(mapping: Json, current: str) -> tuple[Json, str]:
    """Drop what the slim shape does not have; a dropped node's children move up to its parent."""
    kept: Json = {}
    stands_in: dict[str, str] = {}
    for node, entry in mapping.items():
        message, parent = entry["message"], entry["parent"]
        parent = stands_in.get(parent, parent)
        if message and (message["author"]["role"] not in ("user", "assistant") or not _is_slim(message)):
            stands_in[node] = parent
            continue
        slim = message and {name: message[name] for name in _SLIM_MESSAGE}
        kept[node] = {"id": node, "message": slim, "parent": parent}
    return kept, stands_in.get(current, current)


def _is_slim(message: Json) -> bool:
    return message["content"]["content_type"] in _SLIM_CONTENT
