"""Keys, tokens and passwords in texts: found by their published shapes, and masked.

Shapes are those of the issuers' documentation and of the rule sets of gitleaks and detect-secrets. What only looks the
part is left alone: examples of documentations, placeholders, references to variables, digests, UUIDs and pictures in
base64. A password without any shape (`hunter2` in a sentence) is not found.

Of many texts, one pass (RE2, by way of Arrow) first finds those that have one of the few words with which secrets
begin; only these are looked at closely.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_SHOWN = 4  # characters of a masked key, to tell one from another
_LONG = 20  # of a shorter one they would give away too much
_EXAMPLE = re.compile(
    r"x{4}|\*{3}|\.{3}|…|•|example|sample|placeholder|dummy|your|my[_-]?(?:api|secret|token|key|pass)|redacted|changeme"
    r"|change[_-]me|insert|replace|goes[_-]?here|0{6}|1234567|abcdefg|qwerty|[<>{}\[\]$%]",
    re.IGNORECASE,
)
_RUN = 7  # successive characters, each the next or the same as the one before: nobody draws them by chance


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret at `start` to `end` (characters) of a text."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Shape:
    """A kind of secret. `pattern` has a group `secret` where only a part of what it finds is one.

    `words` of which at least one is in any text that has such a secret. With `any_case` words and pattern are in lower
    case, and are looked for in the text in lower case.
    """

    kind: str
    words: tuple[str, ...]
    pattern: re.Pattern[str]
    is_real: Callable[[re.Match[str], str], bool]
    any_case: bool = False


def suspects(texts: Sequence[str]) -> list[int]:
    """The places in `texts` of those that may hold a secret; the others hold none."""
    import pyarrow as pa
    from pyarrow import compute

    promising = compute.match_substring_regex(pa.array(texts, pa.large_string()), _PROMISE)
    found: list[int] = compute.indices_nonzero(promising).to_pylist()
    return found


def find_secrets(text: str) -> list[Secret]:
    """The secrets in `text` in their order; none overlaps another."""
    promised = {number for word, number in _EXACT if word in text}
    lower = _lowered(text)
    promised |= {number for word, number in _ANY_CASE if word in lower}
    found: list[Secret] = []
    for number in sorted(promised):
        shape = _SHAPES[number]
        group = "secret" if "secret" in shape.pattern.groupindex else 0
        for match in shape.pattern.finditer(lower if shape.any_case else text):
            start, end = match.span(group)
            if shape.is_real(match, text[start:end]):
                found.append(Secret(shape.kind, start, end))
    return _apart(found)


def mask(text: str) -> tuple[str, Counter[str]]:
    """`text` with `[secret: KIND …LAST]` in place of each secret, and how many there were of each kind.

    LAST is the last four characters, left out for secrets of fewer than 20. A masked text has no secret left.
    """
    found = find_secrets(text)
    if not found:
        return text, Counter()
    parts: list[str] = []
    end = 0
    for one in found:
        parts += [text[end : one.start], _label(one.kind, text[one.start : one.end])]
        end = one.end
    return "".join([*parts, text[end:]]), Counter(one.kind for one in found)


def _label(kind: str, secret: str) -> str:
    last = secret[-_SHOWN:] if len(secret) >= _LONG and secret[-_SHOWN:].isalnum() else ""
    return f"[secret: {kind} …{last}]" if last else f"[secret: {kind}]"


def _apart(found: list[Secret]) -> list[Secret]:
    """Without those that overlap one that begins before it, or that is of an earlier shape."""
    kept: list[Secret] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def _lowered(text: str) -> str:
    """`text` in lower case, of the same length."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(one.lower() if len(one.lower()) == 1 else one for one in text)


def _entropy(text: str) -> float:
    """Bits a character (Shannon, of the characters' frequencies in the text itself)."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def _is_example(secret: str) -> bool:
    """Whether it is a placeholder, or drawn by a person's fingers along the keyboard."""
    if _EXAMPLE.search(secret):
        return True
    run = 1
    for before, after in pairwise(secret):
        run = run + 1 if 0 <= ord(after) - ord(before) <= 1 else 1
        if run >= _RUN:
            return True
    return False


def _is_random(_: re.Match[str], secret: str) -> bool:
    """Drawn by chance: many different characters, digits among letters."""
    enough = min(3.0, math.log2(len(secret)) - 1.0)
    mixed = any(one.isdigit() for one in secret) and any(one.isalpha() for one in secret)
    return mixed and _entropy(secret) >= enough and not _is_example(secret)


