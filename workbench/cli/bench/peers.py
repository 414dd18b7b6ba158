"""`workbench bench peers`."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.bench.keeping import keep, keeping_options
from workbench.cli.verb import Verb, echo_json, json_option, store_option
from workbench.settings import load_settings

if TYPE_CHECKING:
    from workbench.experiments.runs import Run


@click.command(cls=Verb)
@store_option
@click.option("--peer", "names", multiple=True, metavar="NAME", help="Only this one; may be repeated. [default: all]")
@click.option(
    "--queries", type=click.IntRange(10, 100_000), default=1_000, show_default=True,
    help="Asked by one client, if the time suffices; several clients ask them again and again.",
)  # fmt: skip
@click.option(
    "--clients", multiple=True, type=click.IntRange(1, 1_000),
    help="Clients at once; may be repeated. One is always measured. [default: 1 and 50]",
)  # fmt: skip
@click.option(
    "--seconds", type=click.FloatRange(0.1), default=20.0, show_default=True, help="At most for each set of queries."
)
@click.option(
    "--limit", type=click.FloatRange(1), default=3_600.0, show_default=True,
    help="Seconds after which building, or searching, a peer is given up.",
)  # fmt: skip
@click.option("--seed", type=int, default=7, show_default=True, help="Of all queries.")
@click.option(
    "--work", type=click.Path(file_okay=False, path_type=Path),
    help="Folder in which the peers are built, one after another. [default: that of temporary files]",
)  # fmt: skip
@click.option(
    "--show", default="", metavar="RUN", help='Measure nothing: show a kept run (id, name, file, or "latest").'
)
@click.option("--markdown", is_flag=True, help="Print Markdown.")
@click.option(
    "--picture", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Also draw it: .png or .html."
)
@keeping_options
@json_option
def peers(
    store: Path | None, show: str, markdown: bool, picture: Path | None, name: str, runs: Path | None, as_json: bool,
    **options: Any,
) -> None:  # fmt: skip
    """Put the store's messages, vectors and queries through other stores, and compare time, size, memory and recall.

    LanceDB, SQLite, PostgreSQL and Chroma need the extra `peers`; what is not installed is named and left out. Each
    runs in processes of its own. The store is not changed. docs/peers.md says what is fair about it, and what is not.
    """
    from workbench.experiments.peers import report
    from workbench.experiments.runs import RunHistory

    settings = load_settings()
    if show:
        run = RunHistory(runs or settings.runs).find(show, report.KIND)
    else:
        run = _measured(store or settings.store, name, options)
        keep(run, runs)
    if as_json:
        echo_json(asdict(run))
    else:
        for line in (report.markdown if markdown else report.lines)(run):
            click.echo(line)
    if picture:
        from workbench.display.plots.latency import save
        from workbench.display.plots.peers import peers_compared

        save(peers_compared(run), picture)


def _measured(store: Path, name: str, options: dict[str, Any]) -> Run:
    from workbench.embedding import load_embedder
    from workbench.experiments.peers.adapters import NAMES
    from workbench.experiments.peers.measurement import Plan, measure_peers
    from workbench.experiments.peers.report import to_run
    from workbench.snapshot import open_snapshot

    plan = Plan(
        names=options["names"] or NAMES, queries=options["queries"], clients=options["clients"] or (1, 50),
        seconds=options["seconds"], limit=options["limit"], seed=options["seed"],
    )  # fmt: skip
    with open_snapshot(store) as snapshot, _work_folder(options["work"]) as work, _terminable():
        model = load_embedder(snapshot.manifest.embedder)
        results = measure_peers(snapshot, model, plan, work, lambda text: click.echo(text, err=True))
        return to_run(snapshot, plan, results, name=name)


@contextmanager
def _work_folder(folder: Path | None) -> Iterator[Path]:
    """A new folder in `folder`, removed afterwards."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    # A database server may run as another user, who has to reach what is his.
    with tempfile.TemporaryDirectory(prefix="peers-", dir=folder, ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o755)
        yield Path(made).resolve()


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends a `with` block as Ctrl-C does, so that no process and no folder of a peer stays behind."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
