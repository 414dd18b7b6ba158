"""Fits token vectors so that the mean of a text's points where the teacher's vector of it points.

The loss has two parts: 1 - cosine between the two, and how differently the two rank the other texts of a batch (the
Kullback-Leibler divergence of softmaxed cosines). The second lowers the cosine and improves retrieval: see the card.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.embedding.embedder import Vectors, unit_rows

_RIDGE = 1e-3  # of the mean eigenvalue
_SMOOTHING = 1e-3  # `a` of smooth inverse frequency, a / (a + p): Arora et al. 2017, A Simple but Tough...
_WARM_UP = 50  # steps


@dataclass(frozen=True, slots=True)
class FitOptions:
    """`dimensions` of the result; Adam's `learning_rate` (falls to 0), `epochs`, texts in a `batch`, and the `seed`.

    `ranking` is the weight of the divergence between rankings, `temperature` what cosines are divided by in it.
    """

    dimensions: int = 256
    learning_rate: float = 4e-3
    epochs: int = 6
    batch: int = 1024
    ranking: float = 0.3
    temperature: float = 0.05
    seed: int = 20261121


@dataclass(frozen=True, slots=True)
class Bags:
    """Texts as runs of token ids: text i has `tokens[starts[i] : starts[i + 1]]`, at least one."""

    tokens: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[Sequence[int]]) -> Bags:
        """The bags of `texts`, a list of token ids each."""
        starts = np.cumsum([0, *map(len, texts)], dtype=np.int64)
        return cls(np.fromiter((one for text in texts for one in text), np.int64, count=int(starts[-1])), starts)

    def take(self, chosen: NDArray[np.int64]) -> Bags:
        """The bags of the texts with the numbers `chosen`."""
        lengths = self.starts[chosen + 1] - self.starts[chosen]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        within = np.arange(starts[-1]) - np.repeat(starts[:-1], lengths)
        return Bags(self.tokens[np.repeat(self.starts[chosen], lengths) + within], starts)

    def mean_directions(self, vectors: NDArray[np.floating]) -> Vectors:
        """Unit vectors (texts, dimensions): where the sum of each text's rows of `vectors` points."""
        return unit_rows(np.add.reduceat(vectors[self.tokens], self.starts[:-1], axis=0))


def principal_axes(targets: Vectors, dimensions: int) -> Vectors:
    """The axes (width of `targets`, dimensions) that keep most of the inner products between the rows of `targets`."""
    _, axes = np.linalg.eigh(targets.T @ targets)
    return np.ascontiguousarray(axes[:, ::-1][:, :dimensions], dtype=np.float32)


def starting_vectors(alone: Vectors, bags: Bags, targets: Vectors) -> Vectors:
    """Token vectors to start from, (tokens, dimensions).

    The teacher's vector of each token `alone` (tokens, width), less their mean, weighted by smooth inverse frequency
    (Zipf's law on the token's number, since the vocabulary is sorted by frequency), mapped to `targets` by ridge
    regression.
    """
    share = 1 / np.arange(1, len(alone) + 1)
    weight = _SMOOTHING / (_SMOOTHING + share / share.sum())
    features = np.asarray((alone - alone.mean(axis=0)) * weight[:, np.newaxis], dtype=np.float32)
    means = bags.mean_directions(features)
    gram = means.T @ means
    ridge = _RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    mapped = features @ np.linalg.solve(gram + ridge, means.T @ targets)
    return np.asarray(mapped / np.linalg.norm(mapped, axis=1).mean(), dtype=np.float32)


def fit(
    start: Vectors, bags: Bags, targets: Vectors, options: FitOptions, said: Callable[[int, float], None]
) -> Vectors:
    """Token vectors (tokens, dimensions) after minimising the loss against the unit rows of `targets`.

    The sum points where the mean does, so a token's weight is the length of its vector: it is learnt with the rest.
    Adam moves only the rows that a batch touches, so that rare tokens keep what they learnt. `said` hears each epoch's
    number and mean loss.
    """
    torch.manual_seed(options.seed)
    draw = np.random.default_rng(options.seed)
    rows = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimiser = torch.optim.SparseAdam([rows], lr=options.learning_rate)
    count = len(targets) // options.batch
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / _WARM_UP) * (1 - step / (options.epochs * count))
    )
    for epoch in range(options.epochs):
        order = draw.permutation(len(targets))
        total = 0.0
        for number in range(count):
            chosen = order[number * options.batch : (number + 1) * options.batch]
            batch = bags.take(chosen)
            sums = torch.nn.functional.embedding_bag(
                torch.from_numpy(batch.tokens), rows, torch.from_numpy(batch.starts[:-1]), mode="sum", sparse=True
            )
            found, wanted = torch.nn.functional.normalize(sums, dim=1), torch.from_numpy(targets[chosen])
            loss = 1 - (found * wanted).sum(dim=1).mean()
            loss = loss + options.ranking * _ranking_divergence(found, wanted, options.temperature)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()  # type: ignore[no-untyped-call]
            schedule.step()
            total += float(loss.detach())
        said(epoch + 1, total / count)
    return np.asarray(rows.detach().numpy(), dtype=np.float32)


def _ranking_divergence(found: torch.Tensor, wanted: torch.Tensor, temperature: float) -> torch.Tensor:
    """Mean Kullback-Leibler divergence of how each text ranks the others, softmax(cosines / temperature)."""
    itself = torch.eye(len(found), dtype=torch.bool)

    def ranking(unit: torch.Tensor) -> torch.Tensor:
        return (unit @ unit.T / temperature).masked_fill(itself, -1e4).log_softmax(dim=1)

    return torch.nn.functional.kl_div(ranking(found), ranking(wanted), log_target=True, reduction="batchmean")
