"""Whether a pipeline is still the one that a run was begun with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench.notebooks.files import read_notebook
from workbench.notebooks.pipelines.definition import Pipeline, Step
from workbench.notebooks.pipelines.placeholders import filled

Digests = Mapping[str, Any]  # {"steps": {name: digest}, "notebooks": {name: digest}, "parameters": {name: value}}


def digests(pipeline: Pipeline, values: Mapping[str, Any]) -> Digests:
    """What a run depends on: each step as its file has it, the code of each notebook, and the values of parameters.

    `values` are those of the parameters and of `store`; what differs from run to run (${run}, ${date}) is not among
    them. Text cells and outputs of notebooks do not count, nor does what the file says about retention.
    """
    notebooks = {step.notebook for step in pipeline.steps}
    return {
        "steps": {step.name: _digest({**asdict(step), "notebook": step.notebook.name}) for step in pipeline.steps},
        "notebooks": {f"{path.parent.name}/{path.name}": _code_digest(path) for path in sorted(notebooks)},
        "parameters": dict(values),
    }


def step_digest(step: Step, values: Mapping[str, Any]) -> str:
    """What the result of a step depends on: its notebook's code, and the parameters as they are given to it."""
    return _digest([step.notebook.name, _code_digest(step.notebook), filled(dict(step.parameters), values)])


def changes(before: Digests, now: Digests) -> Iterator[str]:
    """What has changed between two, in words."""
    if list(before["steps"]) != list(now["steps"]):
        yield "the steps are others"
    for name, digest in now["steps"].items():
        if before["steps"].get(name, digest) != digest:
            yield f"step {name} was edited"
    for name, digest in now["notebooks"].items():
        if before["notebooks"].get(name, digest) != digest:
            yield f"{name} was edited"
    for name, value in now["parameters"].items():
        if before["parameters"].get(name) != value:
            yield f"{name} is {value!r}, was {before['parameters'].get(name)!r}"


def _code_digest(notebook: Path) -> str:
    return _digest([cell.source for cell in read_notebook(notebook).cells if cell.cell_type == "code"])


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]
