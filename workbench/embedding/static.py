"""The default embedder: token vectors distilled once from all-MiniLM-L6-v2, averaged with numpy.

A query takes 0.05 ms and neither distilled model nor query ever needs torch at run time. Distillation itself does; it
runs once, in a process of its own, and its result is kept in the cache folder with a fingerprint.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.embedding.embedder import Vectors, unit_rows
from workbench.errors import EmbeddingError

if TYPE_CHECKING:
    from model2vec import StaticModel

RECIPE = "minilm-l6-v2-pca256-v1"  # changes with anything that changes the vectors; part of the folder's name
_MODEL_FILES = ("model.safetensors", "tokenizer.json", "config.json")


class StaticEmbedder:
    """Mean of token vectors, by model2vec."""

    name = "static"
    texts_per_second = 6000.0

    def __init__(self, folder: Path) -> None:
        self._model = _load(folder)
        self.fingerprint = f"static-{_fingerprint(folder)}"
        self.dimensions = int(self._model.dim)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`."""
        return unit_rows(self._model.encode(list(texts), use_multiprocessing=False))


def _load(folder: Path) -> StaticModel:
    """The model in `folder`, as StaticModel.from_pretrained reads it.

    That function imports the client of the model hub first, which takes longer (0.36 s) than a whole search.
    """
    from model2vec import StaticModel  # 0.1 s: only a process that embeds pays it
    from safetensors import SafetensorError
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    try:
        arrays = load_file(folder / "model.safetensors")
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return StaticModel(
            arrays["embeddings"],
            Tokenizer.from_file(str(folder / "tokenizer.json")),
            config=config,
            normalize=config["normalize"],
            weights=arrays.get("weights"),
            token_mapping=arrays.get("mapping"),
            max_length=config["max_length"],
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise EmbeddingError(
            f"the static model in {folder} cannot be read",
            str(error),
            "delete that folder: the next `workbench ingest` makes it again",
        ) from error


def static_folder(cache: Path) -> Path:
    """Where the distilled model is kept under the cache folder."""
    return cache / "models" / f"static-{RECIPE}"


def is_distilled(cache: Path) -> bool:
    """Whether the model is there, complete."""
    return all((static_folder(cache) / name).exists() for name in _MODEL_FILES)


def distill(cache: Path) -> Path:
    """Make the static model from the packaged MiniLM weights, unless it is there. About 20 s, once.

    Runs in a process of its own, so that the memory torch takes goes back at once; the finished folder appears in one
    step, so that an interrupted run leaves nothing half-made.

    Raises:
        EmbeddingError: The distillation failed; the message holds its last lines.
    """
    folder = static_folder(cache)
    if is_distilled(cache):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    workplace = Path(tempfile.mkdtemp(prefix=".distilling-", dir=folder.parent))
    try:
        _run_distillation(workplace / "model")
        if not is_distilled(cache):  # another process may have been quicker
            shutil.rmtree(folder, ignore_errors=True)
            (workplace / "model").replace(folder)
    finally:
        shutil.rmtree(workplace, ignore_errors=True)
    return folder


def _run_distillation(target: Path) -> None:
    command = [sys.executable, "-m", "workbench.embedding.distillation", str(target)]
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **offline}, check=False)
    if done.returncode != 0:
        last = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise EmbeddingError(
            "the static model could not be distilled", last, "run `workbench doctor` to see what is missing"
        )


def _fingerprint(folder: Path) -> str:
    """Digest over the bytes that decide the vectors: token vectors and tokenizer."""
    digest = hashlib.blake2b(digest_size=8)
    for name in ("model.safetensors", "tokenizer.json"):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()