def _is_letters(_: re.Match[str], secret: str) -> bool:
    """As `_is_random`, for an alphabet where digits are rare: both cases have to be there."""
    return secret != secret.lower() and _entropy(secret) >= 3.0 and not _is_example(secret)


def _is_openai(match: re.Match[str], secret: str) -> bool:
    longest = max(re.split(r"[_-]", secret), key=len)  # names with hyphens begin with sk- too
    return len(longest) >= 16 and _is_random(match, longest) and not _is_example(secret)


def _is_aws_key(_: re.Match[str], secret: str) -> bool:
    return not _is_example(secret) and _entropy(secret) >= 2.5


def _is_jwt(_: re.Match[str], secret: str) -> bool:
    """Header and claims are JSON, and it is not the example of jwt.io."""
    header, claims, _signature = secret.split(".")
    try:
        parts = [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (header, claims)]
    except (binascii.Error, ValueError, RecursionError):
        return False
    return all(isinstance(part, dict) for part in parts) and "alg" in parts[0] and parts[1].get("sub") != "1234567890"


def _is_private_key(_: re.Match[str], secret: str) -> bool:
    body = "".join(re.findall(r"[A-Za-z0-9+/=]{16,}", secret))
    return len(body) >= 64 and _entropy(body) >= 4.0 and "..." not in secret


_COMMON = frozenset(
    "password passwd pass pwd secret user username root admin guest test postgres mysql rabbitmq mongo redis changeme "
    "letmein token key none null true false string required hidden pw p".split()
)


def _is_url_password(match: re.Match[str], secret: str) -> bool:
    plain = secret.lower()
    by_heart = plain in _COMMON or plain == match["user"].lower() or ("pass" in plain and secret.isidentifier())
    return not by_heart and not _is_example(secret)


_NAME = re.compile(r"[A-Za-z_]\w*(?:(?:\.|::|->)[A-Za-z_]\w*)+|[a-z]+(?:[_-][a-z]+)+\d*|[A-Z]+(?:_[A-Z0-9]+)+")
_ABOUT = re.compile(r"key|token|secret|passw|[=&](?!=*$)", re.IGNORECASE)  # names of secrets, and queries of URLs
_DIGEST = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?:sha\d+|md5)[-:].*|/.*|\d[\d.,:/-]*", re.IGNORECASE
)


def _is_password(match: re.Match[str], secret: str) -> bool:
    is_name = secret.isidentifier() and "passw" in secret.lower()
    return _is_assigned(match, secret) and not is_name and _entropy(secret) >= 2.5


def _is_key(match: re.Match[str], secret: str) -> bool:
    return len(secret) >= 16 and _is_assigned(match, secret) and not _ABOUT.search(secret) and _entropy(secret) >= 3.0


def _is_assigned(match: re.Match[str], secret: str) -> bool:
    """A value that nobody writes but to set a secret: not a name, a call, a reference or an example."""
    if secret.lower() in _COMMON or _is_example(secret) or _NAME.fullmatch(secret) or _DIGEST.fullmatch(secret):
        return False
    after = match.string[match.end() : match.end() + 1]
    if not match["quote"] and (after in ("(", "[") or secret.endswith((".", ":"))):
        return False
    return any(one.isalpha() for one in secret) and any(one.isdigit() for one in secret)


def _assignment(names: str) -> str:
    """The pattern of `name = "value"` as programs, settings and JSON have it."""
    return (
        rf"(?:{names})(?:[_-]?(?:key|value))?[\"'\]]{{0,2}}[ \t]{{0,3}}(?::=|=>|[:=](?![:=]))[ \t]{{0,3}}"
        r"(?P<quote>[\"'`]?)(?P<secret>[a-z0-9+/=_!@#^&*~.?-]{8,200})(?P=quote)"
    )


def _shape(
    kind: str, words: str, pattern: str, is_real: Callable[[re.Match[str], str], bool] = _is_random, *,
    any_case: bool = False,
) -> _Shape:  # fmt: skip
    return _Shape(kind, tuple(words.split()), re.compile(pattern), is_real, any_case)


