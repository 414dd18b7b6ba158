"""The parameters that can be tuned: their names, where each belongs, and which values are tried."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from workbench.errors import UsageError
from workbench.experiments.tuning.plan import OWN, Value, Values
from workbench.index import VectorProfile
from workbench.search.tuning import FUSIONS, Tuning
from workbench.snapshot import Manifest, Snapshot

EMBEDDER = "embedder"
INDEX = tuple(field.name for field in fields(VectorProfile))
RANKING = tuple(field.name for field in fields(Tuning))
NAMES = (EMBEDDER, *INDEX, *RANKING)
"""Every parameter there is."""
_BUILT = (EMBEDDER, *sorted(VectorProfile().build))

RANKING_SPACE: Mapping[str, tuple[Value, ...]] = {"alpha": (0.1, 0.2, 0.3, 0.4, 0.5, 0.7), "fusion": FUSIONS}
THREAD_SPACE: Mapping[str, tuple[Value, ...]] = {"thread_weight": (0.0, 0.5, 1.0, 1.5)}
INDEX_SPACE: Mapping[str, tuple[Value, ...]] = {
    "connectivity": (8, 16, 32), "expansion_add": (64, 256), "precision": ("i8", "f16"),
    "expansion_search": (100, 128, 192, 256),  # no less than the vector leg lists: the graph looks at as many anyway
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that a trial depends on."""

    embedder: str
    index: VectorProfile
    tuning: Tuning

    @classmethod
    def of(cls, manifest: Manifest) -> Configuration:
        """How a generation was made and is searched."""
        return cls(manifest.embedder, VectorProfile.from_dict(manifest.profile), Tuning.from_values(manifest.search))

    def with_values(self, values: Values) -> Configuration:
        """The same with other values of some parameters.

        Raises:
            UsageError: A name is not known or a value cannot be used.
        """
        check_names(values)
        index = replace(self.index, **_among(values, INDEX))
        index.check()
        tuning = Tuning.from_values({**self.tuning.changed, **_among(values, RANKING)})
        return Configuration(str(values.get(EMBEDDER, self.embedder)), index, tuning)

    def value(self, name: str) -> Value:
        """That of one parameter."""
        if name == EMBEDDER:
            return self.embedder
        found: Value = getattr(self.index if name in INDEX else self.tuning, name)
        return found

    @property
    def plain(self) -> dict[str, Any]:
        """As plain values: embedder, index, and what differs from the defaults of ranking."""
        return {"embedder": self.embedder, "index": self.index.as_dict(), "search": self.tuning.changed}

    @property
    def built(self) -> tuple[Value, ...]:
        """What decides which index has to be built."""
        return tuple(self.value(name) for name in _BUILT)


def default_space(snapshot: Snapshot, queries: str = OWN) -> dict[str, tuple[Value, ...]]:
    """What is worth trying on a store, with the `queries` of a plan.

    Parameters of the index are where it has a graph, the weight of the thread where queries are not made of single
    messages, which know nothing of threads.
    """
    index = {} if snapshot.vectors.is_exact else INDEX_SPACE
    return {**index, **RANKING_SPACE, **({} if queries == OWN else THREAD_SPACE)}


def check_names(names: Iterable[str]) -> None:
    """Refuse parameters that there are not.

    Raises:
        UsageError: They are named.
    """
    if unknown := [name for name in names if name not in NAMES]:
        raise UsageError(f"there is no parameter {', '.join(unknown)}", "", f"there are: {', '.join(NAMES)}")


def needs_build(name: str) -> bool:
    """Whether another value of the parameter needs another index."""
    return name in _BUILT


def parse(text: str) -> tuple[str, tuple[Value, ...]]:
    """What "alpha=0.1,0.3" says: the parameter, and its values.

    Raises:
        UsageError: It says nothing.
    """
    name, equals, listed = text.partition("=")
    values = tuple(_value(one.strip()) for one in listed.split(",") if one.strip())
    if not equals or not values:
        raise UsageError(f"{text!r} names no values", "", "write it like alpha=0.1,0.3")
    check_names([name.strip()])
    return name.strip(), values


def combinations(space: Mapping[str, Sequence[Value]]) -> Iterator[dict[str, Value]]:
    """All sets of parameters of a space, those of one index after another."""
    names = sorted(space, key=lambda name: (not needs_build(name), name != EMBEDDER))
    for values in itertools.product(*(space[name] for name in names)):
        yield dict(zip(names, values, strict=True))


def builds_of(space: Mapping[str, Sequence[Value]]) -> int:
    """How many indexes all sets of parameters of a space need."""
    product = 1
    for name, values in space.items():
        product *= len(values) if needs_build(name) else 1
    return product


def _among(values: Values, names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in names}


def _value(text: str) -> Value:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
