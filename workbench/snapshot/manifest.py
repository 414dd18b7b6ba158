"""What a generation holds and how it was made: manifest.json, written last, so that a folder with one is complete."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from workbench.errors import SnapshotError, StoreVersionError

FILE_NAME = "manifest.json"
FORMAT = 3


@dataclass(frozen=True, slots=True)
class PartFile:
    """One file of a generation. `digest` is BLAKE2b-128 of its bytes."""

    bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The description of one generation.

    `record_revision` is the state of the record it was made from, `journal_sequence` that of the newest memory in it:
    all up to it are there. `counts` has conversations, messages, searched, artifacts, texts (unique, with a vector) and
    pending (without one yet); `assistants` the messages of each. `texts_digest` identifies the set of texts and
    vectors, so that an unchanged vector index is not built again. `search` has the constants of ranking that the store
    is tuned to (empty: the defaults), and `tuned_by` where they and the profile come from (empty: from nowhere).
    """

    generation: int
    created_at: str
    record_revision: int
    counts: Mapping[str, int]
    assistants: Mapping[str, int]
    embedder: str
    fingerprint: str
    dimensions: int
    profile: Mapping[str, int | str]
    texts_digest: str
    files: Mapping[str, PartFile]
    journal_sequence: int = 0
    search: Mapping[str, int | float | str] = field(default_factory=dict)
    tuned_by: Mapping[str, Any] = field(default_factory=dict)
    format: int = FORMAT

    def write(self, folder: Path) -> None:
        """Write it into `folder`."""
        text = json.dumps(asdict(self), indent=1, sort_keys=True)
        (folder / FILE_NAME).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """The manifest in `folder`.

        Raises:
            FileNotFoundError: There is none.
            SnapshotError: It cannot be understood.
            StoreVersionError: A newer Workbench wrote it.
        """
        text = (folder / FILE_NAME).read_text(encoding="utf-8")
        try:
            found: dict[str, Any] = json.loads(text)
            if found.get("format", 0) > FORMAT:
                raise StoreVersionError(
                    f"{folder} has format {found['format']}", f"this Workbench knows {FORMAT}", "update Workbench"
                )
            if found.get("format", 0) < FORMAT:
                raise SnapshotError(
                    f"{folder} was made by an older Workbench",
                    "it lacks parts that this one needs",
                    "run `workbench rebuild`: it makes a new generation from the record",
                )
            found["files"] = {name: PartFile(**part) for name, part in found["files"].items()}
            return cls(**found)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise SnapshotError(f"{folder / FILE_NAME} is damaged", str(error), "run `workbench verify`") from error


def describe_file(path: Path) -> PartFile:
    """Size and digest of a file."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return PartFile(path.stat().st_size, digest.hexdigest())


def describe_folder(folder: Path) -> dict[str, PartFile]:
    """All files below `folder` but the manifest and lock files (which say nothing), by relative name."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    files = [path for path in found if path.name != FILE_NAME and path.suffix != ".lock"]
    return {path.relative_to(folder).as_posix(): describe_file(path) for path in files}
