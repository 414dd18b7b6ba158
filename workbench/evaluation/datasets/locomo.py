"""LoCoMo: long conversations of two people, and questions on single turns.

Maharana et al., "Evaluating Very Long-Term Conversational Memory of LLM Agents", ACL 2024. A turn is searched as
"date speaker: text caption", a question ranks the turns of its own conversation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.evaluation.datasets.dataset import Dataset, Turn, linear, required, unreadable
from workbench.evaluation.judgements import JudgedQuery, Split
from workbench.model import Role, Transcript, message_id

NAME = "locomo"
_CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}
_TUNED_ON = 5  # conversations, from the first on
_TIME = "%I:%M %p on %d %B, %Y"
_SESSION = re.compile(r"session_(\d+)")
_TURN = re.compile(r"D\d+:\d+")


def load(folder: Path) -> Dataset:
    """The set in `folder`/locomo/locomo10.json.

    Raises:
        UsageError: It is not there, or in another form.
    """
    [path] = required(folder / NAME, "locomo10.json")
    try:
        samples: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        transcripts = tuple(linear(NAME, one["sample_id"], _turns(one["conversation"])) for one in samples)
        asked = sum(len(one["qa"]) for one in samples)
        queries = [
            query
            for number, (one, transcript) in enumerate(zip(samples, transcripts, strict=True))
            for query in _queries(one, transcript, Split.TUNE if number < _TUNED_ON else Split.HELD_OUT)
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise unreadable(path, error) from error
    remark = f"{asked - len(queries)} of {asked:,} questions name no turn as evidence and are left out"
    return Dataset(NAME, transcripts, lambda _: queries, (remark,))


def _turns(conversation: dict[str, Any]) -> Iterator[Turn]:
    sessions = sorted(int(found[1]) for key in conversation if (found := _SESSION.fullmatch(key)))
    for number in sessions:
        date = conversation[f"session_{number}_date_time"]
        when = datetime.strptime(date, _TIME).replace(tzinfo=UTC)
        for turn in conversation[f"session_{number}"]:
            text = f"{date} {turn['speaker']}: {turn['text']} {turn.get('blip_caption', '')}".rstrip()
            yield Turn(turn["dia_id"], Role.USER, text, when)


def _queries(sample: dict[str, Any], transcript: Transcript, split: Split) -> Iterator[JudgedQuery]:
    pool = transcript.conversation.id
    known = {message.id for message in transcript.messages}
    for number, one in enumerate(sample["qa"], start=1):
        evidence = _TURN.findall(" ".join(one.get("evidence", [])))
        grades = {identifier: 1 for turn in evidence if (identifier := message_id(pool, turn)) in known}
        if grades:
            kind = _CATEGORIES[one["category"]]
            yield JudgedQuery(f"{sample['sample_id']}/{number}", one["question"], kind, grades, pool, split)
