"""Meetings that move, and registrations that end, while a message about them waits or goes out."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from notifications.desk import send
from notifications.mailroom import (
    changed,
    claimed,
    deliver,
    mails,
    messages,
    rows,
    sealed,
    send_due,
)
from notifications.reminded import FIRST, SLUG, comes, due, meeting, run, told

from services.notifications import claims
from services.notifications import messages as noun
from services.notifications.resources import database
from services.notifications.rules import REMINDER_WEEK, THANKS
from shared.events import (
    AttendanceChanged,
    MeetingFacts,
    MeetingPublished,
    RegistrationApproved,
    RegistrationCancelled,
    RegistrationCorrected,
    RegistrationRescheduled,
    RegistrationReturned,
)
from shared.local.smtp_sink import Faults, SmtpSink

pytestmark = pytest.mark.usefixtures("empty", "nobody")


def publish(**changes: Any) -> MeetingFacts:
    facts = meeting(**changes)
    deliver(sealed(MeetingPublished(meeting=facts)))
    return facts


def moves(days: int, version: int, **one: Any) -> None:
    """Somebody's meeting is so many days later; they hear it."""
    facts = meeting(first=FIRST + timedelta(days=days), version=version)
    deliver(changed(RegistrationRescheduled, **facts.model_dump() | {"version": version} | one))


def anywhere_awake() -> None:
    rows("UPDATE message SET zone = NULL")


def test_what_was_given_up_comes_again_when_the_meeting_moves_back() -> None:
    facts = meeting()
    comes(facts)
    run(due(REMINDER_WEEK, facts))
    publish(first=FIRST + timedelta(days=14), version=2)
    run(due(REMINDER_WEEK, facts))
    assert told() == ["reminder-week expired"]
    publish(version=3)
    for _ in range(2):
        run(due(REMINDER_WEEK, facts))
    assert told() == ["reminder-week expired", "reminder-week queued"]


def test_a_reminder_that_waits_is_written_anew_with_the_new_place_and_end() -> None:
    facts = meeting()
    comes(facts)
    run(due(REMINDER_WEEK, facts))
    publish(version=2, venue="Gedung Baru")
    run(due(REMINDER_WEEK, facts))
    *_, last = messages()
    assert told() == ["reminder-week expired", "reminder-week queued"]
    assert "Gedung Baru" in last.text
    publish(version=3, venue="Gedung Baru", ends_at=facts.ends_at + timedelta(hours=1))
    run(due(REMINDER_WEEK, facts))
    assert told() == ["reminder-week expired", "reminder-week expired", "reminder-week queued"]


def test_who_was_reminded_already_is_not_reminded_again() -> None:
    facts = meeting()
    comes(facts)
    comes(facts, email="nanti@contoh.id")
    run(due(REMINDER_WEEK, facts))
    rows("UPDATE message SET state = 'accepted' WHERE recipient <> 'nanti@contoh.id'")
    publish(version=2, venue="Gedung Baru")
    run(due(REMINDER_WEEK, facts))
    waiting = [message.recipient for message in messages() if message.state == "queued"]
    assert waiting == ["nanti@contoh.id"], "that it moved, everybody is told at once"


def test_another_channel_that_waits_is_written_anew_from_the_first_one() -> None:
    facts = meeting()
    comes(facts)
    run(due(REMINDER_WEEK, facts))
    [first] = messages()
    rows("UPDATE message SET state = 'failed'")
    rows(
        "INSERT INTO message (id, event_id, about, rule, channel, recipient, class, region_code, "
        "language, template, text, traceparent, expires_at, state, meeting_slug, fallback_of) "
        "SELECT :id, event_id, about, rule, 'sms', '+6281234567890', class, region_code, language, "
        "template, text, traceparent, expires_at, 'queued', meeting_slug, id FROM message",
        id=uuid4(),
    )
    publish(version=2, venue="Gedung Baru")
    run(due(REMINDER_WEEK, facts))
    [again] = [message for message in messages() if message.state == "queued"]
    assert (again.recipient, again.channel) == (first.recipient, "email")


