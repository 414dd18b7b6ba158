"""Which text of a message a vector stands for."""

from __future__ import annotations

import re

# The mean of a long text is a poor vector: on long assistant answers the first 60 words alone find more (recall@10
# 0.545 against 0.534 for the whole message, measured on labelled AI chats), and cost less to embed.
HEAD_WORDS = 60
HEAD_CHARACTERS = 600  # for scripts without spaces, and for minified code

_READ_CHARACTERS = 2 * HEAD_CHARACTERS  # markup and white space included

_FENCE = re.compile(r"```[\w+-]*")
_MARKUP = str.maketrans(dict.fromkeys("#*_`>|", " "))


def passages(content: str) -> tuple[str, ...]:
    """The passages of a message that get a vector: its head, without markup. Empty if the message has no words."""
    head = content[:_READ_CHARACTERS]
    if "```" in head:
        head = _FENCE.sub(" ", head)
    words = head.translate(_MARKUP).split()
    text = " ".join(words[:HEAD_WORDS])[:HEAD_CHARACTERS].rstrip()
    return (text,) if text else ()
