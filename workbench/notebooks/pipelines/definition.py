"""What a pipeline is: notebooks with parameters, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MACHINE = "machine"  # what every pipeline needs unless it says otherwise, so that no two run at once
BUILT_IN = {
    "run": "the folder of this run",
    "runs": "the folder of all runs, where experiments keep what they found",
    "store": "the store of the settings, or of --store",
    "date": "the day on which the run began, as 2026-01-31",
}  # names in ${...} beside the pipeline's parameters; paths are absolute


@dataclass(frozen=True, slots=True)
class Condition:
    """When a step is run: if parameter `parameter` is true, or if `path` (a pattern) matches a file; or if not."""

    parameter: str = ""
    path: str = ""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One notebook of a pipeline.

    `parameters` may hold ${...}. `needs` names earlier steps without which it is not run, `timeout` is in seconds for
    each attempt (None: no limit), `retries` how often a failed notebook is tried again. If a step with `allow_failure`
    fails, the run goes on.
    """

    name: str
    notebook: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    when: Condition | None = None
    retries: int = 0
    timeout: float | None = None
    allow_failure: bool = False


@dataclass(frozen=True, slots=True)
class Keep:
    """Which runs are kept: at most `runs` of them, none older than `age` seconds, no more than `size` bytes in all."""

    runs: int | None = None
    age: float | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline as its file describes it. `resources` are what no two runs use at once, `resume_within` is in seconds:
    a run that began longer ago is not gone on with."""

    name: str
    path: Path
    description: str
    parameters: Mapping[str, Any]
    steps: tuple[Step, ...]
    resources: tuple[str, ...] = (MACHINE,)
    keep: Keep = field(default_factory=Keep)
    resume_within: float | None = None
