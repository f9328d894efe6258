"""What is forgotten when its time is over, and at once when somebody asks for it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import emptying
import pytest
from builders import events
from notifications.announcing_people import NATIONAL, draft, shown
from notifications.mailroom import (
    code_requested,
    coming_meeting,
    deliver,
    messages,
    registered,
    rows,
    sealed,
    send_due,
)
from sqlalchemy import text

from services.notifications import announcements, forgetting
from services.notifications.announcements import NotNow
from services.notifications.resources import database
from shared.events import AccountChanged, AttendanceChanged, RegistrationErased
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


def known(days: int, *, email: str) -> str:
    """Somebody who was at a meeting that is over for so many days; returns the registration."""
    begins = datetime.now(UTC) - timedelta(days=days, hours=8)
    meeting = coming_meeting(
        slug=f"plm-{days}",
        starts_at=begins,
        ends_at=begins + timedelta(hours=8),
        days=(begins.date(), begins.date()),
    )
    event = registered(meeting, email=email)
    fields = {"meeting_slug": meeting.slug, "day": begins.date(), "session_id": None}
    there = AttendanceChanged(
        registration_id=UUID(event.subject), present=True, changed_at=begins, **fields
    )
    deliver(event, sealed(there))
    return event.subject


@pytest.mark.usefixtures("nobody")
def test_whoever_was_at_a_meeting_long_ago_is_forgotten() -> None:
    known(92, email="lama@contoh.id")
    known(80, email="baru@contoh.id")
    deliver(registered(email="nanti@contoh.id"))
    assert forgetting.purge_copies() == 1
    left = rows("SELECT email FROM participant ORDER BY email")
    assert [row.email for row in left] == ["baru@contoh.id", "nanti@contoh.id"]
    assert len(rows("SELECT FROM attendance")) == 1


@pytest.mark.usefixtures("nobody")
def test_of_a_closed_account_no_name_and_no_address_is_kept() -> None:
    [account, *_] = [event for event in events() if isinstance(event, AccountChanged)]
    deliver(sealed(account.model_copy(update={"active": True, "version": 1})))
    deliver(sealed(account.model_copy(update={"active": False, "version": 2})))
    [official] = rows("SELECT name, email, phone, active FROM official")
    assert tuple(official) == ("", None, None, False)


def test_an_announcement_of_long_ago_loses_its_text_and_can_no_longer_be_copied() -> None:
    rows(emptying.deleting("message_action", "receipt", "attempt", "message", "announcement"))
    found = draft(NATIONAL)
    rows("UPDATE announcement SET state = 'done', finished_at = now() - interval '91 days'")
    kept = draft(NATIONAL)
    forgetting.purge_copies()
    assert (shown(found).body, shown(found).subject) == ("", "Bahan pertemuan")
    assert shown(kept).body
    with database.sessions.begin() as session, pytest.raises(NotNow):
        announcements.clone(session, NATIONAL, found, uuid4())
    rows(emptying.deleting("message_action", "receipt", "attempt", "message", "announcement"))


def test_two_batches_that_each_erase_somebody_do_not_stand_in_each_others_way() -> None:
    """Types of a batch share a transaction: who has written and then wants to be alone is lost."""
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    [before] = rows(deadlocks)
    for _ in range(3):
        both = Barrier(2)

        def batch(both: Barrier = both) -> None:
            gone = registered(phone=None)
            deliver(gone)
            many = [registered(phone=None) for _ in range(30)]
            both.wait()
            deliver(*many, sealed(RegistrationErased(registration_id=UUID(gone.subject))))

        with ThreadPoolExecutor(2) as workers:
            for done in [workers.submit(batch) for _ in range(2)]:
                done.result()
    rows("SELECT pg_stat_force_next_flush()")
    assert rows(deadlocks) == [before]
