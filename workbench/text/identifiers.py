"""Names that people look up exactly: file names, symbols of code, error codes, versions, addresses, options.

A tokeniser takes `get_user_by_id`, `192.168.0.1` or `--no-verify` apart, and then cannot tell them from prose that has
the same parts. So each is also kept as one term, in lower case, its signs written as letters of a script that no chat
is written in (Ogham, U+1680): the tokeniser leaves such a term whole. Emoji become terms in the same way.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SIGNS = "_./\\:@#$+~-"
_LETTERS = {ord(sign): chr(0x1681 + number) for number, sign in enumerate(_SIGNS)}
_END = "\u169a"  # ends every such term: no stemmer touches it, and no word of a text equals it
_MOST_BYTES = 100  # longer than any name worth typing, and within what the lexical index takes as one word

_NAME = re.compile(
    r"""(?<!\w)(?:
        (?:--?|\.{0,2}/|~/|[\#@$.])?+ \w++ (?:[./\\:@\#+~-]{1,3}+\w++)++   # handler.py, std::vector, /etc/hosts, 1.2.3
      | (?:--?|[\#@$.~/]) \w++                                             # --force, #1234, @property, .env
      | [^\W_]*+ _ \w++                                                    # get_user, __init__
      | [A-Za-z] (?:\+\+|\#) (?!\w)                                        # C++, C#
    )""",
    re.VERBOSE,
)
_LAST_PART = re.compile(r"[/\\]([^/\\]*[._][^/\\]*)$")
_EMOJI = re.compile("[\u2600-\u27bf\u2b50\u2b55\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff]")
_MIXED_CASE = re.compile(r"(?<!\w)(?=[A-Za-z]*[a-z][A-Z])[A-Za-z]{4,60}(?!\w)")
_HUMP = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_FAULTS = ("Error", "Exception", "Warning")
_LONGEST_WORD = 2_000  # of a file in one line, or an encoded picture, only the beginning is read


def identifiers(text: str) -> list[str]:
    """The terms of the names and emoji in `text`, each once, in order.

    >>> len(identifiers("see handler.py, well-known and/or not")), identifiers("plain words, and more.")
    (1, [])
    """
    return list(dict.fromkeys(term for word in text.split() for term in _names(word[:_LONGEST_WORD])))


def names(text: str) -> list[str]:
    """The identifiers of `text`, and the parts of names in mixed case, each once.

    The parts let `NullPointerException` be found by "null pointer exception". Names of two parts are brands as often
    as code (GitHub, YouTube): of these only errors and what begins with a lower-case word are taken apart.
    """
    found: dict[str, None] = {}
    for word in dict.fromkeys(text.split()):
        if terms := _names_and_parts(word[:_LONGEST_WORD]):
            found.update(dict.fromkeys(terms))
    return list(found)


@lru_cache(1 << 15)  # no name has a space in it, and most words of a message were in another one
def _names_and_parts(word: str) -> tuple[str, ...]:
    return _names(word) + _parts(word)


def _names(word: str) -> tuple[str, ...]:
    if word.isascii() and word.isalnum():
        return ()
    found: list[str] = []
    for match in _NAME.finditer(word):
        name = match.group()
        if _is_prose(name):
            continue
        found.append(_term(name))
        if last := _LAST_PART.search(name):
            found.append(_term(last[1]))
    if not word.isascii():
        found += [f"{ord(one):x}{_END}" for one in _EMOJI.findall(word)]
    return tuple(term for term in found if len(term.encode()) <= _MOST_BYTES)


def _parts(word: str) -> tuple[str, ...]:
    if word.islower():
        return ()
    parts: list[str] = []
    for match in _MIXED_CASE.finditer(word):
        found = _HUMP.findall(match.group())
        if len(found) > 2 or found[-1] in _FAULTS or (found[0].islower() and len(found[0]) > 1):
            parts.extend(found)
    return tuple(parts)


def opening(name: str) -> str:
    """What the terms of names that begin with `name` begin with.

    >>> identifiers("get_user_by_id")[0].startswith(opening("get_us"))
    True
    """
    return name.lower().translate(_LETTERS)


def _term(name: str) -> str:
    return opening(name) + _END


def _is_prose(name: str) -> bool:
    """Whether it is words joined by a hyphen, a slash or a colon, as prose has them (well-known, and/or)."""
    signs = {character for character in name if not character.isalnum()}
    joined = signs <= {"-"} or signs <= {"/"} or signs == {":"}
    return joined and name[0].isalpha() and "::" not in name and not any(one.isdigit() for one in name)
