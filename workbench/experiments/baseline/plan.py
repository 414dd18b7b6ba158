"""What is measured, and how often: workloads, rounds of fresh processes, and blocks in turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.errors import UsageError

DISTINCT, REPEATED, FILTERED = "search, distinct", "search, repeated", "search, filtered"
BATCHED, EMBED, READ, INGEST = "search, 8 at once", "embed a query", "read a conversation", "ingest"
WORKLOADS = (DISTINCT, REPEATED, FILTERED, BATCHED, EMBED, READ, INGEST)
ONCE = (INGEST,)
"""Workloads whose one operation is so long that a round has one block of them."""
CPU, WALL = "cpu", "wall"
CLOCKS = (CPU, WALL)
HERE = Path(__file__).resolve().parents[3]
"""The folder of this version of the code: the one that holds the package."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`rounds` rounds of fresh processes, in each `turns` turns, in each a block of every workload, side by side.

    A block lasts about `block_ms` of processor time. `operations` says how many operations of each workload that is;
    where it is empty it is found out. With `reference` each block stands between two of the reference.
    """

    workloads: tuple[str, ...] = WORKLOADS
    rounds: int = 6
    turns: int = 10
    block_ms: float = 8.0
    reference: bool = False
    seed: int = 7
    operations: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        strangers = [name for name in self.workloads if name not in WORKLOADS]
        if strangers or not self.workloads:
            raise UsageError(
                f"there is no workload {', '.join(map(repr, strangers)) or 'to measure'}", "",
                f"there are: {', '.join(map(repr, WORKLOADS))}",
            )  # fmt: skip
        if self.rounds < 2 or self.turns < 1 or self.block_ms <= 0:
            raise UsageError(
                f"{self.rounds} rounds of {self.turns} turns tell nothing of their own noise", "",
                "give two rounds or more, and a turn or more",
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """One of the versions that are compared: its name, the folder of its code, and by what share it is slowed down."""

    name: str
    code: Path = HERE
    slow_down: float = 0.0


@dataclass(frozen=True, slots=True)
class Block:
    """What a block took, in seconds, and of the same time the reference beside it (0 where there was none)."""

    round: int
    turn: int
    cpu: float
    wall: float
    reference_cpu: float = 0.0
    reference_wall: float = 0.0


@dataclass(frozen=True, slots=True)
class Samples:
    """All blocks of one side by workload, in the order in which they were done."""

    side: str
    blocks: Mapping[str, tuple[Block, ...]]

    def seconds(self, workload: str, clock: str) -> NDArray[np.float64]:
        """What the blocks took by that clock, of shape (rounds, turns)."""
        return self._table(workload, clock)

    def reference(self, workload: str, clock: str) -> NDArray[np.float64]:
        """What the reference beside them took, of shape (rounds, turns)."""
        return self._table(workload, f"reference_{clock}")

    def _table(self, workload: str, name: str) -> NDArray[np.float64]:
        blocks = self.blocks[workload]
        rounds = blocks[-1].round + 1
        return np.array([getattr(block, name) for block in blocks], np.float64).reshape(rounds, -1)


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured by which plan (its `operations` as they were), side by side in the order they were given."""

    plan: Plan
    sides: tuple[Samples, ...]
