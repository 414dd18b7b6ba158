"""The objects a ChatGPT export is made of: messages, contents, pointers, citations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from workbench.experiments.corpus.citations import Citation
from workbench.experiments.corpus.identity import IdSource
from workbench.experiments.corpus.script import CodeRun, Source, Speech, Turn, Upload

Json = dict[str, Any]
_STEP_SECONDS = 0.9


def message(
    ids: IdSource,
    role: str,
    content: Json,
    *,
    at: datetime | None,
    step: int = 0,
    name: str | None = None,
    to: str = "all",
    weight: int = 1,
    end_turn: bool | None = None,
    metadata: Json | None = None,
) -> Json:
    """One message object; `step` counts from 0 within the turn, so that the parts of an answer follow each other."""
    made = ids.uuid()
    seconds = None if at is None else round(at.timestamp() + step * _STEP_SECONDS + ids.below(900_000) / 1e6, 6)
    return {
        "id": made,
        "author": {"role": role, "name": name, "metadata": {}},
        "create_time": seconds,
        "update_time": None,
        "content": content,
        "status": "finished_successfully",
        "end_turn": end_turn,
        "weight": float(weight),
        "metadata": metadata or {},
        "recipient": to,
        "channel": None,
    }


def text_content(text: str) -> Json:
    """The content of a plain text message."""
    return {"content_type": "text", "parts": [text]}


def user_content(turn: Turn, ids: IdSource) -> Json:
    """What the person sent: text, text with pictures, or a recording with its transcript."""
    spoken = [part for part in turn.parts if isinstance(part, Speech)]
    if spoken:
        return speech_content(spoken[0], "in", ids)
    images = [part for part in turn.parts if isinstance(part, Upload) and part.is_image]
    if not images:
        return text_content(turn.text)
    pointers = [image_pointer(ids, 1536, 1152, image.size) | {"metadata": None} for image in images]
    return {"content_type": "multimodal_text", "parts": [*pointers, turn.text]}


def user_metadata(turn: Turn, ids: IdSource) -> Json:
    """Metadata of a prompt, attachments included."""
    metadata: Json = {"request_id": f"{ids.hex(16)}-FRA", "timestamp_": "absolute", "message_type": None}
    uploads = [part for part in turn.parts if isinstance(part, Upload)]
    if uploads:
        metadata["attachments"] = [
            {"id": f"file-{ids.word(24)}", "name": u.name, "mime_type": u.media_type, "size": u.size} for u in uploads
        ]
    if any(isinstance(part, Speech) for part in turn.parts):
        metadata["voice_mode_message"] = True
    return metadata


def speech_content(part: Speech, direction: str, ids: IdSource) -> Json:
    """Spoken words: the transcript and a pointer to the recording, "in" or "out"."""
    transcription = {
        "content_type": "audio_transcription",
        "text": part.text,
        "direction": direction,
        "decoding_id": None,
    }
    audio = {
        "expiry_datetime": None,
        "content_type": "audio_asset_pointer",
        "asset_pointer": f"sediment://file_{ids.hex(32)}",
        "size_bytes": int(part.seconds * 48_000),
        "format": "wav",
        "metadata": {"start": 0.0, "end": part.seconds},
    }
    return {"content_type": "multimodal_text", "parts": [transcription, audio]}


def image_pointer(ids: IdSource, width: int, height: int, size: int) -> Json:
    """A pointer to an image that the export names but need not hold; sizes in pixels and bytes."""
    return {
        "content_type": "image_asset_pointer",
        "asset_pointer": f"file-service://file-{ids.word(24)}",
        "size_bytes": size,
        "width": width,
        "height": height,
        "fovea": None,
    }


def run_result(part: CodeRun, at: datetime | None, ids: IdSource) -> Json:
    """How a code run went, with printed text and charts as the messages of the kernel."""
    began = None if at is None else at.timestamp()
    sent: list[Json] = []
    if part.output:
        sent.append({"message_type": "stream", "stream_name": "stdout", "text": part.output, "sender": "server"})
    if part.chart:
        url = f"file-service://file-{ids.word(24)}"
        image = {"message_type": "image", "image_payload": None, "image_url": url, "width": 1979, "height": 1180}
        sent.append(image | {"sender": "server", "title": part.chart})
    return {
        "status": "success",
        "run_id": ids.uuid(),
        "start_time": began,
        "update_time": None if began is None else began + 1.4,
        "code": part.code,
        "end_time": None if began is None else began + 1.4,
        "final_expression_output": None,
        "in_kernel_exception": None,
        "system_exception": None,
        "messages": sent,
        "jupyter_messages": [],
        "timeout_triggered": None,
    }


def search_entry(number: int, source: Source) -> Json:
    """One found page among the results of the newer web tool."""
    return {
        "type": "search_result",
        "url": source.url,
        "title": source.title,
        "snippet": source.text,
        "ref_id": {"turn_index": 0, "ref_type": "search", "ref_index": number},
        "pub_date": None,
        "attribution": source.domain,
    }


def webpage(source: Source) -> Json:
    """A page as the older browser tool describes it."""
    page = {"type": "webpage", "title": source.title, "url": source.url, "text": source.text}
    return page | {"pub_date": None, "extra": None}


def bracket_citation(citation: Citation) -> Json:
    """A citation of the 【3†source】 kind."""
    extra = {"cited_message_idx": citation.number, "search_result_idx": citation.number, "evidence_text": "source"}
    page = webpage(citation.source) | {"text": "", "extra": extra}
    place = {"start_ix": citation.start, "end_ix": citation.end, "citation_format_type": "tether_og"}
    return place | {"metadata": page}


def content_reference(citation: Citation) -> Json:
    """A citation of the kind marked by private-use characters."""
    source = citation.source
    item = {"title": source.title, "url": source.url, "pub_date": None, "snippet": source.text}
    return {
        "matched_text": citation.matched,
        "start_idx": citation.start,
        "end_idx": citation.end,
        "alt": f"([{source.domain}]({source.url}))",
        "type": "grouped_webpages",
        "items": [item | {"attribution": source.domain, "supporting_websites": []}],
        "fallback_items": [],
        "refs": [{"turn_index": 0, "ref_type": "search", "ref_index": citation.number}],
    }
