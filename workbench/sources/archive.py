"""Zip archives, looked into without unpacking them, and refused where that would not be safe."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from workbench.errors import ArchiveError, SourceError

_LARGEST_TOTAL = 512 << 30
_MOST_MEMBERS = 1_000_000
_HIGHEST_RATIO = 200
_RATIO_MATTERS = 64 << 20


def is_zip(head: bytes) -> bool:
    """Whether a file that begins with `head` is a zip archive."""
    return head[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def members(path: Path) -> list[zipfile.ZipInfo]:
    """The files of the archive by name; of two with one name the last, as any tool would unpack them.

    Raises:
        ArchiveError: it is damaged or encrypted, or unpacking it could do harm.
        SourceError: the file cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = {info.filename: info for info in archive.infolist() if not info.is_dir()}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, ValueError) as error:
        raise ArchiveError(f"{path.name} is damaged", str(error), "Download the export again") from error
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read", error.strerror or str(error)) from error
    infos = [found[name] for name in sorted(found)]
    _check(path.name, infos)
    return infos


def _check(name: str, infos: list[zipfile.ZipInfo]) -> None:
    if len(infos) > _MOST_MEMBERS or sum(info.file_size for info in infos) > _LARGEST_TOTAL:
        raise ArchiveError(f"{name} would unpack to more than any export holds", todo="Unpack it and import the folder")
    for info in infos:
        if info.flag_bits & 0x1:
            raise ArchiveError(f"{name} is encrypted", todo="Unpack it with its password and import the folder")
        if _escapes(info.filename):
            raise ArchiveError(
                f"{name} is not safe", f"its member {info.filename!r} points outside the archive", "Do not unpack it"
            )
        if info.file_size > _RATIO_MATTERS and info.file_size > _HIGHEST_RATIO * max(info.compress_size, 1):
            raise ArchiveError(
                f"{name} is not safe",
                f"its member {info.filename!r} unpacks to {info.file_size >> 20} MB from {info.compress_size} bytes",
            )


def _escapes(member: str) -> bool:
    path = PurePosixPath(member.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in path.parts[0][:2] if path.parts else False


def open_member(path: Path, member: str) -> IO[bytes]:
    """The bytes of one member, unpacked while they are read.

    Raises:
        ArchiveError: the archive is damaged there.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.open(member)  # keeps the file open after the archive is closed
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, KeyError) as error:
        raise ArchiveError(f"{path.name} is damaged at {member}", str(error), "Download the export again") from error
