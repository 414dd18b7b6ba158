from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import StoreError, StoreVersionError
from workbench.model import NewMemory
from workbench.record import JournalFollower, WriterLock, journal

NEW = st.builds(
    NewMemory,
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=100).filter(str.strip),
    st.from_regex(r"[a-z0-9_-]{1,40}", fullmatch=True),
    st.floats(0, 1),
    st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(str.strip), max_size=4).map(tuple),
    st.text(st.characters(codec="utf-8"), max_size=20),
)
APPEND = """
import sys
from pathlib import Path
from workbench.model import NewMemory
from workbench.record import journal
for number in range(int(sys.argv[3])):
    [kept] = journal.append(Path(sys.argv[1]), [NewMemory(f"{sys.argv[2]} {number}")])
    print(kept.sequence, kept.content)
"""


def contents(store: Path) -> list[str]:
    return [entry.memory.content for entry in journal.read(store).entries]


@settings(deadline=None)
@given(st.lists(NEW, min_size=1, max_size=5))
def test_what_is_read_is_what_was_kept(tmp_path_factory: pytest.TempPathFactory, memories: list[NewMemory]) -> None:
    store = tmp_path_factory.mktemp("store")
    vectors = [np.arange(4, dtype=np.float16) + number for number in range(len(memories))]
    kept = journal.append(store, memories, model="m-1", vectors=vectors)
    found = journal.read(store)
    assert [entry.memory for entry in found.entries] == kept
    assert [one.id for one in kept] == [one.id for one in memories]
    assert [one.sequence for one in kept] == list(range(1, len(kept) + 1))
    for entry, vector in zip(found.entries, vectors, strict=True):
        assert entry.model == "m-1"
        assert entry.vector is not None
        np.testing.assert_array_equal(entry.vector, vector)


def test_sequences_go_on_from_one_append_to_the_next(tmp_path: Path) -> None:
    journal.append(tmp_path, [NewMemory("one"), NewMemory("two")])
    [third] = journal.append(tmp_path, [NewMemory("three")])
    assert third.sequence == journal.read(tmp_path).last == 3


def test_a_torn_last_line_is_not_there_and_is_cut_off_by_the_next_writer(tmp_path: Path) -> None:
    path = tmp_path / journal.JOURNAL_FILE
    journal.append(tmp_path, [NewMemory("tea at five"), NewMemory("the key is under the mat")])
    whole = path.read_bytes()
    start = whole.rindex(b"\n", 0, -1) + 1
    for end in range(start, len(whole)):
        path.write_bytes(whole[:end])
        assert contents(tmp_path) == ["tea at five"]
        [after] = journal.append(tmp_path, [NewMemory("the dog is Bo")])
        assert contents(tmp_path) == ["tea at five", "the dog is Bo"]
        assert (after.sequence, journal.read(tmp_path).damaged) == (2, 0)


def test_a_torn_first_line_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / journal.JOURNAL_FILE
    path.write_bytes(b'["00ff')
    [kept] = journal.append(tmp_path, [NewMemory("tea at five")], floor=7)
    assert (kept.sequence, contents(tmp_path)) == (8, ["tea at five"])


def test_a_damaged_line_is_counted_and_hides_no_other(tmp_path: Path) -> None:
    path = tmp_path / journal.JOURNAL_FILE
    journal.append(tmp_path, [NewMemory("one"), NewMemory("two"), NewMemory("three")])
    path.write_bytes(path.read_bytes().replace(b"two", b"tvo"))
    assert contents(tmp_path) == ["one", "three"]
    assert journal.read(tmp_path).damaged == 1
    assert journal.compact(tmp_path, 3) == 0
    assert b"tvo" in path.read_bytes()


def test_when_only_damaged_lines_are_near_the_end_numbers_still_go_on(tmp_path: Path) -> None:
    path = tmp_path / journal.JOURNAL_FILE
    journal.append(tmp_path, [NewMemory("one"), *(NewMemory(f"{n} " + "x" * 9_000) for n in range(20))])
    path.write_bytes(path.read_bytes().replace(b"x" * 9_000, b"y" * 9_000))
    [kept] = journal.append(tmp_path, [NewMemory("two")])
    assert (kept.sequence, contents(tmp_path)) == (2, ["one", "two"])


def test_a_journal_of_a_newer_workbench_is_neither_read_nor_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(journal, "_FORMAT", 2)
        journal.append(tmp_path, [NewMemory("one")])
        journal.compact(tmp_path, 1)
    with pytest.raises(StoreVersionError):
        journal.read(tmp_path)
    with pytest.raises(StoreVersionError):
        journal.append(tmp_path, [NewMemory("two")])


