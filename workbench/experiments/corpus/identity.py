"""Identifiers and small numbers that look drawn at random and are the same for the same seed and place."""

from __future__ import annotations

import hashlib
import random


class IdSource:
    """A stream of identifiers for one conversation.

    Seeded through BLAKE2b, so that it depends on neither the process's hash seed nor the other conversations.
    """

    def __init__(self, seed: int, *place: str) -> None:
        digest = hashlib.blake2b("\x1f".join((str(seed), *place)).encode(), digest_size=8).digest()
        self._bits = random.Random(int.from_bytes(digest, "big")).getrandbits

    def hex(self, digits: int) -> str:
        """The next number of `digits` hexadecimal digits."""
        return f"{self._bits(4 * digits):0{digits}x}"

    def uuid(self) -> str:
        """The next identifier in the form of a version-4 UUID."""
        h = f"{self._bits(128):032x}"
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"

    def below(self, limit: int) -> int:
        """The next whole number in 0 .. limit - 1."""
        return self._bits(32) * limit >> 32

    def word(self, length: int) -> str:
        """The next mix of letters and digits, as in file ids."""
        alphabet = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
        return "".join(alphabet[self.below(len(alphabet))] for _ in range(length))
