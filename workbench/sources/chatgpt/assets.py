"""Images, sound and files of a ChatGPT message: pointers to things that lie beside the conversations."""

from __future__ import annotations

import re
from typing import Any

from workbench.model import ArtifactKind
from workbench.sources import fields
from workbench.sources.pieces import file_piece
from workbench.sources.thread import Piece

_FILE_ID = re.compile(r"file[-_][0-9A-Za-z]+")
_SPOKEN = "audio_asset_pointer"


def part_pieces(content: dict[str, Any], named: dict[str, str]) -> list[Piece]:
    """What the objects within `parts` point at; `named` gives the names of attachments by file id."""
    parts = fields.objects(content.get("parts")) + fields.objects(content.get("assets"))
    screenshot = fields.mapping(content.get("screenshot"))
    if fields.name(screenshot.get("asset_pointer")):
        parts.append({**screenshot, "content_type": "image_asset_pointer"})
    return [piece for part in parts for piece in _part(part, named)]


def _part(part: dict[str, Any], named: dict[str, str]) -> list[Piece]:
    content_type = fields.name(part.get("content_type"))
    pointer = fields.name(part.get("asset_pointer"))
    if content_type == "image_asset_pointer":
        return [_image(part, pointer, named)]
    if content_type == _SPOKEN:
        return [Piece(ArtifactKind.AUDIO, language=None, reference=pointer or None, meta=_sound(part))]
    if content_type == "real_time_user_audio_video_asset_pointer":
        return [piece for piece in _video(part) if piece.reference]
    if content_type == "audio_transcription" or isinstance(part.get("text"), str):
        return []
    return [Piece(ArtifactKind.FILE, title=content_type or None, reference=pointer or None, meta={"raw": part})]


def _image(part: dict[str, Any], pointer: str, named: dict[str, str]) -> Piece:
    metadata = fields.mapping(part.get("metadata"))
    dalle = fields.mapping(metadata.get("dalle"))
    prompt = fields.text(dalle.get("prompt"))
    name = named.get(_file_id(pointer), "")
    title = prompt or fields.text(dalle.get("serialization_title")) or name
    sizes = {key: part[key] for key in ("width", "height", "size_bytes") if fields.number(part.get(key)) is not None}
    meta: dict[str, Any] = {**sizes, "prompt": prompt} if prompt else sizes
    return Piece(ArtifactKind.IMAGE, title=title or None, reference=pointer or None, meta=meta)


def _sound(part: dict[str, Any]) -> dict[str, Any]:
    return {key: part[key] for key in ("format", "size_bytes") if fields.given(part.get(key))}


def _video(part: dict[str, Any]) -> list[Piece]:
    nested = fields.mapping(part.get(_SPOKEN))
    pointer = fields.name(nested.get("asset_pointer")) or fields.name(part.get(_SPOKEN))
    frames = [fields.mapping(frame) for frame in fields.sequence(part.get("frames_asset_pointers"))]
    images = [Piece(ArtifactKind.IMAGE, reference=fields.name(frame.get("asset_pointer"))) for frame in frames]
    return [Piece(ArtifactKind.AUDIO, reference=pointer, meta=_sound(nested)), *images]


def _file_id(pointer: str) -> str:
    found = _FILE_ID.search(pointer)
    return found[0] if found else pointer


def attachments(files: list[dict[str, Any]], shown: list[Piece]) -> list[Piece]:
    """The attached files that the message does not show already."""
    pointed = {_file_id(piece.reference) for piece in shown if piece.reference}
    pieces = []
    for file in files:
        identity, title = fields.name(file.get("id")), fields.name(file.get("name"))
        if (identity or title) and identity not in pointed:
            mime = fields.name(file.get("mime_type")) or fields.name(file.get("mimeType"))
            pieces.append(file_piece(title, identity, mime_type=mime, size=fields.number(file.get("size"))))
    return pieces


def run_pieces(metadata: dict[str, Any]) -> list[Piece]:
    """The charts that a run of the code interpreter drew."""
    messages = fields.objects(fields.mapping(metadata.get("aggregate_result")).get("messages"))
    urls = [fields.name(message.get("image_url")) for message in messages]
    return [Piece(ArtifactKind.CHART, reference=url) for url in urls if url]
