"""To whom a service is open: the address that it listens on, the names it is called by, the token it asks for."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

from workbench.errors import UsageError

LOOPBACK = ("localhost", "127.0.0.1", "::1")
TOKEN_VARIABLE = "WORKBENCH_TOKEN"
SHORTEST_TOKEN = 16
_TOKEN = re.compile(r"[\x21-\x7e]+")
_TODO = f"put a long random one into a file and give --token-file, or set {TOKEN_VARIABLE}"


def read_token(path: Path | None) -> str:
    """The token in a file, or else in the environment; empty if there is none.

    It is no argument of any command: whoever is on the machine could see it in the list of processes.

    Raises:
        UsageError: The file cannot be read, or holds nothing.
    """
    if path is None:
        return os.environ.get(TOKEN_VARIABLE, "").strip()
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the token in {path} cannot be read", str(error), "give a file that can be") from None
    if not token:
        raise UsageError(f"there is no token in {path}", "the file is empty", _TODO)
    return token


def check_exposure(host: str, token: str) -> None:
    """See that a service on `host` is as safe as it has to be.

    Raises:
        UsageError: Other machines can reach it and it has no token, or the token is a poor one.
    """
    if token and (len(token) < SHORTEST_TOKEN or not _TOKEN.fullmatch(token)):
        raise UsageError(f"the token is not {SHORTEST_TOKEN} or more characters of ASCII without spaces", "", _TODO)
    if not token and not is_loopback(host):
        what = f"other machines can reach {host}, and there is no token"
        raise UsageError(what, "anybody could read the store", _TODO)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address or name."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == LOOPBACK[0]


def names_of(host: str, allowed: Sequence[str]) -> tuple[str, ...]:
    """The names that a service on `host` may be called by."""
    return tuple(dict.fromkeys([*LOOPBACK, host.strip("[]"), *allowed]))
