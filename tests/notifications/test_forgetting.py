"""What is forgotten when its time is over, and at once when somebody asks for it."""

from typing import Any
from uuid import uuid4

import pytest
from notifications.mailroom import (
    code_requested,
    deliver,
    messages,
    registered,
    rows,
    sealed,
    send_due,
)
from sqlalchemy import text

from services.notifications import forgetting
from services.notifications.resources import database
from shared.events import RegistrationErased
from shared.local.smtp_sink import SmtpSink

pytestmark = pytest.mark.usefixtures("empty")


def grow_old(days: int = 91) -> None:
    rows("UPDATE message SET created_at = created_at - make_interval(days => :days)", days=days)
    rows("UPDATE receipt SET received_at = received_at - make_interval(days => :days)", days=days)


def annotate() -> None:
    """All places where somebody's data can be, filled."""
    rows(
        "UPDATE message SET parameters = '[\"Peserta\"]', attachments = '[]', unsubscribe = 'x', "
        "fallbacks = '[]'"
    )
    rows(
        "INSERT INTO receipt (provider, digest, message_id, state, detail, raw) "
        "SELECT 'smtp', id::text, id, 'failed', 'peserta@contoh.id?', 'peserta@contoh.id' "
        "FROM message"
    )
    rows(
        "INSERT INTO message_action (message_id, action, actor, subject, note) "
        "SELECT id, 'retried', 'Petugas Contoh', 'petugas', 'peserta@contoh.id benar' FROM message"
    )
    rows("UPDATE attempt SET detail = 'peserta@contoh.id', reply = '<peserta@contoh.id>'")


def everything() -> str:
    """All there is about messages, as one text."""
    tables = ("message", "attempt", "receipt", "message_action")
    found = [rows(f"SELECT to_jsonb({name})::text AS row FROM {name}") for name in tables]
    return "\n".join(row.row for several in found for row in several)


def one(sink: SmtpSink, **person: Any) -> Any:
    deliver(registered(phone=None, **person))
    send_due()
    assert sink.directory.exists()
    return messages()[-1]


def test_after_its_retention_a_message_names_nobody(sink: SmtpSink) -> None:
    one(sink, name="Siti Aminah")
    annotate()
    forgetting.purge_contents()
    assert "Siti Aminah" in everything(), "it is not old"
    grow_old()
    assert forgetting.purge_contents() == 1
    assert forgetting.purge_contents() == 0
    left = everything()
    for word in ("Siti", "peserta@", "Peserta"):
        assert word not in left
    [message] = messages()
    assert message.recipient == "…@contoh.id"
    assert (message.state, message.provider, message.rule) == (
        "accepted",
        "smtp",
        "registration-submitted",
    )


def test_numbers_keep_their_end_and_codes_are_not_left_over() -> None:
    deliver(registered(email=None, phone="+6281234567890"), code_requested(email="pic@contoh.id"))
    rows("UPDATE message SET state = 'accepted'")
    rows("UPDATE message SET text = NULL, subject = NULL, html = NULL WHERE class = 'code'")
    grow_old()
    assert forgetting.purge_contents() == 2
    assert [message.recipient for message in messages()] == ["…890", "…@contoh.id"]


def test_many_of_one_event_are_masked_alike() -> None:
    deliver(*(registered(email=f"p{number}@contoh.id", phone=None) for number in range(3)))
    rows(
        "UPDATE message SET state = 'accepted', event_id = :event, rule = 'announcement'",
        event=uuid4(),
    )
    grow_old()
    assert forgetting.purge_contents() == 3
    assert {message.recipient for message in messages()} == {"…@contoh.id"}


def test_what_is_still_to_be_sent_keeps_all_of_it() -> None:
    deliver(registered(phone=None))
    grow_old()
    assert forgetting.purge_contents() == 0
    [message] = messages()
    assert message.text
    rows("UPDATE message SET state = 'unknown', settle_until = now()")
    assert forgetting.purge_contents() == 0


def test_what_somebody_else_holds_is_left_for_later(sink: SmtpSink) -> None:
    one(sink)
    grow_old()
    with database.sessions.begin() as session:
        session.execute(text("SELECT FROM message FOR UPDATE")).all()
        assert forgetting.purge_contents() == 0
    assert forgetting.purge_contents() == 1


def test_receipts_that_name_no_message_are_forgotten_too() -> None:
    rows(
        "INSERT INTO receipt (provider, digest, state, detail, raw, received_at) VALUES "
        "('zenziva', 'a', 'failed', '0812', '0812', now() - interval '91 days'), "
        "('zenziva', 'b', 'failed', '0813', '0813', now())"
    )
    forgetting.purge_contents()
    assert [(row.digest, row.raw) for row in rows("SELECT * FROM receipt ORDER BY digest")] == [
        ("a", None),
        ("b", "0813"),
    ]


def test_an_erasure_reaches_notes_receipts_and_the_reason_of_a_suppression(
    sink: SmtpSink,
) -> None:
    event = registered(phone=None, name="Siti Aminah")
    deliver(event)
    send_due()
    annotate()
    rows(
        "INSERT INTO suppression (channel, address, reason, detail, region_code) VALUES "
        "('email', 'peserta@contoh.id', 'manual', 'Siti meminta', '21'), "
        "('email', 'lain@contoh.id', 'manual', 'minta', '21')"
    )
    deliver(sealed(RegistrationErased(registration_id=event.data.registration_id)))
    left = everything()
    for word in ("Siti", "peserta@", "Peserta"):
        assert word not in left, word
    found = rows("SELECT address, detail FROM suppression ORDER BY address")
    assert [(row.address, row.detail) for row in found] == [
        ("lain@contoh.id", "minta"),
        ("peserta@contoh.id", ""),
    ]
    assert sink.directory.exists()
