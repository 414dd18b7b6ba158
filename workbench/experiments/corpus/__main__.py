"""Writes the sample exports, or a corpus of any size.

python -m workbench.experiments.corpus samples data/samples
python -m workbench.experiments.corpus scale /tmp/large --messages 250000
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.experiments.corpus import write_corpus, write_samples


def main(arguments: list[str] | None = None) -> int:
    """Run one of the two commands and print what was written; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m workbench.experiments.corpus", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    samples = commands.add_parser("samples", help="the hand-written samples with judged queries")
    scale = commands.add_parser("scale", help="a corpus of any size with known-item queries")
    for command in (samples, scale):
        command.add_argument("folder", type=Path)
        command.add_argument("--seed", type=int, default=7)
    scale.add_argument("--messages", type=int, default=50_000)
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "samples":
            print(write_samples(chosen.folder, seed=chosen.seed))
        else:
            print(write_corpus(chosen.folder, chosen.messages, seed=chosen.seed))
    except WorkbenchError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