def test_memories_are_kept_while_the_record_is_held(tmp_path: Path) -> None:
    with WriterLock(tmp_path):
        journal.append(tmp_path, [NewMemory("tea at five")])
    assert contents(tmp_path) == ["tea at five"]


def test_several_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", APPEND, str(tmp_path), name, "30"], stdout=subprocess.PIPE, text=True)
        for name in "abcd"
    ]
    told = [line.split(maxsplit=1) for writer in writers for line in writer.communicate()[0].splitlines()]
    assert all(writer.returncode == 0 for writer in writers)
    found = journal.read(tmp_path)
    assert [entry.memory.sequence for entry in found.entries] == list(range(1, 121))
    assert {(str(entry.memory.sequence), entry.memory.content) for entry in found.entries} == {(n, t) for n, t in told}


FULL = """
import resource, signal, sys
from pathlib import Path
from workbench.errors import StoreError
from workbench.model import NewMemory
from workbench.record import journal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
try:
    journal.append(Path(sys.argv[1]), [NewMemory("small"), NewMemory("x" * 5_000)])
except StoreError as error:
    print(error.what)
"""


def test_where_there_is_no_room_nothing_is_kept_and_all_before_stays(tmp_path: Path) -> None:
    journal.append(tmp_path, [NewMemory("tea at five")])
    ended = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "cannot be written" in ended.stdout
    assert contents(tmp_path) == ["tea at five"]
    journal.append(tmp_path, [NewMemory("the dog is Bo")])
    assert contents(tmp_path) == ["tea at five", "the dog is Bo"]


def test_a_folder_that_cannot_be_written_is_an_error_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StoreError, match="cannot be written"):
        journal.append(tmp_path / "store", [NewMemory("tea")])


def test_compaction_takes_out_what_is_elsewhere_and_keeps_the_rest(tmp_path: Path) -> None:
    vector = np.ones(4, np.float16)
    journal.append(tmp_path, [NewMemory(str(n)) for n in range(5)], model="m", vectors=[vector] * 5)
    before = journal.read(tmp_path)
    assert journal.compact(tmp_path, 3) == 3
    after = journal.read(tmp_path)
    assert (after.base, after.last, after.damaged) == (3, 5, 0)
    assert [entry.memory for entry in after.entries] == [entry.memory for entry in before.entries[3:]]
    assert all(entry.model == "m" and entry.vector is not None for entry in after.entries)
    assert journal.compact(tmp_path, 5) == 2
    assert journal.append(tmp_path, [NewMemory("next")])[0].sequence == 6


def rewritten(path: Path) -> None:
    copy = path.with_suffix(".copy")
    copy.write_bytes(path.read_bytes())
    copy.replace(path)


@pytest.mark.parametrize("between", [lambda path: None, rewritten], ids=["appended", "another file of that name"])
def test_a_follower_is_told_each_memory_once(tmp_path: Path, between: Callable[[Path], None]) -> None:
    follower = JournalFollower(tmp_path, after=1)
    assert follower.news() == []
    journal.append(tmp_path, [NewMemory("one"), NewMemory("two")])
    assert [entry.memory.content for entry in follower.news()] == ["two"]
    between(tmp_path / journal.JOURNAL_FILE)
    journal.append(tmp_path, [NewMemory("three")])
    assert [entry.memory.content for entry in follower.news()] == ["three"]
    assert follower.news() == []
    follower.close()


def test_a_follower_reads_on_after_a_compaction(tmp_path: Path) -> None:
    follower = JournalFollower(tmp_path, after=0)
    journal.append(tmp_path, [NewMemory("one"), NewMemory("two")])
    assert len(follower.news()) == 2
    for number in range(3, 9):  # a file system may give the inode number of the file before last again
        journal.compact(tmp_path, number - 1)
        journal.append(tmp_path, [NewMemory(str(number))])
        assert [entry.memory.sequence for entry in follower.news()] == [number]


def test_a_follower_waits_for_the_end_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / journal.JOURNAL_FILE
    journal.append(tmp_path, [NewMemory("one"), NewMemory("two")])
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    follower = JournalFollower(tmp_path, after=0)
    assert len(follower.news()) == 1
    path.write_bytes(whole)
    assert [entry.memory.content for entry in follower.news()] == ["two"]


def test_a_follower_finds_what_was_written_where_lines_were_cut_off(tmp_path: Path) -> None:
    path = tmp_path / journal.JOURNAL_FILE
    journal.append(tmp_path, [NewMemory("one"), NewMemory("two")])
    follower = JournalFollower(tmp_path, after=0)
    assert len(follower.news()) == 2
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"\n", 0, -1) + 1])  # the second could not be synced, so it was taken back
    journal.append(tmp_path, [NewMemory("deux et trois"), NewMemory("three")])
    assert [entry.memory.content for entry in follower.news()] == ["deux et trois", "three"]