# Tokens that page through a list or guard a form are no secrets.
_TOKEN = "token" + "".join(
    rf"(?<!{word}token)(?<!{word}[_ -]token)" for word in "page next sync csrf continuation publickey".split()
)
_START, _END = r"(?<![A-Za-z0-9_-])", r"(?![A-Za-z0-9_-])"
_SHAPES = (
    _shape(
        "private key", "PRIVATE",
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:(?!-----)[\s\S]){64,20000}?"
        r"(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\Z)",
        _is_private_key,
    ),
    _shape("anthropic key", "sk-ant-", _START + r"sk-ant-[a-z]+\d\d-[A-Za-z0-9_-]{32,200}"),
    _shape(
        "openai key", "sk-", _START + r"sk-(?!ant-)(?:proj-|svcacct-|admin-|or-v1-)?[A-Za-z0-9_-]{20,200}", _is_openai
    ),
    _shape("google key", "AIza GOCSPX-", _START + r"(?:AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{28})" + _END),
    _shape(
        "github token", "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        _START + r"(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})" + _END,
    ),
    _shape("gitlab token", "glpat-", _START + r"glpat-[A-Za-z0-9_-]{20,64}"),
    _shape("aws key", "AKIA ASIA", _START + r"(?:AKIA|ASIA)[A-Z2-7]{16}" + _END, _is_aws_key),
    _shape(
        "aws secret", "secret",
        r"secret_?(?:access_?)?key[\"']?[ \t]{0,3}(?:=>|[:=])[ \t]{0,3}[\"']?(?P<secret>[a-z0-9/+]{40})(?![a-z0-9/+=])",
        any_case=True,
    ),
    _shape(
        "slack token", "xoxb- xoxp- xoxa- xoxr- xoxs- xoxe xapp- hooks.slack.com",
        _START + r"(?:xox[abprs]-\d{8,}-[A-Za-z0-9-]{16,}|xoxe(?:\.xox[bp])?-\d-[A-Za-z0-9]{40,}"
        r"|xapp-\d-[A-Z0-9]{8,}-\d{8,}-[a-z0-9]{32,})|(?<=hooks\.slack\.com/services/)T\w{8,}/B\w{8,}/\w{20,}",
    ),
    _shape(
        "stripe key", "k_live_ k_test_ whsec_",
        _START + r"(?:[sr]k_(?:live|test)_[A-Za-z0-9]{16,250}|whsec_[A-Za-z0-9+/=]{32,})"
        r"(?<!sk_test_4eC39HqLyjWDarjtT1zdp7dc)",  # the one in Stripe's own documentation
    ),
    _shape("hugging face token", "hf_", _START + r"hf_[A-Za-z0-9]{30,60}" + _END, _is_letters),
    _shape("npm token", "npm_", _START + r"npm_[A-Za-z0-9]{36}" + _END),
    _shape("pypi token", "pypi-AgE", _START + r"pypi-AgE[A-Za-z0-9_-]{50,}"),
    _shape("sendgrid key", "SG.", _START + r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}" + _END),
    _shape(
        "jwt", "eyJ",
        r"(?<![A-Za-z0-9_.-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}" + _END, _is_jwt,
    ),
    _shape(
        "password in a URL", "://",
        r"://(?P<user>[^\s/:@'\"`<>()\[\]]{0,80}):"
        r"(?P<secret>[^\s/:@'\"`<>()\[\]]{4,200})@[A-Za-z0-9\[]",
        _is_url_password,
    ),
    _shape("password", "passw pwd passphrase", _assignment("password|passwd|pwd|passphrase"), _is_password,
           any_case=True),
    _shape(
        "key", "secret api_key apikey api-key token access_key accesskey private_key privatekey auth_key authkey",
        _assignment("secret|(?:api|access|private|auth)[_-]?key|" + _TOKEN), _is_key, any_case=True,
    ),
)  # fmt: skip
_EXACT = [(word, number) for number, shape in enumerate(_SHAPES) if not shape.any_case for word in shape.words]
_ANY_CASE = [(word, number) for number, shape in enumerate(_SHAPES) if shape.any_case for word in shape.words]
_WORDS = "|".join(re.escape(word) for word, number in _EXACT if _SHAPES[number].words != ("://",))
_NAMES = "|".join(dict.fromkeys(word for word, _ in _ANY_CASE))
# In RE2's syntax, for all texts at once: whatever a shape finds, this finds too.
_PROMISE = (
    rf"{_WORDS}|://[^\s/:@]{{0,80}}:[^\s/:@]{{4,200}}@"
    rf"|(?i:{_NAMES})[A-Za-z_-]{{0,12}}[\"'\]]{{0,2}}[ \t]{{0,3}}[:=]"
)
KINDS = tuple(shape.kind for shape in _SHAPES)
