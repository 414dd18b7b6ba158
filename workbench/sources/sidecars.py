"""What lies beside the conversations of an export: known, told, not imported."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.sources import fields
from workbench.sources.structure import shape_of

_BY_KEYS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"logical_files", "manifest_file"}), "the list of files of a ChatGPT export"),
    (frozenset({"data_files", "total_files"}), "a Claude manifest, which only links to the parts of an export"),
    (frozenset({"conversation_id", "rating"}), "ratings given to ChatGPT; no conversations"),
    (frozenset({"conversation_id", "is_anonymous"}), "conversations shared from ChatGPT; only their titles"),
    (frozenset({"library_file_id"}), "the list of files kept by ChatGPT"),
    (frozenset({"prompt_template", "docs"}), "projects of Claude; no conversations"),
    (frozenset({"conversations_memory"}), "what Claude remembers; no conversations"),
    (frozenset({"verified_phone_number"}), "the users of a Claude export; no conversations"),
    (frozenset({"chatgpt_plus_user"}), "the user of a ChatGPT export; no conversations"),
    (frozenset({"inserted_at", "mapping"}), "a DeepSeek export, which is not read yet"),
)
_BY_NAME = {
    "chat.html": "ChatGPT's own viewer of the same conversations",
    "codex.json": "tasks of Codex; not imported",
    "conversation_asset_file_names.json": "the names of ChatGPT's files",
    "group_chats.json": "group chats of ChatGPT; not imported",
    "login_history.json": "logins; no conversations",
    "memories.json": "what Claude remembers; no conversations",
    "message_feedback.json": "ratings given to ChatGPT; no conversations",
    "model_comparisons.json": "model comparisons of ChatGPT; not imported",
    "projects.json": "projects of Claude; no conversations",
    "shared_conversations.json": "conversations shared from ChatGPT; only their titles",
    "shopping.json": "shopping research of ChatGPT; not imported",
    "sora.json": "Sora; not imported",
    "user.json": "the user of a ChatGPT export; no conversations",
    "user_settings.json": "settings of ChatGPT; no conversations",
    "users.json": "the users of a Claude export; no conversations",
    "gemini_gems_data.html": "Gems of Gemini; no conversations",
}
_MANIFEST = "Download the parts it names (conversations-000.zip first) and import those"
_OWN_VIEWER = "Import conversations.json of the same export"


def about(name: str, head: bytes) -> str | None:
    """What a known companion of an export is, by its structure or else its name; None where it is not known."""
    keys = shape_of(head).keys
    return next((note for known, note in _BY_KEYS if known <= keys), None) or _BY_NAME.get(name)


def hint_for(head: bytes) -> str:
    """What to import instead of a file that belongs to an export but holds no conversation; empty if none is known."""
    if {"data_files", "total_files"} <= shape_of(head).keys:
        return _MANIFEST
    if shape_of(head).kind == "html" and b"jsonData" in head:
        return _OWN_VIEWER
    if head.startswith(b"\x1f\x8b"):
        return "Unpack it and import the folder"
    note = about("", head)
    return f"This is {note}. Import the whole export" if note else ""


def missing_shards(data: bytes, names: set[str]) -> Iterator[str]:
    """The conversation files that a ChatGPT manifest names and that are not among `names`."""
    try:
        logical = fields.mapping(fields.mapping(fields.decode(data)).get("logical_files"))
    except ValueError:
        return
    conversations = fields.mapping(logical.get("conversations.json"))
    for shard in fields.sequence(conversations.get("files")):
        if (name := fields.name(shard)) and name.rsplit("/", 1)[-1] not in names:
            yield name
