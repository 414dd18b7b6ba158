"""What experiments found, kept: one JSON file for each run, which trends, comparisons and reports are made from."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from workbench.errors import NotFoundError, StoreError, UsageError

FORMAT = 1
LOWER, HIGHER = "lower", "higher"
_FOLDER = "history"
_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a run. Its `name` means the same in every run of that kind: "50 users, distinct: p95".

    `better` is "lower" or "higher", empty where neither is.
    """

    name: str
    value: float
    unit: str = ""
    better: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One run: what was measured, with everything that the figures depend on.

    `kind` is that of the experiment ("load", "tuning", "stress", ...), `name` what somebody called this run, empty for
    most. `machine`, `versions`, `store` and `parameters` are plain values (`experiments.load.report.header`),
    `verdicts` targets and whether they are met as plain values, `details` whatever else the experiment has to show.
    """

    kind: str
    made_at: datetime
    machine: Mapping[str, Any]
    versions: Mapping[str, str]
    store: Mapping[str, Any]
    parameters: Mapping[str, Any]
    figures: tuple[Figure, ...]
    verdicts: tuple[Mapping[str, Any], ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    id: str = ""
    format: int = FORMAT

    @classmethod
    def of(
        cls, kind: str, header: Mapping[str, Any], figures: Sequence[Figure], *, name: str = "",
        verdicts: Sequence[Mapping[str, Any]] = (), details: Mapping[str, Any] | None = None,
    ) -> Run:  # fmt: skip
        """A run that has just been made, with an id of its own. `header` is what `load.report.header` gives."""
        made_at = datetime.fromisoformat(header["made_at"])
        return cls(
            kind, made_at, header["machine"], header["versions"], header["store"], header["parameters"],
            tuple(figures), tuple(verdicts), details or {}, name,
            f"{made_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{kind}-{secrets.token_hex(2)}",
        )  # fmt: skip

    def figure(self, name: str) -> float | None:
        """The figure of this name; None where it was not measured."""
        return next((one.value for one in self.figures if one.name == name), None)

    @property
    def met(self) -> bool | None:
        """Whether every target that was measured is met; None where there was none."""
        judged = [one["met"] for one in self.verdicts if one.get("met") is not None]
        return all(judged) if judged else None


class RunHistory:
    """The runs kept in a folder (`data/runs`), of every kind. Reading takes no lock; a run is never changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / _FOLDER

    def save(self, run: Run) -> Path:
        """Keep a run; returns its file, which appears whole or not at all.

        Raises:
            StoreError: The folder cannot be written.
        """
        target = self.folder / f"{run.id}.json"
        unfinished = target.with_suffix(f".{os.getpid()}.new")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(orjson.dumps(asdict(run), option=_OPTIONS) + b"\n")
            unfinished.replace(target)
        except OSError as error:
            raise StoreError(f"the run {target} cannot be written", str(error), "give another folder") from error
        return target

    def runs(self, kind: str | None = None) -> Iterator[Run]:
        """All runs, or those of one kind, the oldest first."""
        for path in sorted(self.folder.glob("*.json")):
            if kind is None or f"-{kind}-" in path.stem:
                yield read_run(path)

    def find(self, wanted: str, kind: str | None = None) -> Run:
        """The newest run that is `wanted`: its id, the beginning of it, its name, its file, or "latest".

        Raises:
            NotFoundError: There is none.
            UsageError: The file is not a run.
        """
        if Path(wanted).is_file():
            return read_run(Path(wanted))
        for run in reversed(list(self.runs(kind))):
            if wanted in ("latest", run.id, run.name) or (wanted and run.id.startswith(wanted)):
                return run
        what = f"{kind} run" if kind else "run"
        raise NotFoundError(f"there is no {what} called {wanted!r}", f"in {self.folder}", "give another name or folder")


def read_run(path: Path) -> Run:
    """The run in a file.

    Raises:
        UsageError: It is not one, or a newer Workbench wrote it.
    """
    try:
        found = orjson.loads(path.read_bytes())
        if found["format"] > FORMAT:
            raise UsageError(f"{path} was written by a newer Workbench", "", "update Workbench")
        figures = tuple(Figure(**one) for one in found.pop("figures"))
        made_at = datetime.fromisoformat(found.pop("made_at"))
        return Run(figures=figures, made_at=made_at, **found | {"verdicts": tuple(found["verdicts"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(
            f"{path} is not a run", str(error), "remove it, or give a file that Workbench wrote"
        ) from error
