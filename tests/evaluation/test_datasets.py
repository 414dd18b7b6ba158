from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from labelled_files import ROOT, SHARED, needs, write_assistant_chats, write_locomo, write_scifact

from workbench.errors import UsageError
from workbench.evaluation import JudgedQuery, Split
from workbench.evaluation.datasets import DATASETS, Dataset, load_dataset
from workbench.record import scratch_record

SAMPLES = ROOT / "data" / "samples"


def load(name: str, folder: Path | None) -> Dataset:
    return load_dataset(name, samples_folder=SAMPLES, folder=folder)


def judged(dataset: Dataset) -> list[JudgedQuery]:
    return list(dataset.judge(scratch_record()))


def texts(dataset: Dataset) -> dict[str, str]:
    return {message.id: message.content for one in dataset.transcripts for message in one.messages}


def test_a_locomo_turn_is_searched_with_its_date_its_speaker_and_its_caption(tmp_path: Path) -> None:
    write_locomo(tmp_path)
    first = load("locomo", tmp_path).transcripts[0]
    assert [message.content for message in first.messages] == [
        "1:56 pm on 8 May, 2023 Ada: I bought kettle number 0.",
        "1:56 pm on 8 May, 2023 Ben: Look at it! a photo of a red kettle",
        "9:05 am on 2 June, 2023 Ben: The garden is full of snails.",
    ]
    assert {message.role for message in first.messages} == {"user"}
    assert first.conversation.title == ""
    assert [message.parent_id for message in first.messages[1:]] == [message.id for message in first.messages[:-1]]


def test_locomo_evidence_is_what_can_be_read_and_exists(tmp_path: Path) -> None:
    write_locomo(tmp_path)
    dataset = load("locomo", tmp_path)
    queries, said = judged(dataset), texts(dataset)
    assert len(queries) == 12
    assert [said[one].split(": ")[1] for one in queries[0].grades] == [
        "I bought kettle number 0.", "Look at it! a photo of a red kettle",
    ]  # fmt: skip
    assert {one.kind for one in queries} == {"single-hop", "temporal"}
    assert "12 of 24 questions" in dataset.remarks[0]


def test_a_locomo_question_ranks_its_own_conversation_and_the_sixth_is_held_out(tmp_path: Path) -> None:
    write_locomo(tmp_path)
    dataset = load("locomo", tmp_path)
    pools = [one.conversation.id for one in dataset.transcripts]
    assert [pools.index(one.pool or "") for one in judged(dataset)] == [n for n in range(6) for _ in range(2)]
    assert Counter(one.split for one in judged(dataset)) == {Split.TUNE: 10, Split.HELD_OUT: 2}


def test_assistant_chats_keep_roles_and_carry_dates_forward_and_leave_out_two_kinds(tmp_path: Path) -> None:
    write_assistant_chats(tmp_path)
    dataset = load("assistant_chats", tmp_path)
    first = dataset.transcripts[0]
    assert [message.role for message in first.messages] == ["user", "assistant"] * 2
    assert [f"{message.created_at:%m-%d}" for message in first.messages] == ["03-15", "03-15", "04-02", "04-02"]
    queries, said = judged(dataset), texts(dataset)
    assert [[said[one] for one in query.grades] for query in queries] == [["My cat is called Miso."]] * 12
    assert "24 of 36 questions" in dataset.remarks[0]


def test_the_first_ten_assistant_chats_of_the_file_are_for_tuning(tmp_path: Path) -> None:
    write_assistant_chats(tmp_path)
    queries = judged(load("assistant_chats", tmp_path))
    assert [one.id for one in queries if one.split == Split.HELD_OUT] == ["8/1", "9/1"]


def test_a_scifact_claim_ranks_the_whole_corpus_and_a_judgement_of_0_is_none(tmp_path: Path) -> None:
    write_scifact(tmp_path)
    dataset = load("scifact", tmp_path)
    tune, test = judged(dataset)
    said = texts(dataset)
    assert [said[one] for one in test.grades] == ["Snails. Snails carry their shells."]
    assert (tune.text, tune.split, test.split, test.pool) == ("Cats sleep a lot.", Split.TUNE, Split.HELD_OUT, None)
    assert len(dataset.transcripts) == 3


def test_what_is_missing_is_named_file_by_file(tmp_path: Path) -> None:
    write_scifact(tmp_path)
    (tmp_path / "scifact" / "corpus.jsonl").unlink()
    (tmp_path / "scifact" / "qrels_test.tsv").unlink()
    with pytest.raises(UsageError, match=r"no .*corpus\.jsonl and no .*qrels_test\.tsv.*docs/quality\.md"):
        load("scifact", tmp_path)
    with pytest.raises(UsageError, match=r"--datasets DIR or WORKBENCH_DATASETS"):
        load("locomo", None)


@pytest.mark.parametrize("name", [name for name in DATASETS if name != "samples"])
def test_a_file_of_another_form_is_named(name: str, tmp_path: Path) -> None:
    write_locomo(tmp_path), write_assistant_chats(tmp_path), write_scifact(tmp_path)
    spoiled = {"locomo": "locomo10.json", "assistant_chats": "conversations.jsonl.zst", "scifact": "queries.jsonl"}[
        name
    ]
    (tmp_path / name / spoiled).write_text('[{"not": "it"}]\n', encoding="utf-8")
    with pytest.raises(UsageError, match=rf"{spoiled} is not in the form"):
        load(name, tmp_path)


def test_a_set_that_nobody_knows_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no labelled set is called 'trec'.*samples, locomo"):
        load("trec", tmp_path)
    with pytest.raises(UsageError, match=r"no .*queries\.jsonl.*--samples"):
        load_dataset("samples", samples_folder=tmp_path, folder=None)


@needs("locomo")
def test_the_real_locomo_has_the_published_numbers_of_turns_and_questions() -> None:
    dataset = load("locomo", SHARED)
    queries = judged(dataset)
    assert (len(dataset.transcripts), len(texts(dataset)), len(queries)) == (10, 5_882, 1_981)
    assert Counter(one.kind for one in queries)["multi-hop"] in (281, 282)


@needs("assistant_chats")
def test_the_real_assistant_chats_have_279_questions_on_single_messages() -> None:
    dataset = load("assistant_chats", SHARED)
    queries = judged(dataset)
    assert (len(dataset.transcripts), len(texts(dataset)), len(queries)) == (20, 5_732, 279)
    assert Counter(one.split for one in queries) == {Split.TUNE: 140, Split.HELD_OUT: 139}


@needs("scifact")
def test_the_real_scifact_has_300_test_claims_on_5183_documents() -> None:
    dataset = load("scifact", SHARED)
    held_out = [one for one in judged(dataset) if one.split == Split.HELD_OUT]
    assert (len(dataset.transcripts), len(held_out), sum(len(one.grades) for one in held_out)) == (5_183, 300, 339)