def test_thanks_that_wait_come_all_the_same() -> None:
    facts = meeting()
    there = comes(facts)
    fields = {"meeting_slug": SLUG, "day": FIRST, "session_id": None, "present": True}
    deliver(sealed(AttendanceChanged(registration_id=there, changed_at=facts.starts_at, **fields)))
    run(due(THANKS, facts))
    rows("DELETE FROM message WHERE rule <> 'thanks'")
    publish(version=2, ends_at=facts.ends_at - timedelta(hours=1))
    assert told() == ["thanks queued"]


def test_what_a_worker_puts_back_after_the_move_does_not_go(sink: SmtpSink) -> None:
    facts = meeting()
    comes(facts)
    run(due(REMINDER_WEEK, facts))
    anywhere_awake()
    [mine] = claimed("reminder")
    publish(version=2, venue="Gedung Baru")
    claims.release([mine])
    run(due(REMINDER_WEEK, facts))
    anywhere_awake()
    send_due("reminder")
    [mail] = mails(sink)
    assert "Gedung Baru" in mail.as_string()
    assert told() == ["reminder-week accepted", "reminder-week expired"]


def test_what_a_worker_puts_back_after_the_end_does_not_go(sink: SmtpSink) -> None:
    one = {"registration_id": uuid4()}
    deliver(changed(RegistrationApproved, **one))
    [mine] = claimed()
    end = {"status": "cancelled", "by": "registrant", "reason": "-"}
    deliver(changed(RegistrationCancelled, version=3, **end, **one))
    claims.release([mine])
    send_due()
    assert told() == ["registration-approved expired", "registration-cancelled accepted"]
    assert len(mails(sink)) == 1


@pytest.mark.parametrize("again", ["the relay answers", "an official tries"])
def test_the_date_before_the_last_is_never_told_after_it(
    sink: SmtpSink, national: httpx.Client, again: str
) -> None:
    one = {"registration_id": uuid4(), "phone": None}
    sink.faults = Faults(recipient_answer="452 4.3.1 no space left")
    moves(6, version=3, **one)
    send_due()
    sink.faults = Faults()
    moves(0, version=4, **one)
    send_due()
    first, last = messages()
    assert (first.state, first.state_reason, last.state) == ("expired", "overtaken", "accepted")
    if again == "an official tries":
        assert send(national, f"/notifications/messages/{first.id}/retry").status_code == 422
        page = national.get(f"/notifications/messages/{first.id}").text
        assert "kabar yang lebih baru" in page
    rows("UPDATE message SET next_attempt_at = now()")
    send_due()
    [mail] = mails(sink)
    assert mail["Subject"] == last.subject
    assert "Kursi Anda sudah pasti." in last.text


def test_an_older_date_that_comes_later_is_kept_and_not_told(sink: SmtpSink) -> None:
    one = {"registration_id": uuid4()}
    moves(0, version=4, **one)
    moves(6, version=3, **one)
    send_due()
    last, first = messages()
    assert (first.state, first.state_reason, last.state) == ("expired", "overtaken", "accepted")
    assert len(mails(sink)) == 1


def test_only_the_last_of_what_became_of_a_registration_is_told() -> None:
    one = {"registration_id": uuid4()}
    deliver(changed(RegistrationReturned, version=2, status="needs_correction", reason="-", **one))
    deliver(changed(RegistrationCorrected, version=3, status="submitted", **one))
    deliver(changed(RegistrationApproved, version=4, **one))
    assert told() == [
        "registration-approved queued",
        "registration-corrected expired",
        "registration-returned expired",
    ]
    moves(6, version=5, **one)
    assert told()[0] == "registration-approved expired", "it says the old date"


def test_that_a_meeting_moves_overtakes_nobody_elses_news() -> None:
    deliver(changed(RegistrationApproved, version=2, registration_id=uuid4()))
    moves(6, version=5, registration_id=uuid4())
    assert told() == ["registration-approved queued", "registration-rescheduled queued"]


def test_the_next_channel_tells_no_old_date(sink: SmtpSink) -> None:
    one = {"registration_id": uuid4(), "phone": "+6281234567890"}
    moves(6, version=3, **one)
    [mine] = claimed()
    moves(0, version=4, **one)
    rows("UPDATE message SET expires_at = now() + interval '1 day'")
    with database.sessions.begin() as session:
        assert noun.fall_back(session, [mine.id]) == 0
    assert mails(sink) == []
