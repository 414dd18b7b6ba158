"""Tiny PNG pictures for the attachments that Takeout puts beside the activity."""

from __future__ import annotations

import struct
import zlib

_WIDTH, _HEIGHT = 48, 36


def png_of(name: str) -> bytes:
    """A small two-coloured picture; the colours depend on `name` alone. Stored, not compressed: the same everywhere."""
    seed = zlib.crc32(name.encode("utf-8"))
    colour = bytes((seed & 0xFF, seed >> 8 & 0xFF, seed >> 16 & 0xFF))
    rows = b"".join(b"\x00" + bytes((x * _HEIGHT > y * _WIDTH) for x in range(_WIDTH)) for y in range(_HEIGHT))
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", colour + bytes(255 - c for c in colour)),
            _chunk(b"IDAT", zlib.compress(rows, 0)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
