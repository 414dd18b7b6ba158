"""What a store is tuned to: profile.json beside the record. The next generation is made and searched by it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from workbench.errors import StoreError, StoreVersionError, UsageError
from workbench.index import VectorProfile

FILE_NAME = "profile.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class StoreProfile:
    """How the generations of a store are made.

    `index` is the vector index, `search` has the constants of ranking that differ from the defaults (see
    `workbench.search.tuning`), `embedder` the model by name, empty for the one that the store has. `tuned_by` says
    where it comes from, as plain values; empty for what nobody chose.
    """

    index: VectorProfile = field(default_factory=VectorProfile)
    search: Mapping[str, int | float | str] = field(default_factory=dict)
    embedder: str = ""
    tuned_by: Mapping[str, Any] = field(default_factory=dict)


def read_profile(store: Path) -> StoreProfile:
    """The profile of a store, the defaults if it has none. `search` may still name what no search knows.

    Raises:
        StoreError: The file is damaged, or an index cannot be so.
        StoreVersionError: A newer Workbench wrote it.
    """
    path = store / FILE_NAME
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if found.pop("format") > FORMAT:
            raise StoreVersionError(f"{path} was written by a newer Workbench", "", "update Workbench")
        index = VectorProfile.from_dict(found.pop("index"))
        index.check()
        return StoreProfile(index, **found)
    except (FileNotFoundError, NotADirectoryError):
        return StoreProfile()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, UsageError) as error:
        raise StoreError(
            f"the profile {path} cannot be used", str(error), "run `workbench tune --reset`, or correct it"
        ) from error


def write_profile(store: Path, profile: StoreProfile) -> Path:
    """Write the profile of a store, in one step; the caller holds the WriterLock.

    Raises:
        StoreError: The folder cannot be written.
    """
    path = store / FILE_NAME
    fresh = path.with_suffix(".new")
    text = json.dumps({"format": FORMAT, **asdict(profile)}, indent=1, sort_keys=True)
    try:
        with fresh.open("w", encoding="utf-8") as stream:
            stream.write(text + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(path)
    except OSError as error:
        raise StoreError(f"the profile {path} cannot be written", str(error), "give access to the folder") from error
    return path


def remove_profile(store: Path) -> bool:
    """Go back to the defaults; whether there was a profile. The caller holds the WriterLock."""
    path = store / FILE_NAME
    there = path.exists()
    path.unlink(missing_ok=True)
    return there
