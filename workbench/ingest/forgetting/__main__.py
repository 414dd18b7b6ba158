"""What the processes do that `renewing` starts, each with a part: delete, send, renew."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from workbench.errors import WorkbenchError
from workbench.index import VectorProfile
from workbench.ingest.forgetting.renewing import Deletion, Renewed
from workbench.record import (
    Erased,
    absorb,
    absorbed,
    erase,
    finished,
    journal,
    open_record,
    receive,
    select,
    send,
)
from workbench.snapshot import Manifest, VectorSpace, current_manifest, publish


def delete(store: Path, out: BinaryIO) -> None:
    """Take what standard input says out of the record."""
    wanted, now, dry_run = pickle.loads(sys.stdin.buffer.read())
    with open_record(store) as database:
        absorb(database, store)
        units, already = select(database, wanted)
        erased = erase(database, units, now, dry_run=dry_run) if units else Erased()
    pickle.dump(Deletion(tuple(units), tuple(already), erased), out)


def send_rows(store: Path, out: BinaryIO) -> None:
    """Write all rows of the record to `out`."""
    with open_record(store) as database:
        send(database, out)


def renew(store: Path, out: BinaryIO) -> None:
    """Make a record of the rows that come from standard input, and a generation of that."""
    receive(sys.stdin.buffer, store)
    manifest = current_manifest(store)
    with open_record(store) as database:
        if manifest is not None:
            manifest = publish(database, store, _space(manifest))
        known = {one for (one,) in database.rows("SELECT message_id FROM memories")}
        lines = journal.redact(store, known, absorbed(database))
        finished(database)
    pickle.dump(Renewed(manifest.generation if manifest else None, lines), out)


PARTS: dict[str, Callable[[Path, BinaryIO], None]] = {"delete": delete, "send": send_rows, "renew": renew}


def _space(manifest: Manifest) -> VectorSpace:
    """That of the current generation: nothing has to be embedded to forget, so no model is needed."""
    model = (manifest.embedder, manifest.fingerprint, manifest.dimensions)
    return VectorSpace(*model, VectorProfile.from_dict(manifest.profile), manifest.search, manifest.tuned_by)


def main(part: str, store: Path) -> int:
    """Do a part; the exit status. What goes wrong is told as a value where values are told."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as out:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # DuckDB's progress bar must not come between the rows
        try:
            PARTS[part](store, out)
        except WorkbenchError as error:
            if part == "send":
                sys.stderr.write(f"{error}\n")
                return 1
            pickle.dump(error, out)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
