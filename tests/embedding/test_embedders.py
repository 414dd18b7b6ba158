from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from workbench.embedding import Embedder, load_embedder
from workbench.errors import EmbeddingError


def test_vectors_are_unit_rows_and_an_empty_text_is_zero(embedder: Embedder) -> None:
    vectors = embedder.embed(["how do I proof dough", "", "🙂"])
    assert vectors.shape == (3, embedder.dimensions)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors[0]) == pytest.approx(1, abs=1e-5)
    assert not vectors[1].any()


def test_what_means_the_same_is_nearer_than_what_shares_nothing(embedder: Embedder) -> None:
    question, near, far = embedder.embed(["my bread is too dense", "the loaf came out heavy", "rust borrow checker"])
    assert question @ near > question @ far + 0.2


def test_a_text_has_the_same_vector_in_any_company(embedder: Embedder) -> None:
    texts = ["one", "two words", "three words here", "two again"]
    assert np.allclose(embedder.embed(texts)[1], embedder.embed(["two words"])[0], atol=1e-6)


@pytest.mark.slow
def test_an_unknown_model_is_refused_with_the_names_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(EmbeddingError, match="static, minilm"):
        load_embedder(str(tmp_path / "no-model"))


@pytest.mark.slow
def test_minilm_needs_no_network_and_agrees_with_its_published_use() -> None:
    minilm = load_embedder("minilm")
    vectors = minilm.embed(["That is a happy person", "That is a very happy person", "Today is a sunny day"])
    assert minilm.dimensions == 384
    # Figures of the model's card on its hub page: 0.943 and 0.257, to within half precision.
    assert vectors[0] @ vectors[1] == pytest.approx(0.943, abs=0.02)
    assert vectors[0] @ vectors[2] == pytest.approx(0.257, abs=0.03)
