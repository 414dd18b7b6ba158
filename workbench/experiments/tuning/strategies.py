"""Ways to search a space: all of it, or by successive halving from a start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from workbench.experiments.tuning.ledger import Ledger, Spent, key_of
from workbench.experiments.tuning.parameters import combinations, needs_build
from workbench.experiments.tuning.plan import Value, Values

Space = Mapping[str, Sequence[Value]]

SHARES = (1 / 9, 1 / 3, 1.0)
"""Of the queries, rung by rung."""
_KEPT = 3  # one in three goes on to the next rung
_FEWEST = 2
_MOST = 24  # candidates of one halving
_ROUNDS = 5


def grid(space: Space, ledger: Ledger) -> None:
    """Evaluate everything there is, as far as the budget reaches."""
    try:
        for values in combinations(space):
            ledger.score(values)
    except Spent:
        return


def halving(space: Space, start: Values, ledger: Ledger, *, seed: int = 7) -> None:
    """Improve `start`, a value for every parameter of the space, until nothing near it is better.

    Round by round, first how the index is searched, then each parameter of its building, then those of ranking
    together are tried, all else as in the best so far. Where there are many candidates, successive halving (Jamieson
    and Talwalkar, AISTATS 2016, with a third kept): all are asked a ninth of the queries, the best third of them a
    third, and the best third of these all. In the end the next smaller and next greater value of each parameter is
    tried alone with all queries, which mends what few queries have misjudged.
    """
    random = np.random.default_rng(seed)
    best = dict(start)
    try:
        ledger.score(best)
        for _ in range(_ROUNDS):
            before = dict(best)
            for names in _blocks(space):
                best = _halved(_candidates(space, names, best, random), best, ledger)
            if best == before:
                break
        while (step := max(_steps(space, best), key=ledger.score, default=best)) != best:
            if ledger.score(step) <= ledger.score(best):
                break
            best = step
    except Spent:
        return


def _blocks(space: Space) -> list[tuple[str, ...]]:
    """Parameters that are tried together: those that need a build each alone, after what decides how it is searched."""
    built = [(name,) for name in space if needs_build(name)]
    cheap = [(name,) for name in space if name == "expansion_search"]
    rest = tuple(name for name in space if not needs_build(name) and name != "expansion_search")
    return [*cheap, *built, *([rest] if rest else [])]


def _candidates(
    space: Space, names: Sequence[str], best: Values, random: np.random.Generator
) -> list[dict[str, Value]]:
    """Values of the parameters `names`, all others as in `best`: all there are, or where they are many, some."""
    found = [{**best, **values} for values in combinations({name: space[name] for name in names})]
    if len(found) <= _MOST:
        return found
    drawn = random.choice(len(found), _MOST, replace=False).tolist()
    near = [one for one in found if sum(one[name] != best[name] for name in names) <= 1]
    return list({key_of(one): one for one in [*near, *(found[place] for place in sorted(drawn))]}.values())


def _halved(candidates: Sequence[dict[str, Value]], best: dict[str, Value], ledger: Ledger) -> dict[str, Value]:
    """The best of the candidates and of `best`, by all queries; most were asked few."""
    left = list({key_of(one): one for one in [best, *candidates]}.values())
    for share in SHARES:
        if share < 1.0 and len(left) <= _FEWEST + 1:
            continue  # so few are asked all at once
        order = sorted(left, key=lambda one: -ledger.score(one, share))
        if share >= 1.0:
            return order[0] if ledger.score(order[0]) > ledger.score(best) else best
        left = order[: max(_FEWEST, -(-len(order) // _KEPT))]
        if best not in left:
            left.append(best)
    return best


def _steps(space: Space, best: Values) -> list[dict[str, Value]]:
    """What differs from `best` by one step of one parameter that needs no build, in the order of its values."""
    out = []
    for name, values in space.items():
        if needs_build(name) or best[name] not in values:
            continue
        at = list(values).index(best[name])
        out += [{**best, name: values[place]} for place in (at - 1, at + 1) if 0 <= place < len(values)]
    return out
