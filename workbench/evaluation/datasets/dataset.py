"""What a labelled set gives, whatever its files look like."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from workbench.errors import UsageError
from workbench.evaluation.judgements import JudgedQuery
from workbench.model import Conversation, Message, Role, Transcript, conversation_id, message_id
from workbench.record import Database


@dataclass(frozen=True, slots=True)
class Dataset:
    """A labelled set: the conversations to put into a store, and the queries judged on them.

    `judge` gets the published catalog of that store, since judgements may name messages by what they say. `remarks`
    say what of the files is not used, and why.
    """

    name: str
    transcripts: tuple[Transcript, ...]
    judge: Callable[[Database], Sequence[JudgedQuery]]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a set, under the id that the set gives it."""

    id: str
    role: Role
    text: str
    created_at: datetime | None = None


def linear(dataset: str, name: str, turns: Iterable[Turn]) -> Transcript:
    """A conversation without forks, called `name` in the set. It has no title: the protocols rank by messages alone."""
    identifier = conversation_id(dataset, name)
    messages: list[Message] = []
    for position, turn in enumerate(turns):
        messages.append(
            Message(
                id=message_id(identifier, turn.id),
                conversation_id=identifier,
                parent_id=messages[-1].id if messages else None,
                position=position,
                role=turn.role,
                content=turn.text,
                created_at=turn.created_at,
            )
        )
    times = [message.created_at for message in messages if message.created_at]
    begun, ended = (min(times), max(times)) if times else (None, None)
    return Transcript(Conversation(identifier, dataset, name, "", begun, ended), tuple(messages))


def required(folder: Path, *names: str) -> list[Path]:
    """The files `names` in `folder`.

    Raises:
        UsageError: Some are not there; all are named.
    """
    paths = [folder / name for name in names]
    if missing := [str(path) for path in paths if not path.is_file()]:
        raise UsageError(
            f"there is no {' and no '.join(missing)}",
            "labelled sets of others are not part of this project",
            "docs/quality.md says where each comes from; put the files there, or give another folder with --datasets",
        )
    return paths


def unreadable(path: Path, error: Exception) -> UsageError:
    """The error for a file of a set that is not in the form its loader knows."""
    return UsageError(
        f"{path} is not in the form that its set has",
        f"{type(error).__name__}: {error}",
        "docs/quality.md says which form is read",
    )
