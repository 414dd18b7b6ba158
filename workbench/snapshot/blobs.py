"""Shared or object storage that generations are pushed to: one object a file, named by the digest of its bytes.

    CURRENT          which generation is the newest, and the digest of its manifest (JSON); replaced last, in one step
    blobs/DIGEST     a file of a generation, or a manifest; never changed

Two generations that have a file in common share its object. pyarrow.fs reads and writes: `s3://`, `gs://`, `abfs://`,
`file://`, a plain folder, and `fsspec+PROTOCOL://` for whatever fsspec knows.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from workbench.errors import SnapshotError, StoreError, StoreVersionError, UsageError
from workbench.snapshot.manifest import PartFile

FORMAT = 1
_CURRENT, _BLOBS = "CURRENT", "blobs"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Pointer:
    """What CURRENT holds: the newest generation and its manifest."""

    generation: int
    manifest: PartFile


class BlobStore:
    """One place that generations are pushed to.

    Raises (every method):
        StoreError: The place cannot be reached, read or written.
    """

    def __init__(self, filesystem: Any, root: str, name: str) -> None:
        self._files = filesystem
        self._root = root.rstrip("/")
        self.name = name
        """Its address as it may be shown: without passwords and options."""

    @classmethod
    def open(cls, address: str) -> Self:
        """The place with this URI or path. It need not be there yet.

        Raises:
            UsageError: The address cannot be understood.
        """
        from pyarrow.fs import FileSystem  # with its cloud libraries 20 ms: nothing else needs it

        name = _shown(address)
        try:
            uri = address if "://" in address else str(Path(address).absolute())
            filesystem, root = FileSystem.from_uri(uri)
        except (ValueError, ImportError, OSError) as error:
            raise UsageError(
                f"{name} is no place that can be pushed to", _first_line(error),
                "give a folder, or a URI like s3://bucket/folder, gs://…, abfs://… or fsspec+PROTOCOL://…",
            ) from error  # fmt: skip
        return cls(filesystem, root, name)

    def current(self) -> Pointer | None:
        """What CURRENT says; None where nothing was pushed yet.

        Raises:
            SnapshotError: It says something else.
            StoreVersionError: A newer Workbench pushed it.
        """
        try:
            with self._reached(), self._files.open_input_stream(self._path(_CURRENT), compression=None) as stream:
                raw = stream.read()
        except FileNotFoundError:
            return None
        try:
            found = json.loads(raw)
            if found["format"] > FORMAT:
                raise StoreVersionError(
                    f"{self.name} has format {found['format']}", f"this Workbench knows {FORMAT}", "update Workbench"
                )
            return Pointer(int(found["generation"]), PartFile(**found["manifest"]))
        except (ValueError, TypeError, KeyError) as error:
            raise SnapshotError(
                f"CURRENT in {self.name} is damaged", str(error), "push again to another place"
            ) from error

    def switch(self, pointer: Pointer) -> None:
        """Make CURRENT say this, in one step: object stores replace an object so, a folder's file is renamed."""
        path = self._path(_CURRENT)
        renames = self._files.type_name == "local"
        with self._reached():
            with self._files.open_output_stream(path + ".new" * renames, compression=None) as stream:
                stream.write(json.dumps({"format": FORMAT, **asdict(pointer)}, indent=1).encode() + b"\n")
            if renames:
                self._files.move(path + ".new", path)

    def sizes(self) -> dict[str, int]:
        """The bytes of each object that is there, by its digest."""
        from pyarrow.fs import FileSelector, FileType

        with self._reached():
            found = self._files.get_file_info(FileSelector(self._path(_BLOBS), allow_not_found=True))
        return {one.base_name: one.size for one in found if one.type == FileType.File}

    def prepare(self) -> None:
        """Make the folder of the objects, where the place has folders."""
        with self._reached():
            self._files.create_dir(self._path(_BLOBS), recursive=True)

    def put(self, source: Path, part: PartFile) -> None:
        """Write a file there.

        Raises:
            SnapshotError: The file is not what its manifest says; nothing of it is kept.
        """
        path = self._path(_BLOBS, part.digest)
        digest = hashlib.blake2b(digest_size=16)
        with source.open("rb") as stream, self._reached():
            with self._files.open_output_stream(path, compression=None) as out:
                while block := stream.read(_BLOCK):
                    digest.update(block)
                    out.write(block)
            if digest.hexdigest() != part.digest:
                self._files.delete_file(path)
        if digest.hexdigest() != part.digest:
            raise SnapshotError(
                f"{source} is damaged", "its bytes are not those of its manifest", "run `workbench verify`"
            )

    def get(self, part: PartFile, target: Path) -> None:
        """Read an object into the new file `target`.

        Raises:
            FileNotFoundError: It is not there: a newer push has removed it.
            SnapshotError: Its bytes are not those that it is named by.
        """
        path = self._path(_BLOBS, part.digest)
        digest = hashlib.blake2b(digest_size=16)
        with target.open("xb") as out:
            for block in self._blocks(path):
                digest.update(block)
                out.write(block)
        if digest.hexdigest() != part.digest:
            raise SnapshotError(
                f"{_BLOBS}/{part.digest} in {self.name} is damaged", "its bytes have another digest",
                "remove that object and push again",
            )  # fmt: skip

    def remove(self, digest: str) -> None:
        """Remove an object, if it is still there."""
        with contextlib.suppress(FileNotFoundError), self._reached():
            self._files.delete_file(self._path(_BLOBS, digest))

    def _blocks(self, path: str) -> Iterator[bytes]:
        with self._reached():
            stream = self._files.open_input_stream(path, compression=None)
        with stream:
            while True:
                with self._reached():  # what the caller does with a block is not this place's fault
                    block: bytes = stream.read(_BLOCK)
                if not block:
                    return
                yield block

    def _path(self, *parts: str) -> str:
        return "/".join((self._root, *parts))

    @contextmanager
    def _reached(self) -> Iterator[None]:
        from pyarrow import ArrowException

        try:
            yield
        except FileNotFoundError:
            raise
        except (OSError, ArrowException, NotImplementedError) as error:
            raise StoreError(
                f"{self.name} cannot be used", _first_line(error), "check the address, the network and the credentials"
            ) from error


def _shown(address: str) -> str:
    """The address without its password and options: both may be secrets, and messages end up in logs."""
    parts = urlsplit(address)
    if not parts.scheme:
        return address
    user, at, host = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{user.partition(':')[0]}{at}{host}{parts.path}"


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
