"""Small notebooks for tests, and where the real ones are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat

REPOSITORY = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
SAMPLES = REPOSITORY / "data" / "samples"


def text(source: str) -> dict[str, Any]:
    """A cell of text."""
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(source: str, *tags: str, output: str | None = None, count: int | None = None) -> dict[str, Any]:
    """A cell of code, with the text of its result if it has one."""
    result = {"output_type": "execute_result", "data": {"text/plain": output}, "metadata": {}, "execution_count": count}
    return {
        "cell_type": "code", "metadata": {"tags": sorted(tags)} if tags else {}, "source": source,
        "outputs": [result] if output is not None else [], "execution_count": count,
    }  # fmt: skip


def notebook(*cells: dict[str, Any]) -> nbformat.NotebookNode:
    """A notebook of these cells."""
    numbered = [{**cell, "id": f"cell-{i}"} for i, cell in enumerate(cells)]
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return nbformat.from_dict({"cells": numbered, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def write(path: Path, *cells: dict[str, Any]) -> Path:
    """A notebook of these cells as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook(*cells)), encoding="utf-8")
    return path
