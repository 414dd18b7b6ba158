"""Pushing to, and pulling from, folders and fsspec's memory; real files, real processes that are killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from building import claude_export, publish_embedded, transcript
from click.testing import CliRunner, Result

from workbench.cli import main
from workbench.embedding import Embedder
from workbench.errors import SnapshotError, StoreError, StoreLockedError, StoreMissingError, UsageError
from workbench.model import Transcript
from workbench.record import Database, WriterLock, open_record
from workbench.settings import Settings
from workbench.snapshot import Manifest, open_snapshot, verify
from workbench.snapshot.blobs import BlobStore
from workbench.snapshot.generations import snapshots_folder
from workbench.snapshot.manifest import FILE_NAME, describe_file
from workbench.snapshot.remote import Transfer, pull, push
from workbench.snapshot.replica import refuse_writing
from workbench.workspace import Workbench

BREAD = transcript("bread", "flat loaf again", "proof it longer, at 24 degrees")
SOUP = transcript("soup", "miso soup?", "kombu first", assistant="chatgpt")
RENAMED = transcript("bread", "flat loaf again", "proof it longer, at 24 degrees", title="Loaves", updated=1)


class Source:
    """A store with a record, that a test publishes and pushes from."""

    def __init__(self, folder: Path, record: Database, embedder: Embedder) -> None:
        self.folder, self.record, self.embedder = folder, record, embedder

    def publish(self, *transcripts: Transcript) -> Manifest:
        return publish_embedded(self.record, self.folder, self.embedder, *transcripts)


@pytest.fixture
def source(tmp_path: Path, embedder: Embedder) -> Iterator[Source]:
    folder = tmp_path / "source"
    folder.mkdir()
    with open_record(folder) as record:
        yield Source(folder, record, embedder)


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    return tmp_path / "bucket"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "replica"


def blobs(bucket: Path) -> dict[str, Path]:
    return {path.name: path for path in (bucket / "blobs").iterdir()}


def blob_of(bucket: Path, store: Path, name: str) -> Path:
    manifest = Manifest.read(sorted(snapshots_folder(store).glob("0*"))[-1])
    return blobs(bucket)[manifest.files[name].digest]


def contents(store: Path) -> dict[str, bytes]:
    with open_snapshot(store) as snapshot:
        return {
            path.relative_to(snapshot.folder).as_posix(): path.read_bytes()
            for path in snapshot.folder.rglob("*")
            if path.is_file() and path.suffix != ".lock"
        }


def found(store: Path, text: str) -> list[str]:
    with Workbench(Settings(store=store, ray="off")) as memory:
        return [hit.message_id for hit in memory.search(text).hits]


def address(kind: str, bucket: Path) -> str:
    match kind:
        case "memory":
            return f"fsspec+memory:///{uuid.uuid4().hex}/store"
        case "uri":
            return bucket.as_uri()
        case _:
            return str(bucket)


@pytest.mark.parametrize("kind", ["folder", "uri", "memory"])
def test_what_is_pulled_is_what_was_pushed_byte_for_byte(source: Source, bucket: Path, copy: Path, kind: str) -> None:
    manifest = source.publish(BREAD, SOUP)
    place = address(kind, bucket)
    pushed = push(source.folder, place)
    pulled = pull(place, copy)
    assert contents(copy) == contents(source.folder)
    assert pulled.generation == manifest.generation
    objects = {part.digest: part.bytes for part in manifest.files.values()}
    assert (pulled.files, pulled.bytes) == (len(objects), sum(objects.values()))  # equal files are one object
    assert pulled.files + pulled.kept_files == len(manifest.files)
    assert pushed.kept_files == 0
    assert found(copy, "flat loaf") == found(source.folder, "flat loaf")


@pytest.mark.parametrize("kind", ["folder", "memory"])
def test_a_second_push_and_pull_of_the_same_generation_copy_nothing(
    source: Source, bucket: Path, copy: Path, kind: str
) -> None:
    source.publish(BREAD)
    place = address(kind, bucket)
    push(source.folder, place)
    pull(place, copy)
    for again in (push(source.folder, place), pull(place, copy)):
        assert (again.files, again.bytes, again.removed_files, again.fresh) == (0, 0, 0, False)
        assert again.kept_bytes > 0


def test_unchanged_vectors_are_neither_pushed_nor_pulled_again(source: Source, bucket: Path, copy: Path) -> None:
    source.publish(BREAD)
    push(source.folder, str(bucket))
    pull(str(bucket), copy)
    vectors = blob_of(bucket, source.folder, "vectors/vectors.f16.npy")
    first = vectors.stat().st_mtime_ns
    with open_snapshot(copy) as old:
        manifest = source.publish(RENAMED)
        pushed = push(source.folder, str(bucket))
        pulled = pull(str(bucket), copy)
        assert manifest.generation == pulled.generation == 2
        assert pushed.kept_bytes >= vectors.stat().st_size
        assert vectors.stat().st_mtime_ns == first
        linked = snapshots_folder(copy) / "000002" / "vectors" / "vectors.f16.npy"
        assert linked.stat().st_ino == (old.folder / "vectors" / "vectors.f16.npy").stat().st_ino
    assert pulled.kept_files > 0
    assert contents(copy) == contents(source.folder)


def test_what_only_older_generations_had_is_removed_from_the_place(source: Source, bucket: Path) -> None:
    source.publish(BREAD)
    push(source.folder, str(bucket))
    (bucket / "blobs" / "left-by-an-interrupted-push").write_bytes(b"half")
    manifest = source.publish(SOUP)
    assert push(source.folder, str(bucket)).removed_files > 1
    folder = snapshots_folder(source.folder) / "000002"
    assert set(blobs(bucket)) == {part.digest for part in manifest.files.values()} | {
        describe_file(folder / FILE_NAME).digest
    }


def test_a_file_cut_short_by_a_killed_push_is_pushed_again(source: Source, bucket: Path, copy: Path) -> None:
    source.publish(BREAD)
    push(source.folder, str(bucket))
    cut = blob_of(bucket, source.folder, "catalog.duckdb")
    cut.write_bytes(cut.read_bytes()[:1000])
    assert push(source.folder, str(bucket)).files == 1
    pull(str(bucket), copy)


def test_readers_keep_their_generation_while_a_newer_one_is_pulled(source: Source, bucket: Path, copy: Path) -> None:
    source.publish(BREAD)
    push(source.folder, str(bucket))
    pull(str(bucket), copy)
    with Workbench(Settings(store=copy, ray="off")) as memory:
        before = memory.search("miso soup").hits
        source.publish(SOUP)
        push(source.folder, str(bucket))
        pull(str(bucket), copy)
        assert memory.search("miso soup").hits == before
        assert memory.snapshot.generation == 1
        memory.refresh()
        assert memory.snapshot.generation == 2
        assert "miso soup?" in {hit.snippet for hit in memory.search("miso soup").hits}


@pytest.mark.slow
def test_searches_never_fail_while_generations_are_pulled(source: Source, bucket: Path, copy: Path) -> None:
    source.publish(BREAD)
    push(source.folder, str(bucket))
    pull(str(bucket), copy)
    seen: list[int] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            with open_snapshot(copy) as snapshot:
                assert snapshot.catalog.value("SELECT count(*) FROM messages") == snapshot.manifest.counts["messages"]
                seen.append(snapshot.generation)

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        try:
            for number in range(3):
                source.publish(transcript(f"tea {number}", f"how hot is tea {number}?"))
                push(source.folder, str(bucket))
                pull(str(bucket), copy)
            while not reading.done() and (not seen or seen[-1] != 4):
                time.sleep(0.01)
        finally:
            stop.set()
        reading.result()
    assert seen == sorted(seen)


def test_a_pull_that_is_killed_leaves_the_old_generation_and_can_be_repeated(
    source: Source, bucket: Path, copy: Path
) -> None:
    source.publish(BREAD)
    push(source.folder, str(bucket))
    pull(str(bucket), copy)
    source.publish(SOUP)
    push(source.folder, str(bucket))
    endless = blob_of(bucket, source.folder, "catalog.duckdb")
    whole = endless.read_bytes()
    endless.unlink()
    os.mkfifo(endless)  # nobody writes to it: the pull waits here for ever, with everything else copied
    process = subprocess.Popen([sys.executable, "-m", "workbench", "pull", str(bucket), "--store", str(copy)])
    building = snapshots_folder(copy) / ".building-000002"
    try:
        while not (building / "lexical" / "meta.json").exists():
            assert process.poll() is None
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert [path.name for path in snapshots_folder(copy).glob("0*")] == ["000001"]
    assert found(copy, "flat loaf")
    endless.unlink()
    endless.write_bytes(whole)
    assert pull(str(bucket), copy).generation == 2
    assert not building.exists()
    assert contents(copy) == contents(source.folder)


def test_a_pull_that_was_killed_just_before_it_switched_can_be_repeated(
    source: Source, bucket: Path, copy: Path
) -> None:
    source.publish(BREAD)
    push(source.folder, str(bucket))
    pull(str(bucket), copy)
    shutil.copytree(snapshots_folder(copy) / "000001", snapshots_folder(copy) / "000002")
    source.publish(SOUP)
    push(source.folder, str(bucket))
    assert pull(str(bucket), copy).generation == 2
    assert contents(copy) == contents(source.folder)


def test_a_pull_begins_again_if_a_push_removes_what_it_reads(
    source: Source, bucket: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.publish(BREAD)
    push(source.folder, str(bucket))
    get = BlobStore.get
    pushes: list[Transfer] = []

    def get_late(*arguments: object) -> None:
        if not pushes:  # a newer generation is pushed between CURRENT and the first file
            source.publish(SOUP)
            pushes.append(push(source.folder, str(bucket)))
        get(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(BlobStore, "get", get_late)
    assert pull(str(bucket), copy).generation == 2
    assert pushes[0].removed_files


def test_damage_in_the_place_is_found_and_nothing_is_switched(source: Source, bucket: Path, copy: Path) -> None:
    source.publish(BREAD)
    push(source.folder, str(bucket))
    blob = blob_of(bucket, source.folder, "catalog.duckdb")
    raw = bytearray(blob.read_bytes())
    raw[-1] ^= 1
    blob.write_bytes(raw)
    with pytest.raises(SnapshotError, match=f"{blob.name}.* is damaged"):
        pull(str(bucket), copy)
    with pytest.raises(StoreMissingError):
        open_snapshot(copy)
    blob.unlink()
    push(source.folder, str(bucket))
    assert pull(str(bucket), copy).generation == 1


def test_a_missing_object_is_named(source: Source, bucket: Path, copy: Path) -> None:
    source.publish(BREAD)
    push(source.folder, str(bucket))
    blob = blob_of(bucket, source.folder, "catalog.duckdb")
    blob.unlink()
    with pytest.raises(SnapshotError, match="is incomplete"):
        pull(str(bucket), copy)


def test_a_damaged_file_is_not_pushed(source: Source, bucket: Path) -> None:
    source.publish(BREAD)
    path = snapshots_folder(source.folder) / "000001" / "texts" / "content.bin"
    path.write_bytes(path.read_bytes()[::-1])
    with pytest.raises(SnapshotError, match=r"content\.bin is damaged"):
        push(source.folder, str(bucket))
    assert not (bucket / "CURRENT").exists()


def test_a_manifest_that_names_files_outside_is_refused(source: Source, bucket: Path, copy: Path) -> None:
    manifest = source.publish(BREAD)
    push(source.folder, str(bucket))
    evil = replace(manifest, files={"../../evil": manifest.files["catalog.duckdb"]})
    evil.write(bucket)
    part = describe_file(bucket / FILE_NAME)
    (bucket / FILE_NAME).rename(bucket / "blobs" / part.digest)
    pointer = {"format": 1, "generation": 1, "manifest": {"bytes": part.bytes, "digest": part.digest}}
    (bucket / "CURRENT").write_text(json.dumps(pointer))
    with pytest.raises(SnapshotError, match=r"\.\./\.\./evil"):
        pull(str(bucket), copy)
    assert not list(copy.parent.rglob("evil"))


def test_a_store_with_a_record_is_not_pulled_into(source: Source, bucket: Path) -> None:
    source.publish(BREAD)
    push(source.folder, str(bucket))
    with pytest.raises(StoreError, match=r"has a record of its own.*record\.duckdb"):
        pull(str(bucket), source.folder)


def test_a_store_with_memories_of_its_own_is_not_pulled_into(source: Source, bucket: Path, copy: Path) -> None:
    source.publish(BREAD)
    push(source.folder, str(bucket))
    copy.mkdir()
    (copy / "journal.jsonl").write_text("{}\n")
    with pytest.raises(StoreError, match=r"journal\.jsonl"):
        pull(str(bucket), copy)


def test_a_replica_says_where_it_is_written(source: Source, bucket: Path, copy: Path) -> None:
    refuse_writing(source.folder)
    source.publish(BREAD)
    push(source.folder, str(bucket))
    pull(str(bucket), copy)
    with pytest.raises(StoreError, match=f"is a replica of {bucket}"):
        refuse_writing(copy)


def test_two_pulls_into_one_store_do_not_meet(source: Source, bucket: Path, copy: Path) -> None:
    source.publish(BREAD)
    push(source.folder, str(bucket))
    with WriterLock(copy), pytest.raises(StoreLockedError):
        pull(str(bucket), copy)


def test_another_store_is_not_pushed_over_it(source: Source, bucket: Path, tmp_path: Path, embedder: Embedder) -> None:
    source.publish(BREAD)
    push(source.folder, str(bucket))
    (tmp_path / "other").mkdir()
    with open_record(tmp_path / "other") as record:
        publish_embedded(record, tmp_path / "other", embedder, SOUP)
        with pytest.raises(StoreError, match="different stores"):
            push(tmp_path / "other", str(bucket))
        elsewhere = tmp_path / "elsewhere"
        push(tmp_path / "other", str(elsewhere))
    copy = tmp_path / "copy"
    pull(str(bucket), copy)
    with pytest.raises(StoreError, match="different stores"):
        pull(str(elsewhere), copy)


def test_a_push_that_was_overtaken_says_so(source: Source, bucket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source.publish(BREAD)
    prepare = BlobStore.prepare

    def overtaken(blob_store: BlobStore) -> None:
        monkeypatch.setattr(BlobStore, "prepare", prepare)
        source.publish(SOUP)
        push(source.folder, str(bucket))
        prepare(blob_store)

    monkeypatch.setattr(BlobStore, "prepare", overtaken)
    with pytest.raises(StoreError, match="meanwhile"):
        push(source.folder, str(bucket))
    assert push(source.folder, str(bucket)).generation == 2


@pytest.mark.parametrize(
    ("place", "error", "message"),
    [
        ("nowhere://bucket/x", UsageError, "no place that can be pushed to"),
        ("fsspec+nowhere://bucket/x", UsageError, "no place that can be pushed to"),
        ("fsspec+memory:///nothing-here", StoreMissingError, "workbench push"),
    ],
)
def test_a_place_that_cannot_be_pulled_from_is_said(
    copy: Path, place: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        pull(place, copy)
    assert not copy.exists()


@pytest.mark.slow  # the S3 client tries again for six seconds
def test_a_place_that_cannot_be_reached_is_said_without_its_password(copy: Path) -> None:
    place = "s3://someone:hush@bucket/x?endpoint_override=127.0.0.1:9&scheme=http&region=us-east-1"
    with pytest.raises(StoreError, match="s3://someone@bucket/x cannot be used") as refused:
        pull(place, copy)
    assert "hush" not in str(refused.value)


def test_the_command_line_pushes_and_pulls(source: Source, bucket: Path, copy: Path) -> None:
    def call(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    source.publish(BREAD)
    pushed = call("push", bucket, "--store", source.folder)
    assert pushed.exit_code == 0, pushed.output
    assert f"Generation 1 pushed to {bucket}" in pushed.output
    pulled = json.loads(call("pull", bucket, "--store", copy, "--json").output)
    assert (pulled["generation"], pulled["fresh"]) == (1, True)
    nothing = call("pull", bucket / "empty", "--store", copy)
    assert nothing.exit_code == 1
    assert "Run `workbench push`" in nothing.stderr
    into_the_record = call("pull", bucket, "--store", source.folder)
    assert into_the_record.exit_code == 1
    assert "pull into another folder" in into_the_record.stderr.lower()


def test_an_import_into_a_replica_is_refused(source: Source, bucket: Path, copy: Path, tmp_path: Path) -> None:
    source.publish(BREAD)
    push(source.folder, str(bucket))
    pull(str(bucket), copy)
    export = claude_export(tmp_path / "conversations.json", {"tea": ("how hot?",)})
    with pytest.raises(StoreError, match="is a replica"):
        Workbench(Settings(store=copy, ray="off")).ingest(export)
    assert not (copy / "record.duckdb").exists()


@pytest.mark.slow
def test_a_follower_brings_each_generation_and_outlasts_a_place_that_is_gone(
    source: Source, bucket: Path, copy: Path
) -> None:
    command = [sys.executable, "-m", "workbench", "pull", str(bucket), "--store", str(copy), "--every", "1"]
    follower = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert follower.stdout is not None
    assert follower.stderr is not None
    try:
        assert "nothing was pushed" in follower.stderr.readline()
        for number, one in enumerate((BREAD, SOUP), 1):
            source.publish(one)
            push(source.folder, str(bucket))
            assert follower.stdout.readline().startswith(f"Generation {number} pulled")
    finally:
        follower.terminate()
        follower.communicate(timeout=20)
    assert contents(copy) == contents(source.folder)


def test_a_replica_is_whole(source: Source, bucket: Path, copy: Path) -> None:
    source.publish(BREAD, SOUP)
    push(source.folder, str(bucket))
    pull(str(bucket), copy)
    assert [finding for finding in verify(copy) if not finding.ok] == []
