"""Finding exports in a file, an archive or a folder, by what is in them."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from workbench.errors import ArchiveError, SourceError, UnknownFormatError
from workbench.model import ImportIssue
from workbench.sources.archive import is_zip, members, open_member
from workbench.sources.registry import SOURCES, recognise
from workbench.sources.sidecars import about, hint_for, missing_shards
from workbench.sources.source import Parsed, Record
from workbench.sources.structure import HEAD, shape_of

_TEXTUAL = frozenset({".json", ".html", ".htm", ".jsonl", ".txt", ""})
_LARGEST_MANIFEST = 8 << 20
_DAMAGED = "cannot be read"


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file of an export. `member` is its name within the archive at `path`, None for a file of its own."""

    place: str
    path: Path
    member: str | None
    source: str
    size: int

    def open(self) -> BinaryIO:
        """Its bytes, seekable; those of an archive are unpacked while they are read.

        Raises:
            ArchiveError: the archive is damaged there.
            SourceError: the file cannot be read.
        """
        return _open(self.path, self.member)


@dataclass(frozen=True, slots=True)
class _Candidate:
    place: str
    path: Path
    member: str | None
    size: int

    @property
    def name(self) -> str:
        return PurePosixPath(self.member or self.path.as_posix()).name

    def head(self) -> bytes:
        with _open(self.path, self.member) as stream:
            return stream.read(HEAD)


def find_files(path: Path) -> tuple[list[ExportFile], list[ImportIssue]]:
    """The export files in `path` (a file, a zip archive or a folder with any of these), and what else was there.

    Raises:
        SourceError: `path` does not exist or cannot be read.
        UnknownFormatError: it is a file, or an archive, without any known export.
        ArchiveError: it is a damaged, encrypted or unsafe archive.
    """
    path = Path(path)
    if not path.exists():
        raise SourceError(f"{path} does not exist", todo="Check the path of the export")
    if path.is_dir():
        return _in_folder(path)
    candidate = _Candidate(path.name, path, None, path.stat().st_size)
    head = candidate.head()
    if is_zip(head):
        files, issues = _sorted_out(_in_archive(path, path.name))
        if not files and any(issue.reason.startswith(_DAMAGED) for issue in issues):
            raise ArchiveError(f"{path.name} is damaged", _found(issues), "Download the export again")
        if not files:
            raise UnknownFormatError(f"{path.name} holds no known export", _found(issues), _looked_for())
        return files, issues
    source = recognise(head)
    if source is None:
        found = f"It is {shape_of(head)}"
        raise UnknownFormatError(f"{path.name} is no known export", found, hint_for(head) or _looked_for())
    return [ExportFile(candidate.place, path, None, source, candidate.size)], []


def split(file: ExportFile) -> Iterator[Record | ImportIssue]:
    """The records of one export file, streamed. A file damaged in its middle gives what came before, then an issue."""
    with file.open() as stream:
        try:
            yield from SOURCES[file.source].split(stream, file.place)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            yield ImportIssue(file.place, f"could not be read to its end: {error or 'it breaks off'}", "skipped")


def parse(source: str, record: Record) -> Parsed:
    """What one record of the source of that name yields; never raises for anything a record may hold."""
    return SOURCES[source].parse(record)


def _open(path: Path, member: str | None) -> BinaryIO:
    if member is not None:
        return cast(BinaryIO, open_member(path, member))
    try:
        return path.open("rb")
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read", error.strerror or str(error)) from error


def _in_folder(folder: Path) -> tuple[list[ExportFile], list[ImportIssue]]:
    candidates: list[_Candidate] = []
    issues: list[ImportIssue] = []
    for path in _walk(folder):
        place = path.relative_to(folder).as_posix()
        try:
            candidate = _Candidate(place, path, None, path.stat().st_size)
            if is_zip(candidate.head()[:4]):
                candidates.extend(_in_archive(path, place))
            else:
                candidates.append(candidate)
        except (SourceError, OSError) as error:
            issues.append(ImportIssue(place, str(error)))
    files, more = _sorted_out(candidates)
    return files, issues + more


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _hidden(name))
        yield from (Path(parent, name) for name in sorted(names) if not _hidden(name))


def _hidden(name: str) -> bool:
    return name.startswith((".", "~$")) or name == "__MACOSX"


def _in_archive(path: Path, place: str) -> list[_Candidate]:
    return [
        _Candidate(f"{place}!{info.filename}", path, info.filename, info.file_size)
        for info in members(path)
        if not any(_hidden(part) for part in PurePosixPath(info.filename).parts)
    ]


def _sorted_out(candidates: list[_Candidate]) -> tuple[list[ExportFile], list[ImportIssue]]:
    """Which of the files are exports; the rest told, media only by their number."""
    files: list[ExportFile] = []
    issues: list[ImportIssue] = []
    media: Counter[str] = Counter()
    names = {candidate.name for candidate in candidates}
    for candidate in candidates:
        suffix = PurePosixPath(candidate.name).suffix.lower()
        try:
            head = candidate.head()
            if source := recognise(head):
                files.append(ExportFile(candidate.place, candidate.path, candidate.member, source, candidate.size))
            elif note := about(candidate.name, head):
                issues.extend(_told(candidate, note, names))
            elif is_zip(head):
                reason = "an archive within an archive; unpack it and import it by itself"
                issues.append(ImportIssue(candidate.place, reason))
            elif suffix in _TEXTUAL and shape_of(head).kind != "binary":
                issues.append(ImportIssue(candidate.place, f"not a known export: {shape_of(head)}", "note"))
            else:
                media[suffix or "without suffix"] += 1
        except (SourceError, zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            issues.append(ImportIssue(candidate.place, f"{_DAMAGED}: {error}"))
    if media:
        counts = ", ".join(f"{count} {suffix}" for suffix, count in media.most_common())
        place = candidates[0].place.split("!", 1)[0] if "!" in candidates[0].place else "."
        issues.append(ImportIssue(place, f"files beside the conversations, not imported: {counts}", "note"))
    return files, issues


def _told(candidate: _Candidate, note: str, names: set[str]) -> Iterator[ImportIssue]:
    yield ImportIssue(candidate.place, note, "note")
    if candidate.size <= _LARGEST_MANIFEST:
        with _open(candidate.path, candidate.member) as stream:
            for shard in missing_shards(stream.read(), names):
                yield ImportIssue(candidate.place, f"the export is not complete: {shard} is missing")


def _found(issues: list[ImportIssue]) -> str:
    if not issues:
        return "It is empty"
    return "Found: " + "; ".join(f"{issue.place} ({issue.reason})" for issue in issues[:5])


def _looked_for() -> str:
    return "Looked for: " + ", ".join(source.label for source in SOURCES.values())
