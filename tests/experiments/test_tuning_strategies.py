from __future__ import annotations

import math
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

from workbench.errors import UsageError
from workbench.experiments.tuning.ledger import Ledger, key_of
from workbench.experiments.tuning.parameters import builds_of, combinations, parse
from workbench.experiments.tuning.plan import Value, Values
from workbench.experiments.tuning.scratch import scratch_folder
from workbench.experiments.tuning.strategies import grid, halving

SPACE: dict[str, tuple[Value, ...]] = {
    "connectivity": (8, 16, 32), "expansion_add": (32, 64, 128), "precision": ("b1", "i8", "f16"),
    "expansion_search": (16, 32, 64, 128, 192, 256), "alpha": (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0),
    "fusion": ("score", "rrf"), "thread_weight": (0.0, 0.5, 1.0, 1.5),
}  # fmt: skip
WORST: Values = {
    "connectivity": 8, "expansion_add": 32, "precision": "b1", "expansion_search": 16, "alpha": 1.0, "fusion": "rrf",
    "thread_weight": 1.5,
}  # fmt: skip
SIZE = math.prod(map(len, SPACE.values()))


def surface(values: Values) -> float:
    """Like a store's: recall saturates in effort, effort costs time, alpha has its best inside, which fusion moves."""
    effort = float(values["expansion_search"]) * math.sqrt(
        float(values["connectivity"]) * float(values["expansion_add"])
    )
    recall = 1.0 - math.exp(-effort / 900.0) - {"b1": 0.12, "i8": 0.004, "f16": 0.0}[str(values["precision"])]
    best_alpha = 0.3 if values["fusion"] == "score" else 0.5
    quality = 0.62 - 0.8 * (float(values["alpha"]) - best_alpha) ** 2 - 0.04 * (values["fusion"] == "rrf")
    quality -= 0.05 * (float(values["thread_weight"]) - 0.5) ** 2
    ms = 1.0 + float(values["expansion_search"]) / 100 + (values["precision"] == "f16") * 0.8
    return quality - max(0.0, 0.95 - recall) - 0.005 * ms


def noisy(seed: int, queries: int = 150) -> Ledger:
    """A ledger of the surface as so many queries would show it: those of a smaller share are among the others."""
    spread = np.random.default_rng(seed).normal(0.0, 1.0, (queries, 4))

    def evaluate(values: Values, share: float) -> float:
        rows = spread[: max(1, round(share * queries))]
        own = np.random.default_rng(crc32(repr(key_of(values)).encode())).normal(0.0, 1.0, 4)
        return surface(values) + 0.05 * float((rows @ (own / np.linalg.norm(own))).mean())

    return Ledger(evaluate)


@pytest.mark.parametrize("seed", range(8))
def test_halving_from_the_worst_comes_within_five_per_cent_of_the_grid_at_a_quarter_of_its_cost(seed: int) -> None:
    ledger = noisy(seed)
    halving(SPACE, WORST, ledger, seed=seed)
    best = max(surface(values) for values in combinations(SPACE))
    assert surface(WORST) < 0.5 * best
    assert surface(ledger.ranked()[0]) >= 0.95 * best
    assert ledger.spent <= SIZE / 4
    assert ledger.count <= SIZE / 4


def test_halving_builds_few_of_the_indexes_of_a_grid() -> None:
    ledger = Ledger(lambda values, share: surface(values))
    halving(SPACE, WORST, ledger)
    built = {
        (dict(key)["connectivity"], dict(key)["expansion_add"], dict(key)["precision"]) for key, _ in ledger.scores
    }
    assert builds_of(SPACE) == 27
    assert len(built) <= 12


def test_halving_without_noise_takes_the_same_way_every_time() -> None:
    first, second = (Ledger(lambda values, share: surface(values)) for _ in range(2))
    halving(SPACE, WORST, first, seed=3)
    halving(SPACE, WORST, second, seed=3)
    assert list(first.scores) == list(second.scores)
    assert first.path[-1][1] == max(score for (_, share), score in first.scores.items() if share == 1.0)


def test_a_grid_evaluates_everything_once_and_asks_all_queries() -> None:
    space = {name: SPACE[name] for name in ("alpha", "fusion")}
    ledger = Ledger(lambda values, share: surface({**WORST, **values}))
    grid(space, ledger)
    assert ledger.count == ledger.configurations == 14
    assert ledger.spent == 14.0
    assert ledger.ranked()[0] == {"alpha": 0.3, "fusion": "score"}


@pytest.mark.parametrize("budget", [1.0, 4.5, 10.0])
def test_a_budget_is_never_overspent(budget: float) -> None:
    ledger = Ledger(lambda values, share: surface(values), budget=budget)
    halving(SPACE, WORST, ledger)
    assert 0 < ledger.spent <= budget
    assert ledger.ranked()


def test_nothing_is_evaluated_twice() -> None:
    asked: list[tuple[Values, float]] = []
    ledger = Ledger(lambda values, share: asked.append((values, share)) or surface(values))  # type: ignore[func-returns-value]
    halving(SPACE, WORST, ledger)
    assert len(asked) == len({(key_of(values), share) for values, share in asked}) == ledger.count


def test_sets_of_parameters_of_one_index_follow_each_other() -> None:
    space: dict[str, tuple[Value, ...]] = {"alpha": (0.1, 0.2), "connectivity": (8, 16), "precision": ("i8", "b1")}
    built = [(values["connectivity"], values["precision"]) for values in combinations(space)]
    assert built == [built[place - place % 2] for place in range(8)]
    assert builds_of(space) == 4


def test_what_is_tried_is_read_from_text() -> None:
    assert parse("alpha=0.1, 0.3") == ("alpha", (0.1, 0.3))
    assert parse("precision=i8,b1") == ("precision", ("i8", "b1"))
    for text in ("alpha", "alpha=", "alhpa=1"):
        with pytest.raises(UsageError):
            parse(text)


def test_what_a_killed_search_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as living:
        (living / "index").write_text("vectors")
        left = tmp_path / f"{living.name}-before"
        left.mkdir()
        (left / "lock").touch()
        (tmp_path / "somebody else's").mkdir()
        with scratch_folder(tmp_path) as other:
            assert {path.name for path in tmp_path.iterdir()} == {living.name, other.name, "somebody else's"}
            assert (living / "index").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["somebody else's"]
