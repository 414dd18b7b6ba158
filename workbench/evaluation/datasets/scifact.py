"""SciFact: claims, and the abstracts that support or refute them. Not conversations, but figures of others to meet.

Wadden et al., "Fact or Fiction: Verifying Scientific Claims", EMNLP 2020, as BEIR has it (Thakur et al., 2021): title
and text of a document are one text, a claim ranks the whole corpus, the test claims are reported.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from workbench.evaluation.datasets.dataset import Dataset, Turn, linear, required, unreadable
from workbench.evaluation.judgements import JudgedQuery, Split
from workbench.model import Role, conversation_id, message_id

NAME = "scifact"
_KIND = "claim"
_FILES = ("corpus.jsonl", "queries.jsonl", "qrels_train.tsv", "qrels_test.tsv")


def load(folder: Path) -> Dataset:
    """The set in `folder`/scifact: corpus.jsonl, queries.jsonl, qrels_train.tsv and qrels_test.tsv.

    Raises:
        UsageError: A file is not there, or in another form.
    """
    corpus, claims, train, test = required(folder / NAME, *_FILES)
    path = corpus
    try:
        documents = [json.loads(line) for line in corpus.read_text(encoding="utf-8").splitlines()]
        transcripts = tuple(
            linear(NAME, one["_id"], [Turn(one["_id"], Role.USER, f"{one['title']} {one['text']}".strip())])
            for one in documents
        )
        path = claims
        texts = {one["_id"]: one["text"] for one in map(json.loads, claims.read_text(encoding="utf-8").splitlines())}
        queries: list[JudgedQuery] = []
        for path, split in ((train, Split.TUNE), (test, Split.HELD_OUT)):
            queries += _queries(path, texts, split)
    except (ValueError, KeyError, TypeError) as error:
        raise unreadable(path, error) from error
    return Dataset(NAME, transcripts, lambda _: queries)


def _queries(path: Path, texts: dict[str, str], split: Split) -> Iterator[JudgedQuery]:
    judged: dict[str, dict[str, int]] = defaultdict(dict)
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            if int(row["score"]) > 0:
                document = row["corpus-id"]
                judged[row["query-id"]][message_id(conversation_id(NAME, document), document)] = int(row["score"])
    for identifier, grades in judged.items():
        yield JudgedQuery(identifier, texts[identifier], _KIND, grades, None, split)
