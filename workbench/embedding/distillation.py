"""Distil all-MiniLM-L6-v2 into token vectors: `python -m workbench.embedding.distillation FOLDER`.

Every token of the vocabulary is passed through the model, the outputs are reduced to 256 principal components and
weighted by smooth inverse frequency. Method and defaults: model2vec (https://github.com/MinishLab/model2vec), reached
through sentence-transformers' StaticEmbedding.
"""

from __future__ import annotations

import sys
from pathlib import Path

from workbench.embedding.transformer import minilm_folder

DIMENSIONS = 256


def main(target: Path) -> None:
    """Write the distilled model to the folder `target`."""
    from model2vec.distill import distill

    model = distill(str(minilm_folder()), device="cpu", pca_dims=DIMENSIONS, quantize_to="float32")
    model.save_pretrained(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
