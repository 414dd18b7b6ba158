"""A small project with notebooks and a pipeline, for tests."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from notebook_files import code, text, write

from workbench.errors import NotebookError
from workbench.notebooks import NotebookRun
from workbench.notebooks.pipelines import Pipeline, RunOptions, read_pipeline

TITLE = text("# Title\n\n> And what it is about.")
PARAMETERS = code('name = "Mara"  # whom to greet\ntimes = 2  # how often\nout = "x"  # where to', "parameters")
APPEND = code('with open(out, "a") as stream:\n    stream.write(name + "\\n")')


@dataclass(slots=True)
class Project:
    """A folder with notebooks/, pipelines/ and data/runs."""

    folder: Path

    @property
    def runs(self) -> Path:
        return self.folder / "data" / "runs"

    @property
    def trace(self) -> Path:
        """Where notebooks write that they ran."""
        return self.folder / "trace.txt"

    @property
    def traced(self) -> list[str]:
        return self.trace.read_text(encoding="utf-8").splitlines() if self.trace.exists() else []

    def notebook(self, name: str, *cells: dict[str, Any]) -> Path:
        """A notebook which writes its name to the trace, and then does what the cells say."""
        return write(self.folder / "notebooks" / f"{name}.ipynb", TITLE, PARAMETERS, APPEND, *cells)

    def step(self, name: str, **more: Any) -> dict[str, Any]:
        """A step with the notebook of its name."""
        given = {"name": name, "out": "${trace}", **more.pop("parameters", {})}
        return {"name": name, "notebook": f"../notebooks/{name}.ipynb", "parameters": given, **more}

    def pipeline(self, *steps: dict[str, Any], **more: Any) -> Pipeline:
        """A pipeline of these steps, from its file."""
        known = {"trace": str(self.trace), **more.pop("parameters", {})}
        document = {"name": "trial", "description": "A trial", "parameters": known, "steps": list(steps), **more}
        return self.written(yaml.safe_dump(document, sort_keys=False))

    def written(self, text: str) -> Pipeline:
        return read_pipeline(self.file(text))

    def file(self, text: str) -> Path:
        path = self.folder / "pipelines" / "trial.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def options(self, **more: Any) -> RunOptions:
        return RunOptions(self.runs, self.folder / "data" / "store", **more)


@dataclass(slots=True)
class Executor:
    """Runs no kernel: notes what it was given, and fails where it is told to, as often as it is told to."""

    failing: dict[str, int] = field(default_factory=dict)
    interrupting: str = ""
    given: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def __call__(
        self, notebook: Path, *, output: Path, parameters: Mapping[str, object], html: bool, timeout: float | None
    ) -> NotebookRun:
        output.mkdir(parents=True)
        executed = output / notebook.name
        executed.write_text("{}", encoding="utf-8")
        self.given.append((notebook.stem, dict(parameters)))
        if notebook.stem == self.interrupting:
            raise KeyboardInterrupt
        if self.failing.get(notebook.stem, 0) > 0:
            self.failing[notebook.stem] -= 1
            raise NotebookError(f"{notebook.name} failed in cell 3", "ValueError: no bread", f"kept in {executed}")
        return NotebookRun(notebook, executed, None, parameters, 0.0)

    @property
    def ran(self) -> list[str]:
        """The notebooks, in the order in which they ran."""
        return [name for name, _ in self.given]


def wait_until(condition: Any, seconds: float = 30.0) -> None:
    """Wait for something that another process does."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come to that"
        time.sleep(0.05)
