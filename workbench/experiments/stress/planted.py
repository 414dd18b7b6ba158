"""The real service with a fault planted in it, to see whether a stress scenario finds it. Nothing else starts this.

    python -m workbench.experiments.stress.planted --leak 1024 serve --store data/store --port 8765
    python -m workbench.experiments.stress.planted --jump 64000000 serve ...

What follows the options is given to `workbench` unchanged. With `--leak` every query that the engine answers leaves so
many bytes behind; with `--jump` each SIGUSR1 does. Only the process itself is changed, not the workers that
`--workers` above one starts.
"""

from __future__ import annotations

import argparse
import runpy
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from workbench.experiments.load.service import workbench_command
from workbench.search import SearchEngine

_kept: list[bytearray] = []


def planted_command(store: Path, port: int, *, leak: int = 0, jump: int = 0) -> list[str]:
    """How the service with the fault is started, with one worker and without its cache of answers."""
    python, _, _, *rest = workbench_command(store, port, 1, cache=False)
    module = "workbench.experiments.stress.planted"
    return [python, "-m", module, "--leak", str(leak), "--jump", str(jump), *rest]


def leaking(search_many: Callable[..., object], leak: int) -> Callable[..., object]:
    """A method that answers queries, and keeps `leak` bytes for each of them for ever."""

    def leaks(engine: SearchEngine, queries: Sequence[object]) -> object:
        _kept.extend(_used(leak) for _ in queries)
        return search_many(engine, queries)

    return leaks


def _used(size: int) -> bytearray:
    """So many bytes, written to: untouched pages take no memory."""
    return bytearray(b"\x01" * size)


def main(arguments: Sequence[str]) -> None:
    """Plant the fault and run `workbench` with what is left of the arguments."""
    parser = argparse.ArgumentParser(prog="planted", description=__doc__.split("\n")[0])
    parser.add_argument("--leak", type=int, default=0, help="bytes for each query")
    parser.add_argument("--jump", type=int, default=0, help="bytes for each SIGUSR1")
    chosen, rest = parser.parse_known_args(arguments)
    if chosen.leak:
        SearchEngine.search_many = leaking(SearchEngine.search_many, chosen.leak)  # type: ignore[method-assign, assignment]

    def jump(_number: int, _frame: FrameType | None) -> None:
        _kept.append(_used(chosen.jump))

    signal.signal(signal.SIGUSR1, jump)
    sys.argv = ["workbench", *rest]
    runpy.run_module("workbench", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
