"""Labelled sets by name. Only the samples are part of this project; the others lie in a folder of the user's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from workbench.errors import UsageError
from workbench.evaluation.datasets import assistant_chats, locomo, samples, scifact
from workbench.evaluation.datasets.dataset import Dataset

_OF_OTHERS: Mapping[str, Callable[[Path], Dataset]] = {
    locomo.NAME: locomo.load,
    assistant_chats.NAME: assistant_chats.load,
    scifact.NAME: scifact.load,
}
DATASETS = (samples.NAME, *_OF_OTHERS)


def load_dataset(name: str, *, samples_folder: Path, folder: Path | None) -> Dataset:
    """The labelled set called `name`: one of DATASETS. `folder` holds those of others, each in a folder of its name.

    Raises:
        UsageError: There is no such set, it is not in `folder`, or its files are not what they should be.
    """
    if name == samples.NAME:
        return samples.load(samples_folder)
    if name not in _OF_OTHERS:
        raise UsageError(f"no labelled set is called {name!r}", "", f"there are: {', '.join(DATASETS)}")
    if folder is None:
        raise UsageError(
            f"the set {name} needs a folder of labelled sets",
            "those of others are not part of this project",
            "give it with --datasets DIR or WORKBENCH_DATASETS; docs/quality.md says what to put there",
        )
    return _OF_OTHERS[name](folder)


__all__ = ["DATASETS", "Dataset", "load_dataset"]
