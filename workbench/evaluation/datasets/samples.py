"""Our own samples: the exports of one person with three assistants, and 40 queries as she would type them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from workbench import sources
from workbench.errors import SourceError, UsageError
from workbench.evaluation.datasets.dataset import Dataset
from workbench.evaluation.judgements import load_judgements
from workbench.model import ImportIssue, Transcript

NAME = "samples"
_QUERIES = "queries.jsonl"


def load(folder: Path) -> Dataset:
    """The exports below `folder`, and the queries in its queries.jsonl.

    Raises:
        UsageError: There are none.
    """
    if not (folder / _QUERIES).is_file():
        raise UsageError(
            f"there is no {folder / _QUERIES}", "the samples are in the project's folder data/samples",
            "run this in the project's folder, or give --samples DIR",
        )  # fmt: skip
    try:
        transcripts = tuple(_transcripts(folder))
    except SourceError as error:
        raise UsageError(f"the samples in {folder} cannot be read", str(error)) from error
    remark = "the weights were chosen with a look at these queries: there is no held-out half"
    return Dataset(NAME, transcripts, partial(load_judgements, folder / _QUERIES), (remark,))


def _transcripts(folder: Path) -> Iterator[Transcript]:
    files, _ = sources.find_files(folder)
    for file in files:
        for piece in sources.split(file):
            if not isinstance(piece, ImportIssue):
                yield from sources.parse(file.source, piece).conversations
