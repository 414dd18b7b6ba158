from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.embedding import Embedder
from workbench.embedding.static import StaticEmbedder, static_folder
from workbench.errors import EmbeddingError

TEN_MEGABYTES = 10_000_000
# What all-MiniLM-L6-v2 says of these pairs, in single precision (sentence-transformers 6.2, torch 2.13)
TEACHER = (
    ("my bread is too dense", "the loaf came out heavy", 0.636),
    ("my bread is too dense", "the borrow checker rejects my code", 0.086),
    ("how do I undo the last commit in git", "git reset moves the branch back to an earlier commit", 0.683),
    ("how do I undo the last commit in git", "we flew to Lisbon in May and stayed near the river", -0.001),
    ("plan a trip to Lisbon", "a week in Portugal: what to see and where to stay", 0.636),
    ("What did Anna say about her new job?", "Anna starts at the hospital on Monday and is nervous about it", 0.572),
    ("the deadline was moved to Friday", "we have until the end of the week to hand it in", 0.362),
    ("vitamin D deficiency in older adults", "low levels of calciferol among the elderly", 0.529),
    ("vitamin D deficiency in older adults", "the printer is out of paper again", -0.003),
    ("postgres query is slow without an index", "add an index to speed up the database lookup", 0.515),
    ("can you recommend a birthday present for my father", "gift ideas for dad", 0.769),
    ("solar panels on the roof", "the stock market fell sharply today", 0.002),
)


def test_the_model_takes_at_most_ten_megabytes() -> None:
    assert sum(path.stat().st_size for path in static_folder().iterdir()) <= TEN_MEGABYTES


def test_the_fingerprint_is_that_of_the_bytes_that_decide_vectors(embedder: Embedder, tmp_path: Path) -> None:
    known = json.loads((static_folder() / "config.json").read_text(encoding="utf-8"))
    assert embedder.fingerprint == f"static-{known['fingerprint']}"
    assert known["fingerprint"] in (static_folder() / "MODEL_CARD.md").read_text(encoding="utf-8")
    for name in ("vectors.npy", "scales.npy", "tokenizer.json"):
        copy = tmp_path / name.partition(".")[0]
        shutil.copytree(static_folder(), copy)
        content = bytearray((copy / name).read_bytes())
        content[-1] ^= ord("\n") ^ ord(" ") if name == "tokenizer.json" else 1
        (copy / name).write_bytes(content)
        assert StaticEmbedder(copy).fingerprint != embedder.fingerprint


def test_it_agrees_with_its_teacher_on_how_near_texts_are(embedder: Embedder) -> None:
    ours = [float(np.dot(*embedder.embed([one, other]))) for one, other, _ in TEACHER]
    theirs = [cosine for *_, cosine in TEACHER]
    assert np.abs(np.subtract(ours, theirs)).max() < 0.3
    assert np.corrcoef(ours, theirs)[0, 1] > 0.9


def test_what_the_card_says_of_the_agreement_is_what_the_config_says() -> None:
    known = json.loads((static_folder() / "config.json").read_text(encoding="utf-8"))
    card = (static_folder() / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert f"{known['validation_cosine']:.3f}" in card
    assert known["cosine_of_bytes_to_float32_least"] > 0.999
    assert all(name in card for name in known["snippets"])


def test_loading_and_embedding_import_neither_torch_nor_transformers() -> None:
    program = (
        "import sys; from workbench.embedding import load_embedder; load_embedder('static').embed(['x', 'y z']); "
        "print([name for name in ('torch', 'transformers', 'safetensors', 'ray') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.text(max_size=60) | st.sampled_from(["", "東京の天気", "def f(x):", "a" * 5000, "x y " * 3000]))
)
def test_many_texts_at_once_give_what_each_gives_alone(embedder: Embedder, texts: list[str]) -> None:
    together = embedder.embed(texts)
    assert together.shape == (len(texts), embedder.dimensions)
    for text, row in zip(texts, together, strict=True):
        assert np.allclose(row, embedder.embed([text])[0], atol=1e-5)
        assert np.linalg.norm(row) == pytest.approx(1, abs=1e-4) or not row.any()


def test_of_a_very_long_text_the_beginning_counts(embedder: Embedder) -> None:
    beginning = "the sourdough starter doubled overnight. " * 100
    (short,) = embedder.embed([beginning[:4096]])
    (long,) = embedder.embed([beginning[:4096] + "quarterly tax return " * 50_000])
    assert np.array_equal(short, long)


@pytest.mark.parametrize("name", ["vectors.npy", "scales.npy", "tokenizer.json"])
def test_a_damaged_model_says_what_to_do(tmp_path: Path, name: str) -> None:
    copy = shutil.copytree(static_folder(), tmp_path / "model")
    (copy / name).write_bytes(b"not a model")
    with pytest.raises(EmbeddingError, match="nstall Workbench again"):
        StaticEmbedder(copy)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match="nstall Workbench again"):
        StaticEmbedder(tmp_path)
