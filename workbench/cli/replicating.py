"""`workbench push` and `pull`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.verb import Verb, echo_json, json_option, store_option
from workbench.errors import StoreError
from workbench.workspace import Workbench

if TYPE_CHECKING:
    from workbench.snapshot.remote import Transfer


@click.command(cls=Verb)
@click.argument("place")
@store_option
@json_option
def push(place: str, store: Path | None, as_json: bool) -> None:
    """Copy the newest generation to shared or object storage, for other machines to pull.

    PLACE is a folder or a URI: s3://BUCKET/FOLDER, gs://…, abfs://…, file://… or fsspec+PROTOCOL://… . Only files that
    are not there yet are copied. They hold every message as plain text: give access accordingly.
    """
    from workbench.snapshot import remote

    _tell(remote.push(Workbench.open(store).store, place), "pushed to", as_json=as_json)


@click.command(cls=Verb)
@click.argument("place")
@store_option
@click.option("--every", type=click.FloatRange(min=1), metavar="SECONDS", help="Go on pulling until stopped.")
@json_option
def pull(place: str, store: Path | None, every: float | None, as_json: bool) -> None:
    """Bring what was pushed to PLACE into a store that is only read: a replica.

    Services that have the store open move on to it by themselves. With --every, a place that cannot be used for a
    while is said and tried again; otherwise only what is new is said.
    """
    from workbench.snapshot import remote

    folder = Workbench.open(store).store
    if every is None:
        _tell(remote.pull(place, folder), "pulled from", as_json=as_json)
        return
    while True:
        try:
            pulled = remote.pull(place, folder)
            if pulled.fresh:
                _tell(pulled, "pulled from", as_json=as_json)
        except StoreError as error:
            click.echo(f"workbench: {error}", err=True)
        time.sleep(every)


def _tell(transfer: Transfer, done: str, *, as_json: bool) -> None:
    if as_json:
        echo_json(transfer)
        return
    kept = f"{transfer.kept_files} with {transfer.kept_bytes / 1e6:.1f} MB were there"
    gone = f", {transfer.removed_files} of older generations removed" if transfer.removed_files else ""
    click.echo(
        f"Generation {transfer.generation} {done} {transfer.place}: "
        f"{transfer.files} files with {transfer.bytes / 1e6:.1f} MB copied, {kept}{gone}"
    )
