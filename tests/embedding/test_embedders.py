from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from workbench.embedding import Embedder, load_embedder, static_folder
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


def test_the_static_model_works_without_torch(cache: Path, embedder: Embedder) -> None:
    program = (
        "import sys; from pathlib import Path; from workbench.embedding import load_embedder; "
        f"load_embedder('static', Path({str(cache)!r})).embed(['x']); "
        "print([name for name in ('torch', 'transformers', 'ray') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_search_does_not_wait_for_a_distillation(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match="workbench doctor --fix"):
        load_embedder("static", tmp_path, may_distill=False)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_model_is_refused_with_the_names_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(EmbeddingError, match="static, minilm"):
        load_embedder(str(tmp_path / "no-model"), tmp_path)


@pytest.mark.slow
def test_minilm_needs_no_network_and_agrees_with_its_published_use(tmp_path: Path) -> None:
    minilm = load_embedder("minilm", tmp_path)
    vectors = minilm.embed(["That is a happy person", "That is a very happy person", "Today is a sunny day"])
    assert minilm.dimensions == 384
    # Figures of the model's card on its hub page: 0.943 and 0.257, to within half precision.
    assert vectors[0] @ vectors[1] == pytest.approx(0.943, abs=0.02)
    assert vectors[0] @ vectors[2] == pytest.approx(0.257, abs=0.03)


def test_the_model_is_the_one_that_model2vec_reads(cache: Path, embedder: Embedder) -> None:
    from model2vec import StaticModel

    texts = ["how do I proof dough", "東京の天気", "def f(x): return x"]
    theirs = StaticModel.from_pretrained(static_folder(cache)).encode(texts)
    assert np.allclose(embedder.embed(texts), theirs, atol=1e-6)


def test_a_damaged_model_says_what_to_delete(cache: Path, tmp_path: Path) -> None:
    copy = static_folder(tmp_path)
    shutil.copytree(static_folder(cache), copy)
    (copy / "model.safetensors").write_bytes(b"not tensors")
    with pytest.raises(EmbeddingError, match="Delete that folder"):
        load_embedder("static", tmp_path)
