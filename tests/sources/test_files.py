from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from reading import EXPORTS, read

from workbench.errors import ArchiveError, SourceError, UnknownFormatError
from workbench.sources import find_files
from workbench.sources.structure import HEAD, shape_of

THREADS = EXPORTS / "chatgpt" / "threads.json"


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_a_path_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nowhere does not exist"):
        find_files(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b'{"invalid": 1}', "a JSON object with keys 'invalid'"),
        (b'[{"id": 1, "inserted_at": 2, "mapping": {}}]', "keys 'id', 'inserted_at', 'mapping'"),
        (b"", "an empty file"),
        (b"%PDF-1.7", "a PDF"),
        (b"<html><body>hello", "an HTML page"),
        (b"hello", "plain text"),
    ],
)
def test_an_unknown_file_is_refused_with_what_was_found(tmp_path: Path, data: bytes, found: str) -> None:
    path = tmp_path / "conversations.json"
    path.write_bytes(data)
    with pytest.raises(UnknownFormatError, match=found):
        find_files(path)


def test_a_claude_manifest_says_what_to_import_instead(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"total_files": 1, "data_files": [{"category": "conversations"}]}), "utf-8")
    with pytest.raises(UnknownFormatError, match=r"conversations-000\.zip"):
        find_files(path)


def test_formats_are_told_apart_by_structure_and_not_by_name(tmp_path: Path) -> None:
    for source in ("chatgpt", "claude"):
        path = tmp_path / "conversations.json"
        path.write_bytes((EXPORTS / source / "threads.json").read_bytes())
        assert [file.source for file in find_files(path)[0]] == [source]


@pytest.mark.parametrize("name", ["../evil.json", "/etc/evil.json", "C:/evil.json", "a/../../evil.json"])
def test_an_archive_that_reaches_outside_itself_is_refused(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "export.zip", {name: THREADS.read_bytes()})
    with pytest.raises(ArchiveError, match="outside the archive"):
        find_files(path)


def test_an_archive_that_unpacks_absurdly_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "export.zip", {"conversations.json": bytes(65 << 20)})
    with pytest.raises(ArchiveError, match="unpacks to 65 MB"):
        find_files(path)


def test_a_cut_off_archive_is_called_damaged(tmp_path: Path) -> None:
    path = zipped(tmp_path / "export.zip", {"conversations.json": THREADS.read_bytes()})
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ArchiveError, match="damaged"):
        find_files(path)


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "export.zip", {"conversations.json": THREADS.read_bytes()})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match="encrypted"):
        find_files(path)


def test_an_archive_damaged_in_its_middle_gives_an_issue(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("conversations.json", THREADS.read_bytes().rstrip()[:-1] + b" " * (4 << 20) + b"]")
    data = bytearray(path.read_bytes())
    data[3 << 20] ^= 1
    path.write_bytes(data)
    conversations, issues = read(path)
    assert len(conversations) == 3
    assert "could not be read to its end" in issues[-1].reason


def test_an_archive_whose_only_file_is_damaged_is_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.write(THREADS, "conversations.json")
    data = bytearray(path.read_bytes())
    data[data.index(b"A branch")] ^= 1
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match="CRC"):
        find_files(path)


def test_a_whole_export_is_found_in_an_archive_and_the_rest_told(tmp_path: Path) -> None:
    members = {
        "x/conversations-001.json": THREADS.read_bytes(),
        "x/conversations-000.json": (EXPORTS / "chatgpt/greeting.json").read_bytes(),
        "x/export_manifest.json": json.dumps(
            {
                "version": 1,
                "manifest_file": "export_manifest.json",
                "logical_files": {
                    "conversations.json": {"files": ["conversations-000.json", "conversations-002.json"]}
                },
            }
        ).encode(),
        "x/user.json": b'{"id": "u", "email": "e", "chatgpt_plus_user": true}',
        "x/file-1.dat": b"\x89PNG\x00",
        "x/strange.json": b'{"what": 1}',
        "__MACOSX/x/conversations.json": THREADS.read_bytes(),
    }
    files, issues = find_files(zipped(tmp_path / "export.zip", members))
    assert [file.place for file in files] == [
        "export.zip!x/conversations-000.json",
        "export.zip!x/conversations-001.json",
    ]
    told = {issue.place: issue for issue in issues if issue.severity == "note"}
    assert "keys 'what'" in told["export.zip!x/strange.json"].reason
    assert "1 .dat" in told["export.zip"].reason
    missing = [issue.reason for issue in issues if issue.severity == "skipped"]
    assert missing == ["the export is not complete: conversations-002.json is missing"]


def test_an_archive_without_an_export_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormatError, match=r"holds no known export.*strange\.json"):
        find_files(zipped(tmp_path / "a.zip", {"strange.json": b'{"what": 1}'}))


def test_a_folder_is_read_in_order_with_archives_and_without_hidden_files(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / ".hidden").mkdir()
    for place in ("b/z.json", "b/a.json", ".hidden/c.json", ".c.json"):
        (tmp_path / place).write_bytes(THREADS.read_bytes())
    zipped(tmp_path / "a.zip", {"conversations.json": THREADS.read_bytes()})
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 no more")
    files, issues = find_files(tmp_path)
    assert [file.place for file in files] == ["a.zip!conversations.json", "b/a.json", "b/z.json"]
    assert [issue.place for issue in issues] == ["bad.zip"]


def test_places_name_the_element_within_the_archive(tmp_path: Path) -> None:
    _, issues = read(zipped(tmp_path / "export.zip", {"conversations.json": THREADS.read_bytes()}))
    assert "export.zip!conversations.json[4]" in {issue.place for issue in issues}


@pytest.mark.parametrize("end", [b"", b'"', b"\\", b'"b', b'"b\\', b'"b\\"'])
def test_a_file_that_breaks_off_within_a_string_shows_the_keys_before_it(end: bytes) -> None:
    assert shape_of(b'[{"a": 1, ' + end).keys == {"a"}


def test_a_long_text_full_of_quotes_is_looked_at_once() -> None:
    """A search that began anew at each of its quotes would take minutes."""
    assert shape_of(b'[{"title": "a", "text": "' + b'\\"' * (HEAD // 2)).keys == {"title", "text"}
