"""The models that a store works with."""

from __future__ import annotations

from pathlib import Path

from workbench.embedding import Embedder, load_embedder
from workbench.errors import EmbeddingError
from workbench.snapshot import Manifest, current_manifest, read_profile


def embedder_of(store: Path) -> str:
    """The name of the model that the store is tuned to, or was last published with."""
    if tuned := read_profile(store).embedder:
        return tuned
    manifest = current_manifest(store)
    return manifest.embedder if manifest else "static"


def query_embedder(manifest: Manifest) -> tuple[Embedder | None, str]:
    """The model that a generation's vectors were made with, or why it cannot be had."""
    try:
        embedder = load_embedder(manifest.embedder)
    except EmbeddingError as error:
        return None, str(error)
    if embedder.fingerprint != manifest.fingerprint:
        return None, (
            f"the store was embedded with {manifest.fingerprint}, this machine has {embedder.fingerprint}. "
            "Import once more (`workbench ingest`) to embed it anew."
        )
    return embedder, ""
