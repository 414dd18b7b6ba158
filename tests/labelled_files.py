"""Tiny labelled sets in the forms of the real ones, written for the tests; and where the real ones may be."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow as pa
import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("WORKBENCH_DATASETS") or ROOT.parent / "shared" / "datasets")


def needs(name: str) -> pytest.MarkDecorator:
    """Skip unless the real set `name` is on this machine."""
    where = "neither named by WORKBENCH_DATASETS nor in ../shared/datasets"
    return pytest.mark.skipif(not (SHARED / name).is_dir(), reason=f"the labelled set {name} is {where}")


def write_locomo(folder: Path, samples: int = 6) -> None:
    """`samples` conversations of two sessions; the questions of each ask for the kettle and for the garden."""
    (folder / "locomo").mkdir(parents=True)
    (folder / "locomo" / "locomo10.json").write_text(
        json.dumps([_locomo(number) for number in range(samples)]), encoding="utf-8"
    )


def _locomo(number: int) -> dict[str, object]:
    return {
        "sample_id": f"conv-{number}",
        "conversation": {
            "speaker_a": "Ada", "speaker_b": "Ben",
            "session_10_date_time": "9:05 am on 2 June, 2023", "session_10": [
                {"speaker": "Ben", "dia_id": "D10:1", "text": "The garden is full of snails."},
            ],
            "session_2_date_time": "1:56 pm on 8 May, 2023", "session_2": [
                {"speaker": "Ada", "dia_id": "D2:1", "text": f"I bought kettle number {number}."},
                {"speaker": "Ben", "dia_id": "D2:2", "text": "Look at it!", "blip_caption": "a photo of a red kettle"},
            ],
        },
        "qa": [
            {"question": "What did Ada buy?", "answer": 1, "evidence": ["D2:1; D2:2", "D9:9"], "category": 4},
            {"question": "When was the garden full?", "answer": "June", "evidence": ["(D10:1)"], "category": 2},
            {"question": "Who sang?", "adversarial_answer": "Ada", "evidence": ["D:11"], "category": 5},
            {"question": "Who danced?", "answer": "-", "evidence": [], "category": 1},
        ],
    }  # fmt: skip


def write_assistant_chats(folder: Path, chats: int = 12) -> None:
    """`chats` conversations of four messages, in the order 1, 10, 11, ... that the real file has."""
    (folder / "assistant_chats").mkdir(parents=True)
    lines = [json.dumps(_chat(identifier)) for identifier in sorted(map(str, range(1, chats + 1)))]
    path = folder / "assistant_chats" / "conversations.jsonl.zst"
    with pa.output_stream(str(path), compression="zstd") as stream:
        stream.write(("\n".join(lines) + "\n").encode())


def _chat(identifier: str) -> dict[str, object]:
    texts = ["How do I store sessions in Flask?", "Use signed cookies.", "My cat is called Miso.", "A fine name."]
    dates = ["March-15-2024", None, "April-02-2024", None]
    return {
        "id": identifier,
        "messages": [
            {"id": i, "role": "assistant" if i % 2 else "user", "content": text, "date": date}
            for i, (text, date) in enumerate(zip(texts, dates, strict=True))
        ],
        "questions": [
            {"question": "What is my cat called?", "kind": "information_extraction", "evidence": [2, 2]},
            {"question": "Sum it up.", "kind": "summarization", "evidence": [0, 1, 2, 3]},
            {"question": "In which order?", "kind": "event_ordering", "evidence": [0, 2]},
        ],
    }


def write_scifact(folder: Path) -> None:
    """Three documents, two claims: one for tuning, one held out."""
    target = folder / "scifact"
    target.mkdir(parents=True)
    documents = [
        {"_id": "11", "title": "Snails.", "text": "Snails carry their shells.", "metadata": {}},
        {"_id": "12", "title": "Kettles.", "text": "Kettles boil water.", "metadata": {}},
        {"_id": "13", "title": "Cats.", "text": "Cats sleep for sixteen hours a day.", "metadata": {}},
    ]
    claims = [{"_id": "1", "text": "Cats sleep a lot."}, {"_id": "2", "text": "Snails have no shells."}]
    for name, found in (("corpus.jsonl", documents), ("queries.jsonl", claims)):
        (target / name).write_text("".join(json.dumps(one) + "\n" for one in found), encoding="utf-8")
    head = "query-id\tcorpus-id\tscore\n"
    (target / "qrels_train.tsv").write_text(f"{head}1\t13\t1\n", encoding="utf-8")
    (target / "qrels_test.tsv").write_text(f"{head}2\t11\t1\n2\t12\t0\n", encoding="utf-8")
