"""How large an answer may be, and what of it is given: the one place that decides.

A byte-level tokenizer makes at most one token of a byte, so `MOST_BYTES` of JSON are never more than 24,000 tokens,
whatever the language; of English they are about 6,000.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from pydantic import BaseModel

from workbench.errors import ServiceError

LEAST_BYTES = 4_000
DEFAULT_BYTES = 12_000
MOST_BYTES = 24_000
CURSOR_BYTES = 300  # room for what says how to go on
_ELLIPSIS = "…"


def encoded(answer: BaseModel) -> str:
    """An answer as the JSON that a model reads; what is None is left out."""
    return answer.model_dump_json(exclude_none=True)


def checked(answer: BaseModel) -> str:
    """`encoded`, for what is about to be sent.

    Raises:
        ServiceError: It is longer than anything may be; a fault of ours, and better than flooding a model.
    """
    text = encoded(answer)
    if (size := len(text.encode())) > MOST_BYTES:
        raise ServiceError(f"the answer has {size:,} bytes", f"no more than {MOST_BYTES:,} are sent", "ask for less")
    return text


def json_bytes(text: str) -> int:
    """Bytes of a text within JSON, escapes counted, quotes not."""
    return len(orjson.dumps(text)) - 2


def beginning(text: str, start: int, room: int) -> str:
    """As much of `text` from the character `start` on as takes at most `room` bytes of JSON."""
    candidate = text[start : start + max(room, 0)]  # no character takes less than a byte
    if json_bytes(candidate) <= room:
        return candidate
    low, high = 0, len(candidate)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if json_bytes(candidate[:middle]) <= room else (low, middle - 1)
    return candidate[:low]


def clipped(text: str, room: int) -> str:
    """`text` on one line, ended by "…" where it takes more than `room` bytes of JSON.

    Half a surrogate pair, which a caller's argument may hold, becomes "?".
    """
    line = " ".join(text[:room].encode("utf-8", "replace").decode().split())
    if len(text) <= room and json_bytes(line) <= room:
        return line
    return beginning(line, 0, room - len(_ELLIPSIS.encode())) + _ELLIPSIS


def how_many(head: BaseModel, items: Sequence[BaseModel], limit: int) -> int:
    """How many of `items`, from the first on, fit within `limit` bytes beside `head`, an answer that has none yet."""
    room = limit - CURSOR_BYTES - len(encoded(head).encode())
    for number, item in enumerate(items):
        room -= len(encoded(item).encode()) + 1
        if room < 0:
            return number
    return len(items)


def shares(sizes: Sequence[int], room: int) -> list[int]:
    """`room` bytes divided among texts of these sizes: small ones get what they need, the others equal parts."""
    given = [0] * len(sizes)
    for rank, number in enumerate(sorted(range(len(sizes)), key=lambda one: sizes[one])):
        given[number] = min(sizes[number], max(room, 0) // (len(sizes) - rank))
        room -= given[number]
    return given
