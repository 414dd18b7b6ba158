"""Corpora of any size: the same for a seed, shaped like real archives, readable by the parsers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from workbench.errors import UsageError
from workbench.experiments.corpus import CorpusSummary, known_item_queries, write_corpus
from workbench.model import ImportIssue, Message, Transcript
from workbench.sources import Record, find_files, parse, split

MESSAGES = 12_000
TABLE = {"user": {0.1: 30, 0.5: 113, 0.9: 474, 0.99: 1_822}, "assistant": {0.5: 1_300, 0.9: 3_000, 0.99: 5_173}}
TOLERANCE = 0.2


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CorpusSummary]:
    folder = tmp_path_factory.mktemp("corpus")
    return folder, write_corpus(folder, MESSAGES)


@pytest.fixture(scope="module")
def threads(corpus: tuple[Path, CorpusSummary]) -> list[Transcript]:
    files, _ = find_files(corpus[0])
    records = [(file, record) for file in files for record in split(file)]
    assert not [record for _, record in records if isinstance(record, ImportIssue)]
    parsed = [parse(file.source, record) for file, record in records if isinstance(record, Record)]
    assert not [issue for one in parsed for issue in one.issues]
    return [thread for one in parsed for thread in one.conversations]


def _messages(threads: list[Transcript], role: str) -> list[Message]:
    return [message for thread in threads for message in thread.messages if message.role == role]


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_parsers_read_exactly_the_messages_that_were_asked_for(
    corpus: tuple[Path, CorpusSummary], threads: list[Transcript]
) -> None:
    found = Counter(thread.conversation.assistant for thread in threads for _ in thread.messages)
    assert found == corpus[1].messages
    assert found == {"chatgpt": 5_400, "claude": 3_600, "gemini": 3_000}


def test_equal_seeds_give_equal_bytes_and_others_do_not(tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("two", 3), ("three", 4)):
        write_corpus(tmp_path / name, 600, seed=seed)
    one, two, three = (_contents(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two
    assert one != three


def test_the_hash_seed_of_the_process_changes_nothing(tmp_path: Path) -> None:
    for hash_seed in ("1", "2"):
        command = [sys.executable, "-m", "workbench.experiments.corpus", "scale", hash_seed, "--messages", "300"]
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(__file__).parents[2])}
        done = subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
    assert _contents(tmp_path / "1") == _contents(tmp_path / "2")


@pytest.mark.parametrize("role", ["user", "assistant"])
def test_lengths_follow_the_measured_percentiles(threads: list[Transcript], role: str) -> None:
    lengths = sorted(len(message.content) for message in _messages(threads, role))
    measured = {share: lengths[int(share * len(lengths))] for share in TABLE[role]}
    off = {s: (n, TABLE[role][s]) for s, n in measured.items() if abs(n / TABLE[role][s] - 1) > TOLERANCE}
    assert off == {}


def test_conversations_are_mostly_short_and_at_most_200_messages_long(threads: list[Transcript]) -> None:
    sizes = sorted(len(t.messages) for t in threads if t.conversation.assistant != "gemini")
    assert 2 <= sizes[len(sizes) // 2] <= 8
    assert 50 < sizes[-1] <= 200


def test_one_chatgpt_conversation_in_six_branches(threads: list[Transcript]) -> None:
    chats = [thread for thread in threads if thread.conversation.assistant == "chatgpt"]
    forked = [t for t in chats if max(Counter(m.parent_id for m in t.messages).values()) > 1]
    assert 1 / 8 < len(forked) / len(chats) < 1 / 4.5


def test_times_follow_the_day_and_are_missing_sometimes(threads: list[Transcript]) -> None:
    times = [message.created_at for message in _messages(threads, "user")]
    hours = Counter(time.hour for time in times if time)
    assert sum(hours[hour] for hour in range(8, 18)) > 4 * sum(hours[hour] for hour in range(0, 5))
    assert 0 < times.count(None) < len(times) / 50


def test_words_follow_zipf_and_some_messages_repeat(threads: list[Transcript]) -> None:
    messages = [message.content for thread in threads for message in thread.messages]
    words = Counter(word for text in messages for word in text.split())
    ranked = sorted(words.values(), reverse=True)
    assert ranked[0] > 5 * ranked[20] > 25 * ranked[400]
    assert len(ranked) > 8_000
    assert Counter(messages)["thanks!"] > 5
    assert len(set(messages)) > 0.8 * len(messages)


def test_gemini_records_stand_newest_first_and_only_new_ones_link_threads(corpus: tuple[Path, CorpusSummary]) -> None:
    path = corpus[0] / "gemini/Takeout/My Activity/Gemini Apps/MyActivity.json"
    records = json.loads(path.read_bytes())
    times = [record["time"] for record in records]
    assert times == sorted(times, reverse=True)
    assert "details" in records[0]
    assert "details" not in records[-1]


def test_every_known_item_stands_in_one_message(corpus: tuple[Path, CorpusSummary], threads: list[Transcript]) -> None:
    contents = {(t.conversation.assistant, m.content) for t in threads for m in t.messages}
    lines = (corpus[0] / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 100
    judged = [relevant for line in lines for relevant in json.loads(line)["relevant"]]
    everything = "\x00".join(text for _, text in contents)
    assert [relevant for relevant in judged if everything.count(relevant["quote"]) != 1] == []


def test_known_items_name_conversations_of_the_export(
    corpus: tuple[Path, CorpusSummary], threads: list[Transcript]
) -> None:
    known = {thread.conversation.native_id for thread in threads}
    prompts = tuple(thread.messages[0].content for thread in threads)
    for query in known_item_queries(20, MESSAGES):
        for relevant in query["relevant"]:
            named = relevant["conversation"]
            assert named in known or any(prompt.startswith(named) for prompt in prompts)


def test_a_corpus_may_hold_one_assistant_alone(tmp_path: Path) -> None:
    summary = write_corpus(tmp_path, 200, assistants=("claude",))
    assert summary.messages == {"claude": 200}
    assert {path.name for path in tmp_path.iterdir()} == {"claude", "queries.jsonl"}
    assert summary.bytes == sum(len(content) for content in _contents(tmp_path).values())


@pytest.mark.parametrize(("messages", "assistants"), [(1_000, ("copilot",)), (1_000, ()), (5, ("claude",))])
def test_an_impossible_corpus_is_refused(tmp_path: Path, messages: int, assistants: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        write_corpus(tmp_path, messages, assistants=assistants)
