"""Keys that nobody has: drawn by chance in the published shapes, and put together here: none stands in a file."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from workbench.text.secrets import KINDS, Secret, find_secrets, mask, suspects

DIGITS, LETTERS = string.digits, string.ascii_letters
ALNUM = LETTERS + DIGITS
BASE32 = string.ascii_uppercase + "234567"


def draw(seed: int, length: int, alphabet: str = ALNUM) -> str:
    """Characters by chance, always with a digit, a capital and a small letter where the alphabet has them."""
    chance = random.Random(seed)
    while True:
        found = "".join(chance.choice(alphabet) for _ in range(length))
        kinds = (str.isdigit, str.isupper, str.islower)
        if all(any(map(kind, found)) or not any(map(kind, alphabet)) for kind in kinds):
            return found


def token(seed: int) -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": draw(seed, 8), "iat": 1700000000 + seed})
    head = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*head, draw(seed, 43, ALNUM + "-_")])


def pem(seed: int, kind: str = "RSA ") -> str:
    lines = "\n".join(draw(seed + line, 64, ALNUM + "+/") for line in range(12))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}\n-----END {kind}PRIVATE KEY-----"


MAKERS = {
    "openai key": lambda n: "sk-" + draw(n, 20) + "T3Blbk" + "FJ" + draw(n + 1, 20),
    "openai key, project": lambda n: "sk-proj-" + draw(n, 120),
    "anthropic key": lambda n: "sk-ant-api03-" + draw(n, 93, ALNUM + "-_") + "AA",
    "google key": lambda n: "AIza" + draw(n, 35),
    "github token": lambda n: "ghp_" + draw(n, 36),
    "github token, fine-grained": lambda n: f"github_pat_{draw(n, 22)}_{draw(n + 1, 59)}",
    "gitlab token": lambda n: "glpat-" + draw(n, 20),
    "aws key": lambda n: "AKIA" + draw(n, 16, BASE32),
    "slack token": lambda n: f"xoxb-{draw(n, 12, DIGITS)}-{draw(n + 1, 12, DIGITS)}-{draw(n, 24)}",
    "stripe key": lambda n: "sk_live_" + draw(n, 24),
    "hugging face token": lambda n: "hf_" + draw(n, 34, LETTERS),
    "npm token": lambda n: "npm_" + draw(n, 36),
    "pypi token": lambda n: "pypi-AgE" + draw(n, 80),
    "sendgrid key": lambda n: f"SG.{draw(n, 22)}.{draw(n, 43)}",
    "jwt": token,
    "private key": pem,
    "private key, of OpenSSH": lambda n: pem(n, "OPENSSH "),
}
ASSIGNED = {
    "aws secret": (lambda n: draw(n, 40, ALNUM + "/+"), "aws_secret_access_key = {}"),
    "password in a URL": (lambda n: draw(n, 9), "postgres://keeper:{}@db.internal:5432/shop"),
    "password": (lambda n: draw(n, 10), "DB_PASSWORD={}"),
    "password, quoted": (lambda n: draw(n, 10), 'client.login(user, password="{}")'),
    "key": (lambda n: draw(n, 32), "API_KEY: '{}'"),
    "key, in JSON": (lambda n: draw(n, 32, "0123456789abcdef"), '{{"client_secret": "{}"}}'),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_key_of_each_kind_is_masked_wherever_it_stands(name: str) -> None:
    kind = name.split(",")[0]
    for seed in range(30):
        key = MAKERS[name](seed)
        if "1234567" in key or "xxxx" in key.lower():
            continue
        for text in (key, f"My key is {key}.", f"`{key}`", f"export KEY={key}\nrun", f"ключ: {key} 🔑"):
            masked, counts = mask(text)
            assert counts == {kind: 1}, text
            assert key not in masked
            assert masked.startswith(text[: text.index(key)])


@pytest.mark.parametrize("name", ASSIGNED)
def test_what_is_set_as_a_password_or_key_is_masked_and_its_name_stays(name: str) -> None:
    make, form = ASSIGNED[name]
    for seed in range(30):
        secret = make(seed)
        masked, counts = mask(f"see: {form.format(secret)} ok")
        assert counts == {name.split(",")[0]: 1}
        before, after = form.replace("{{", "{").replace("}}", "}").split("{}")
        assert masked.startswith(f"see: {before}[secret: ")
        assert masked.endswith(f"]{after} ok")


def test_the_last_four_characters_tell_keys_apart_but_of_short_ones_nothing_is_shown() -> None:
    key = MAKERS["openai key"](1)
    assert mask(key)[0] == f"[secret: openai key …{key[-4:]}]"
    assert mask("password=tr0ub4dor&3")[0] == "password=[secret: password]"
    assert mask(pem(1))[0] == "[secret: private key]"


@pytest.mark.parametrize(
    "text",
    [
        "sk-...", "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "OPENAI_API_KEY=sk-your-key-here-1234567890abcd",
        "sk-abcdefghijklmnopqrstuvwxyz1234567890", "YOUR_API_KEY",
        "api_key = 'YOUR_API_KEY_HERE'", "AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "class='sk-fading-circle-and-cube-grid'", "sk-learn-contrib-2024-something-else",
        "postgres://user:password@localhost/db",
        "https://example.com:8080/path@2x.png", "redis://:${REDIS_PASSWORD}@cache:6379", "mysql://root:root@localhost",
        "password = getpass.getpass()", "password: str = Field(...)", "password = hash_password2(secret)",
        "token = tokenizer.next_token_v2()", "token=config.discord2.token", "api_key=os.environ['API_KEY_2']",
        'password="secure_password123"', "secret: 550e8400-e29b-41d4-a716-446655440000", "apiKey: process.env.API_KEY2",
        "private_key: Ed25519PrivateKey", "mask2_token=entity_mask2_token", "password = password1",
        '{"nextPageToken": "CAUSFmNvbnZlcnNhdGlvbl9pZA0000000abcd"}', "max_tokens: 4096", "tokens: 12,345,678",
        "commit 3f786850e387550fdab836ed7e6dc881de23001b", "sha256:" + "9f86d081884c7d659a2feaa0c55ad015" * 2,
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ"
        ".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----", "-----BEGIN PUBLIC KEY-----\n" + "MIIB" * 40,
        "hf_hub_download_from_a_repository_to_disk", "Password: *********", "The password is strong when it is long.",
    ],
)  # fmt: skip
def test_examples_placeholders_names_and_digests_are_no_secrets(text: str) -> None:
    assert find_secrets(text) == []


@settings(deadline=None)
@given(st.binary(min_size=0, max_size=3_000), st.sampled_from(["data:image/png;base64,", "", '{"image": "']))
def test_pictures_in_base64_are_no_secrets(raw: bytes, before: str) -> None:
    assert find_secrets(before + base64.b64encode(raw).decode()) == []


@settings(deadline=None)
@given(st.binary(max_size=50))
def test_digests_are_no_secrets(raw: bytes) -> None:
    for digest in (hashlib.md5(raw), hashlib.sha1(raw), hashlib.sha256(raw), hashlib.sha512(raw)):
        assert find_secrets(f"checksum {digest.hexdigest()} of the file") == []


PIECES = st.one_of(
    st.text(max_size=40),
    st.sampled_from([" ", "\n", "password=", "token: ", "://a:", "@host", "sk-", '"', "[secret: jwt]", "İ", "-----"]),
    st.builds(lambda name, seed: MAKERS[name](seed), st.sampled_from(sorted(MAKERS)), st.integers(0, 50)),
    st.builds(
        lambda name, seed: ASSIGNED[name][1].format(ASSIGNED[name][0](seed)),
        st.sampled_from(sorted(ASSIGNED)), st.integers(0, 50),
    ),
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(PIECES, max_size=6).map("".join))
def test_masking_takes_out_exactly_what_was_found(text: str) -> None:
    found = find_secrets(text)
    assert found == sorted(found, key=lambda one: one.start)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert {one.kind for one in found} <= set(KINDS)
    masked, counts = mask(text)
    assert counts.total() == len(found)
    assert mask(text) == (masked, counts)  # the same again
    rest, end = [], 0
    for one in found:
        rest.append(text[end : one.start])
        end = one.end
    place = 0
    for piece in [*rest, text[end:]]:  # what is around the secrets stays, in its order
        place = masked.index(piece, place) + len(piece)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=6).map("".join))
def test_the_quick_look_misses_nothing_that_the_close_one_finds(text: str) -> None:
    assume("\ud800" not in text)
    if find_secrets(text):
        assert suspects(["harmless", text, ""]) == [1]


@settings(deadline=None)
@given(st.lists(st.sampled_from(sorted(MAKERS)), min_size=1, max_size=5), st.integers(0, 50))
def test_a_masked_text_has_no_secret_left(names: list[str], seed: int) -> None:
    text = " and ".join(MAKERS[name](seed) for name in names)
    masked, _ = mask(text)
    assert find_secrets(masked) == []
    assert mask(masked) == (masked, {})


def test_texts_without_promise_are_not_looked_at_closely() -> None:
    texts = ["How do I bake bread?", "token by token", "see https://example.org/a:b", "x = '" + "A" * 10_000 + "'"]
    assert suspects(texts) == []


def test_hostile_texts_take_no_longer_than_others() -> None:
    # A pattern that tries every start against every end would need minutes for these, and time out the suite.
    for piece in ("sk-", "eyJ", "://a:", "password=", "-----BEGIN PRIVATE KEY-----\n", "AKIA", "A" * 50 + " ", "'\"]"):
        assert find_secrets(piece * (400_000 // len(piece))) == []


def test_a_deeply_nested_token_is_not_followed_down() -> None:
    bomb = base64.urlsafe_b64encode(b'{"a":' * 20_000).decode().rstrip("=")
    assert find_secrets(f"{bomb}.{bomb}.{draw(1, 43)}") == []


def test_the_samples_hold_no_secret() -> None:
    texts = [path.read_text(encoding="utf-8") for path in Path("data/samples").rglob("*.json")]
    assert texts
    assert [mask(text)[1] for text in texts] == [{}] * len(texts)


def test_a_secret_says_where_it_is() -> None:
    key = MAKERS["npm token"](3)
    assert find_secrets(f"first {key}, then") == [Secret("npm token", 6, 6 + len(key))]
