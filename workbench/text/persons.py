"""Does a question speak of the person who asks it?"""

from __future__ import annotations

import re

_FIRST_PERSON = re.compile(
    r"\b(?:i|me|my|mine|myself|i'm|i've|i'd|i'll|ich|mir|mich|mein(?:e[mnrs]?)?)\b", re.IGNORECASE
)


def is_personal(query: str) -> bool:
    """Whether a query has a word of the first person singular, in English or German.

    Who asks "what did I decide about my thesis?" looks for what they said themselves, not for what was answered.
    """
    return _FIRST_PERSON.search(query.replace("\u2019", "'")) is not None
