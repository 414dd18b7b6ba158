from __future__ import annotations

from dataclasses import replace

from building import transcript

from workbench.display.reading import reading_html
from workbench.model import Artifact, ArtifactKind, Message, Transcript, message_id
from workbench.transcripts import thread_of

TEXTS = [f"message number {i}" for i in range(8)]


def branched() -> tuple[Transcript, Message, Message]:
    """A thread of four messages whose second has another version, which was answered too."""
    whole = transcript("forked", *TEXTS[:4])
    conversation = whole.conversation.id
    other = replace(
        whole.messages[1], id=message_id(conversation, "other"), content="another answer", on_active_path=False
    )
    reply = replace(
        whole.messages[2], id=message_id(conversation, "reply"), parent_id=other.id, content="thanks",
        on_active_path=False,
    )  # fmt: skip
    return replace(whole, messages=(*whole.messages, other, reply)), other, reply


def test_what_is_not_around_the_message_is_folded_away() -> None:
    whole = transcript("long", *TEXTS)
    html = reading_html(whole, whole.messages[4].id)
    assert "4 earlier messages" in html
    assert "1 later message<" in html
    before, after = html.split("message number 4")
    assert before.count("outline") == 1  # the found message alone is marked
    assert "outline" not in after
    assert "message number 3" in before.split("</details>")[1]


def test_a_long_answer_before_the_message_does_not_push_it_out_of_sight() -> None:
    whole = transcript("long", "a question", "an answer " * 500, "the next question")
    html = reading_html(whole, whole.messages[2].id)
    assert html.split("</details>")[1].count("an answer") < 30


def test_a_message_on_the_active_path_is_read_with_the_active_path() -> None:
    whole, *_ = branched()
    assert [one.content for one in thread_of(whole.messages, whole.messages[2].id)] == TEXTS[:4]


def test_a_message_on_another_branch_is_read_with_its_branch() -> None:
    whole, other, reply = branched()
    assert thread_of(whole.messages, other.id) == [whole.messages[0], other, reply]
    assert "on another branch" in reading_html(whole, other.id)


def test_an_unknown_message_opens_the_conversation_at_its_beginning() -> None:
    whole = transcript("short", "one", "two")
    assert "earlier" not in reading_html(whole, "m_nothing")


def test_text_is_shown_as_text() -> None:
    whole = transcript("odd", "<script>alert(1)</script>", title="<b>bold</b>")
    html = reading_html(whole, whole.messages[0].id)
    assert "<script>" not in html
    assert "<b>bold" not in html


def test_a_message_without_words_shows_what_it_carries() -> None:
    whole = transcript("picture", "", "A cat.")
    image = Artifact("a_1", whole.messages[0].id, ArtifactKind.IMAGE, title="cat.png")
    assert "[image] cat.png" in reading_html(replace(whole, artifacts=(image,)), whole.messages[1].id)


def test_parents_that_form_a_circle_do_not_hang_the_reader() -> None:
    whole, other, reply = branched()
    circle = (replace(other, parent_id=reply.id), reply)
    assert [one.id for one in thread_of(circle, reply.id)] == [other.id, reply.id]
    assert "thanks" in reading_html(replace(whole, messages=circle), reply.id)
