"""Judged queries: what was asked, and which messages answer it.

A line of the file is {"id", "query", "kind", "relevant": [{"assistant", "quote", "grade", …}]}. A message is named by a
quote that stands in it and in no other message, so that judgements outlive changes of ids and formats.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from workbench.errors import UsageError
from workbench.record import Database

_QUOTED = """
    SELECT id FROM messages WHERE searched AND assistant = $assistant AND contains(content, $quote) LIMIT 2"""


class Split(StrEnum):
    """Which half of a labelled set a query belongs to: constants are chosen on one and reported on the other."""

    TUNE = "tune"
    HELD_OUT = "held-out"


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """One query and its answers: message ids with grades, 2 for an answer, 1 for what only states the matter.

    `kind` is its category. `pool` is the id of the conversation whose messages are ranked, None for the whole store.
    `split` is None where a set has no halves.
    """

    id: str
    text: str
    kind: str
    grades: Mapping[str, int]
    pool: str | None = None
    split: Split | None = None


def load_judgements(path: Path, catalog: Database) -> list[JudgedQuery]:
    """The judged queries of a file, their quotes resolved to the ids of messages in `catalog`.

    Raises:
        UsageError: A line cannot be read, or quotes do not each stand in exactly one message. All are named.
    """
    judged: list[JudgedQuery] = []
    faults: list[str] = []
    cursor = catalog.cursor()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            found: dict[str, Any] = json.loads(line)
            grades: dict[str, int] = {}
            for one in found["relevant"]:
                ids = cursor.rows(_QUOTED, {"assistant": one["assistant"], "quote": one["quote"]})
                if len(ids) == 1:
                    grades[ids[0][0]] = max(int(one["grade"]), grades.get(ids[0][0], 0))
                else:
                    faults.append(f"{found['id']}: {len(ids) or 'no'} messages have {one['quote']!r}")
            judged.append(JudgedQuery(found["id"], found["query"], found["kind"], grades))
        except (ValueError, KeyError, TypeError) as error:
            faults.append(f"line {number}: {error}")
    if faults:
        raise UsageError(f"the judgements in {path.name} do not fit this store", "; ".join(faults))
    return judged
