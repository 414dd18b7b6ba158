"""Every peer does what the comparison takes for granted; those of the extra `peers` where they are installed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from building import publish_embedded, transcript

from workbench.embedding import Embedder
from workbench.experiments.peers.adapters import NAMES, peer
from workbench.experiments.peers.corpus import Corpus, one_message
from workbench.experiments.peers.peer import NotInstalledError, Question, Searcher
from workbench.experiments.peers.questions import Questions
from workbench.experiments.peers.truth import Truth
from workbench.record import WriterLock, open_record
from workbench.snapshot import open_snapshot

_WORDS = "bread oven window garden harbour lantern copper thread pepper violin glacier meadow anchor saddle".split()


@dataclass(frozen=True)
class Built:
    searcher: Searcher
    corpus: Corpus
    questions: Questions


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Path:
    """120 messages in 30 conversations, a day apart."""
    folder = tmp_path_factory.mktemp("peers")
    said = np.random.default_rng(3)
    transcripts = [
        transcript(f"talk {day}", *(" ".join([*said.choice(_WORDS, 6), f"number{day}x{turn}"]) for turn in range(4)),
                   days=day)
        for day in range(30)
    ]  # fmt: skip
    with WriterLock(folder), open_record(folder) as record:
        publish_embedded(record, folder, embedder, *transcripts)
    return folder


@pytest.fixture(scope="module")
def corpus(store: Path) -> Corpus:
    with open_snapshot(store) as snapshot:
        Corpus.of_store(snapshot).write(store / "kept")
    return Corpus.read(store / "kept")


@pytest.fixture(scope="module")
def questions(corpus: Corpus, embedder: Embedder) -> Questions:
    texts = [corpus.content(number) for number in range(0, 120, 12)]
    return Questions.embed(texts, embedder, corpus, shares=(0.5, 0.1))


@pytest.fixture(scope="module", params=NAMES)
def built(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, corpus: Corpus, questions: Questions
) -> Iterator[Built]:
    one = peer(request.param)
    try:
        assert one.version()
    except NotInstalledError as error:
        pytest.skip(error.what)
    folder = tmp_path_factory.mktemp("built") / one.name
    one.build(folder, corpus)
    assert one.size(folder) > 0
    # Whoever opens it after one more message was added finds that, too.
    one.add(folder, one_message(corpus, "xylograph", questions.model_vectors[0]))
    searcher = one.open(folder)
    yield Built(searcher, corpus, questions)
    searcher.close()


def test_the_nearest_are_found_best_first(built: Built) -> None:
    asked = built.questions.asked()
    answers = [[one for one in built.searcher.nearest(question) if one < 120] for question in asked]
    found = Truth(built.corpus).recall(answers, built.questions.vectors, 9)
    assert found.mean >= 0.9
    assert [answer[0] for answer in answers[1:]] == list(range(12, 120, 12))


def test_hybrid_search_finds_the_message_that_a_query_is_the_text_of(built: Built) -> None:
    answers = built.searcher.search(built.questions.asked()[1:])
    assert [len(set(answer)) for answer in answers] == [10] * 9
    assert all(number in answer for number, answer in zip(range(12, 120, 12), answers, strict=True))


def test_a_filter_lets_nothing_else_pass_and_comes_back_full(built: Built) -> None:
    times = built.corpus.times
    for narrow in built.questions.windows:
        asked = built.questions.asked(narrow.window)
        for answer in [*built.searcher.search(asked), *map(built.searcher.nearest, asked)]:
            kept = times[answer]
            assert ((kept >= narrow.window.after) & (kept < narrow.window.before)).all()
        assert all(len(built.searcher.nearest(one)) == min(10, narrow.kept) for one in asked)


def test_a_message_that_was_added_is_found(built: Built) -> None:
    first = built.questions
    [answer] = built.searcher.search([Question("xylograph", first.vectors[0], first.model_vectors[0])])
    assert 120 in answer


def test_our_index_and_the_corpus_compare_vectors_in_one_space(store: Path, corpus: Corpus) -> None:
    with open_snapshot(store) as snapshot:
        ours = snapshot.vectors.centre(corpus.model_vectors.astype(np.float32))
        assert len(snapshot.vectors) == len(corpus.model_vectors)
    np.testing.assert_allclose(ours, corpus.centred(corpus.model_vectors), atol=1e-3)
