"""Cutting a JSON array into its elements while the bytes stream by, without parsing it or holding it.

Only quotes, backslashes and brackets matter. numpy finds them a chunk at a time: a quote after an odd run of
backslashes does not count, text between an odd and an even quote is a string, and the running sum of the brackets
outside strings is the depth. What lies between two outermost brackets is an element.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from workbench.model import ImportIssue
from workbench.sources.source import Record

CHUNK = 2 << 20
LARGEST_ELEMENT = 1 << 30
"""An element beyond this many bytes is left out: a gigabyte is no conversation but a file that lost a quote."""

_QUOTE, _BACKSLASH, _OPEN, _CLOSE = 1, 2, 3, 4
_CLASSES = bytes(
    {ord('"'): _QUOTE, ord("\\"): _BACKSLASH, ord("{"): _OPEN, ord("["): _OPEN, ord("}"): _CLOSE, ord("]"): _CLOSE}.get(
        byte, 0
    )
    for byte in range(256)
)
_BLANK = b" \t\r\n\x00"
_SCALAR = re.compile(rb'"(?:[^"\\]|\\.)*"|[^\s,\x00]+', re.DOTALL)

_Positions = NDArray[np.intp]
_Codes = NDArray[np.uint8]


def split_elements(
    stream: BinaryIO, place: str, *, chunk_size: int = CHUNK, largest: int = LARGEST_ELEMENT
) -> Iterator[Record | ImportIssue]:
    """Each element of the array in `stream` as a record; a single object is its own element.

    What stands between elements and is neither blank nor a comma is a record too, so that it is counted when it
    cannot be parsed. A file that ends too early gives what was complete, then an issue.
    """
    first = _beginning(stream, chunk_size)
    if not first:
        yield ImportIssue(place, "the file is empty")
        return
    splitter = _Splitter(place, base=1 if first[:1] == b"[" else 0, largest=largest)
    chunk = first
    while chunk:
        yield from splitter.feed(chunk)
        chunk = stream.read(chunk_size)
    yield from splitter.finish()


def _beginning(stream: BinaryIO, chunk_size: int) -> bytes:
    """The first chunk without byte order mark and leading blanks, not empty unless the stream is."""
    start = b""
    while len(start) < 3 and (more := stream.read(chunk_size)):
        start += more
    start = start.removeprefix(b"\xef\xbb\xbf").lstrip(_BLANK)
    while not start and (more := stream.read(chunk_size)):
        start = more.lstrip(_BLANK)
    return start


class _Splitter:
    """The state between two chunks: where in the structure the last one ended, and what it left unfinished."""

    def __init__(self, place: str, *, base: int, largest: int) -> None:
        self.place = place
        self.base = base
        self.largest = largest
        self.depth = 0
        self.in_string = False
        self.odd_backslashes = False
        self.count = 0
        self.ended = False
        self.pieces: list[bytes] = []
        self.held = 0
        self.surplus = 0

    def feed(self, chunk: bytes) -> Iterator[Record | ImportIssue]:
        done = 0
        for position, depth, opens in self._boundaries(chunk):
            if opens:
                yield from self._gap(chunk[done:position])
                done = position
            elif depth == self.base:
                self._hold(chunk[done : position + 1])
                yield self._element()
                done = position + 1
            else:
                yield from self._gap(chunk[done:position])
                self.ended = True
                done = position + 1
        self._hold(chunk[done:])

    def finish(self) -> Iterator[Record | ImportIssue]:
        if self.depth > self.base or (self.in_string and self.base):
            yield ImportIssue(
                self.place,
                f"the file ends in the middle of element {self.count}; the {self.count} before it were read",
            )
            return
        yield from self._gap(b"")
        if self.base and not self.ended:
            yield ImportIssue(
                self.place, f"the list is not closed: the file ends after element {self.count}", "altered"
            )
        if self.surplus:
            yield ImportIssue(self.place, f"{self.surplus} bytes after the end of the list were not read", "altered")

    def _boundaries(self, chunk: bytes) -> Iterator[tuple[int, int, bool]]:
        """Where elements begin and end: position, depth after it, whether it opens one."""
        positions, opens = self._brackets(chunk)
        if not positions.size:
            return
        steps = np.where(opens, np.int64(1), np.int64(-1))
        depths = self.depth + np.cumsum(steps)
        self.depth = int(depths[-1])
        outermost = np.where(opens, depths == self.base + 1, (depths == self.base) | (depths == self.base - 1))
        chosen = np.flatnonzero(outermost)
        yield from zip(positions[chosen].tolist(), depths[chosen].tolist(), opens[chosen].tolist(), strict=True)

    def _brackets(self, chunk: bytes) -> tuple[_Positions, NDArray[np.bool_]]:
        """Brackets outside strings: their positions, and which of them open."""
        classes = np.frombuffer(chunk.translate(_CLASSES), dtype=np.uint8)
        positions = np.flatnonzero(classes)
        codes = classes[positions]
        codes = self._without_escaped(positions, codes, len(chunk))
        quotes = codes == _QUOTE
        inside = (np.cumsum(quotes) + int(self.in_string)) & 1 == 1
        self.in_string = bool((int(np.count_nonzero(quotes)) + int(self.in_string)) & 1)
        brackets = np.flatnonzero((codes >= _OPEN) & ~inside)
        return positions[brackets], codes[brackets] == _OPEN

    def _without_escaped(self, positions: _Positions, codes: _Codes, size: int) -> _Codes:
        """The codes with 0 for each quote that a backslash escapes; keeps the parity for the next chunk."""
        carried, self.odd_backslashes = self.odd_backslashes, False
        slashes = positions[codes == _BACKSLASH]
        escaped = [] if not carried or (slashes.size and slashes[0] == 0) else [0]
        if slashes.size:
            starts = np.flatnonzero(np.diff(slashes, prepend=-2) != 1)
            lengths = np.diff(starts, append=slashes.size)
            if carried and slashes[0] == 0:
                lengths[0] += 1
            after = slashes[np.append(starts[1:], slashes.size) - 1] + 1
            odd = lengths % 2 == 1
            self.odd_backslashes = bool(odd[-1]) and int(after[-1]) == size
            escaped.extend(after[odd].tolist())
        if not escaped:
            return codes
        is_escaped = np.isin(positions, np.asarray(escaped, dtype=positions.dtype), assume_unique=True)
        return np.where(is_escaped & (codes == _QUOTE), np.uint8(0), codes)

    def _hold(self, piece: bytes) -> None:
        self.held += len(piece)
        if self.held <= self.largest:
            self.pieces.append(piece)
        else:
            self.pieces.clear()

    def _take(self) -> bytes:
        data = b"".join(self.pieces)
        self.pieces.clear()
        self.held = 0
        return data

    def _element(self) -> Record | ImportIssue:
        size = self.held
        data = self._take()
        place = f"{self.place}[{self.count}]"
        self.count += 1
        if size > self.largest:
            return ImportIssue(place, f"an element of {size >> 20} MB is no conversation; a quote may be missing")
        return Record(place, data)

    def _gap(self, piece: bytes) -> Iterator[Record | ImportIssue]:
        """What stood between elements: scalars and garbage, each a record of its own."""
        self._hold(piece)
        data = self._take()
        if self.ended:
            self.surplus += len(data.strip(_BLANK))
            return
        if self.base and self.count == 0:
            data = data.removeprefix(b"[")
        if not data.strip(_BLANK + b","):
            return
        for token in _SCALAR.findall(data):
            yield Record(f"{self.place}[{self.count}]", token)
            self.count += 1
