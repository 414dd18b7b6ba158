"""How a vector index is built and searched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from workbench.errors import UsageError

PRECISIONS = ("f16", "i8", "b1")
_LIMITS = {
    "connectivity": (2, 256), "expansion_add": (1, 10_000), "expansion_search": (1, 10_000), "exact_below": (0, 10**9),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class VectorProfile:
    """How an index is built and searched; kept in the manifest of its snapshot.

    `connectivity` and `expansion_add` are HNSW's M and ef_construction, `expansion_search` its ef_search. The graph
    compares vectors in `precision`: "f16", "i8", or "b1" (signs only); what it finds is always compared again in f16.
    Up to `exact_below` texts there is no graph: scanning them all takes about as long as walking one, and finds
    everything.
    """

    connectivity: int = 32
    expansion_add: int = 256
    expansion_search: int = 192
    exact_below: int = 20_000
    precision: str = "i8"

    def as_dict(self) -> dict[str, Any]:
        """The profile as plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> VectorProfile:
        """The profile that `as_dict` gave."""
        return cls(**values)

    def check(self) -> None:
        """Refuse what no index can be built with.

        Raises:
            UsageError: It says what, and what is allowed.
        """
        if self.precision not in PRECISIONS:
            raise UsageError(f"precision is {self.precision!r}", "", f"give one of {', '.join(PRECISIONS)}")
        for name, (least, most) in _LIMITS.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise UsageError(f"{name} is {value!r}", "", f"give a whole number from {least} to {most:,}")

    @property
    def build(self) -> dict[str, Any]:
        """The part of the profile that decides what is built; the rest is about searching."""
        return {name: value for name, value in sorted(asdict(self).items()) if name != "expansion_search"}
