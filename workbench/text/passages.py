"""Which text of a message a vector stands for."""

from __future__ import annotations

import re

# The mean of a long text is a poor vector: on long assistant answers the first 60 words alone find more (recall@10
# 0.545 against 0.534 for the whole message, measured on labelled AI chats), and cost less to embed.
HEAD_WORDS = 60
HEAD_CHARACTERS = 600  # for scripts without spaces, and for minified code

_MARKUP = re.compile(r"```[\w+-]*|[#*_`>|]+")
_SPACE = re.compile(r"\s+")


def passages(content: str) -> tuple[str, ...]:
    """The passages of a message that get a vector: its head, without markup. Empty if the message has no words."""
    head = content[: HEAD_CHARACTERS * 4]
    words = _SPACE.sub(" ", _MARKUP.sub(" ", head)).strip().split(" ")
    text = " ".join(words[:HEAD_WORDS])[:HEAD_CHARACTERS].rstrip()
    return (text,) if text else ()
