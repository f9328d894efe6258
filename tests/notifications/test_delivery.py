"""The engine when all goes wrong: a mail server that is away, refuses, or never answers."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from notifications.mailroom import (
    Mailroom,
    breakers_are_closed,
    claimed,
    deliver,
    lease_is_over,
    mails,
    message_ids,
    messages,
    outcomes,
    registered,
    rows,
    send_due,
    send_in_a_process,
    settle,
    states,
    zone_at,
)
from sites import eventually

from services.notifications import claims, delivery
from services.notifications import outcomes as endings
from services.notifications.intents import Intent
from services.notifications.messages import write
from services.notifications.providers import registry
from services.notifications.providers.base import Answer, Provider
from services.notifications.resources import database
from services.notifications.rules import Rule
from shared.local.smtp_sink import NO_FAULTS, Faults, SmtpSink
from shared.tracing import new_traceparent

pytestmark = pytest.mark.usefixtures("empty")

REMINDER = Rule("test-reminder", "registration_submitted", "reminder")
FOREVER = 60_000  # milliseconds; longer than any test


def remind() -> None:
    """A message that must not come twice."""
    event = registered()
    words = (
        *("name", "code", "own_link", "meeting", "days", "hours", "venue", "province"),
        "registered_by",
    )
    intent = Intent(
        event_id=event.id,
        about=event.subject,
        version=1,
        traceparent=new_traceparent(),
        email="peserta@contoh.id",
        phone=None,
        language="id",
        region_code="21.01",
        expires_at=event.data.meeting.ends_at,
        values=dict.fromkeys(words, "…"),
    )
    with database.sessions.begin() as session:
        assert write(session, REMINDER, [intent]) == 1
    rows("UPDATE message SET zone = :zone", zone=zone_at(12))


def relay() -> Provider:
    """The mail server, as the engine knows it."""
    [only] = registry.ways()["email"]
    return only


def seconds_until_next_try() -> float:
    [message] = messages()
    return float((message.next_attempt_at - datetime.now(UTC)).total_seconds())


def test_a_mail_server_that_was_away_gets_each_mail_once(sink: SmtpSink) -> None:
    sink.stop()
    deliver(registered(), registered(email="dua@contoh.id"), registered(email="tiga@contoh.id"))
    assert send_due()
    assert states() == {"queued": 3}
    assert outcomes() == ["retryable"], "one failure to connect is not the fault of three mails"
    assert sorted(message.attempts for message in messages()) == [0, 0, 1]
    sink.start()
    assert send_due()
    assert states() == {"queued": 3}, "it is left alone for a while"
    breakers_are_closed()
    assert send_due()
    assert states() == {"accepted": 3}
    assert len(mails(sink)) == len(set(message_ids(mails(sink)))) == 3
    assert send_due()
    assert len(mails(sink)) == 3


def test_a_mail_server_that_is_away_does_not_hold_up_the_sms() -> None:
    deliver(registered(), registered(email=None))
    send_due()
    assert {m.channel: m.state for m in messages()} == {"email": "queued", "sms": "accepted"}


def test_a_server_that_restarts_between_two_mails_is_not_noticed(sink: SmtpSink) -> None:
    deliver(registered())
    send_due()
    sink.stop()
    sink.start()
    deliver(registered())
    send_due()
    assert outcomes() == ["accepted", "accepted"]


def test_a_temporary_refusal_is_tried_at_once_and_then_ever_later(sink: SmtpSink) -> None:
    sink.faults = Faults(recipient_answer="451 4.3.2 try again later")
    deliver(registered(phone=None))
    for delay in (30, 120, 600, 1800, 7200, 7200):
        send_due()  # the first run tries twice: the second try is due at once
        assert 0.7 * delay < seconds_until_next_try() < 1.3 * delay
        rows("UPDATE message SET next_attempt_at = now()")
    assert outcomes() == ["retryable"] * 7
    [reply] = {row.reply for row in rows("SELECT reply FROM attempt")}
    assert reply == "451 4.3.2 try again later"
    sink.faults = NO_FAULTS
    send_due()
    assert states() == {"accepted": 1}
    assert len(mails(sink)) == 1


def test_no_try_is_planned_for_after_the_expiry(sink: SmtpSink) -> None:
    sink.faults = Faults(recipient_answer="451 4.3.2 try again later")
    deliver(registered(phone=None))
    rows("UPDATE message SET expires_at = now() + interval '20 seconds'")
    send_due()
    assert states() == {"expired": 1}
    assert outcomes() == ["retryable", "retryable"]


def test_what_expires_while_it_waits_is_not_sent(sink: SmtpSink) -> None:
    deliver(registered())
    rows("UPDATE message SET expires_at = now()")
    send_due()
    assert states() == {"expired": 1}
    assert mails(sink) == []


def test_a_permanent_refusal_is_final_and_keeps_the_servers_words(sink: SmtpSink) -> None:
    sink.faults = Faults(recipient_answer="550 5.1.1 no such mailbox")
    deliver(registered(phone=None))
    send_due()
    send_due()
    assert states() == {"failed": 1}
    [attempt] = rows("SELECT * FROM attempt")
    assert (attempt.outcome, attempt.reply) == ("permanent", "550 5.1.1 no such mailbox")
    assert mails(sink) == []


def test_no_address_fails_without_a_word_to_the_server(sink: SmtpSink) -> None:
    deliver(registered(email="a@b\r\nRCPT TO:<lain@contoh.id>", phone=None), registered())
    send_due()
    assert states() == {"failed": 1, "accepted": 1}
    assert len(mails(sink)) == 1


def test_a_server_that_hangs_up_without_an_answer_leaves_it_open(sink: SmtpSink) -> None:
    sink.faults = Faults(delay_ms=FOREVER)
    deliver(registered())
    sending = threading.Thread(target=send_due)
    sending.start()
    eventually(lambda: states() == {"handing_over": 1}, "the mail is handed over")
    sink.stop()
    sending.join()
    # Tried at once, as it may come twice; by then nobody listens, and it waits.
    assert outcomes() == ["unknown", "retryable"]
    assert states() == {"queued": 1}
    sink.faults = NO_FAULTS
    sink.start()
    rows("UPDATE message SET next_attempt_at = now()")
    breakers_are_closed()
    send_due()
    assert states() == {"accepted": 1}
    assert len(mails(sink)) == 1


def test_a_reminder_without_an_answer_is_shown_as_unknown_and_stays_so(sink: SmtpSink) -> None:
    sink.faults = Faults(answer_delay_ms=FOREVER)
    remind()
    sending = threading.Thread(target=send_due, args=("reminder",))
    sending.start()
    eventually(lambda: len(mails(sink)) == 1, "the server has the mail")
    sink.stop()
    sending.join()
    assert states() == {"unknown": 1}
    sink.faults = NO_FAULTS
    sink.start()
    send_due("reminder")
    assert len(mails(sink)) == 1


def test_killed_before_the_mark_nothing_was_sent_and_it_goes_again(
    mailroom: Mailroom, sink: SmtpSink
) -> None:
    sink.faults = Faults(recipient_delay_ms=FOREVER)
    deliver(registered())
    process = send_in_a_process(mailroom)
    eventually(lambda: states() == {"claimed": 1}, "the mail is claimed")
    process.kill()
    process.wait()
    assert states() == {"claimed": 1}
    sink.faults = NO_FAULTS
    send_due()
    assert mails(sink) == [], "the dead worker's lease still runs"
    lease_is_over()
    send_due()
    assert outcomes() == ["lost", "accepted"]
    assert len(mails(sink)) == 1


def test_killed_after_the_mark_a_confirmation_goes_again_under_the_same_name(
    mailroom: Mailroom, sink: SmtpSink
) -> None:
    sink.faults = Faults(answer_delay_ms=FOREVER)
    deliver(registered())
    process = send_in_a_process(mailroom)
    eventually(lambda: len(mails(sink)) == 1, "the server has the mail")
    process.kill()
    process.wait()
    [message] = messages()
    assert (message.state, message.attempts) == ("handing_over", 1)
    assert timedelta(0) < message.lease_until - datetime.now(UTC) <= timedelta(seconds=60)
    sink.faults = NO_FAULTS
    send_due()
    assert len(mails(sink)) == 1, "the dead worker's lease still runs"
    lease_is_over()
    send_due()
    assert outcomes() == ["unknown", "accepted"]
    assert states() == {"accepted": 1}
    # The server took the first one, which nobody can know: two mails, but of one identity.
    assert message_ids(mails(sink)) == [f"<{message.id.hex}@sejawat.contoh.id>"] * 2


def test_killed_after_the_mark_a_reminder_never_goes_again(
    mailroom: Mailroom, sink: SmtpSink
) -> None:
    sink.faults = Faults(answer_delay_ms=FOREVER)
    remind()
    command = "import time; from services.notifications import delivery as d; "
    command += "d.send_due(('reminder',), until=time.monotonic() + 5)"
    process = mailroom.python("-c", command)
    eventually(lambda: len(mails(sink)) == 1, "the server has the mail")
    process.kill()
    process.wait()
    assert states() == {"handing_over": 1}
    sink.faults = NO_FAULTS
    lease_is_over()
    for _ in range(2):
        send_due("reminder")
    assert states() == {"unknown": 1}
    assert outcomes() == ["unknown"]
    assert len(mails(sink)) == 1


def test_a_database_that_crashes_while_the_server_answers_learns_the_answer_later(
    mailroom: Mailroom, sink: SmtpSink
) -> None:
    sink.faults = Faults(answer_delay_ms=1000)
    deliver(registered())
    sending = threading.Thread(target=send_due)
    sending.start()
    eventually(lambda: len(mails(sink)) == 1, "the server has the mail")
    mailroom.postgres.restart(immediate=True)
    sending.join()
    assert states() == {"accepted": 1}
    assert outcomes() == ["accepted"]
    send_due()
    assert len(mails(sink)) == 1


def test_a_worker_that_slept_through_its_lease_hands_nothing_over(sink: SmtpSink) -> None:
    deliver(registered())
    slow = claimed()
    assert relay().prepare(slow).ready == slow
    lease_is_over()
    settle()
    assert not claims.mark(slow, relay())
    relay().abandon(slow)
    send_due()
    assert outcomes() == ["lost", "accepted"]
    assert len(mails(sink)) == 1


def test_a_late_answer_still_counts_until_somebody_else_has_the_message(sink: SmtpSink) -> None:
    deliver(registered())
    slow = claimed()
    assert relay().prepare(slow).ready == slow
    assert claims.mark(slow, relay())
    answers = relay().hand_over(slow)
    lease_is_over()
    settle()
    assert states() == {"queued": 1}
    endings.record(relay(), slow, answers, datetime.now(UTC))
    send_due()
    assert states() == {"accepted": 1}
    assert outcomes() == ["unknown", "accepted"]
    assert len(mails(sink)) == 1


def test_an_answer_that_comes_after_another_claim_changes_nothing(sink: SmtpSink) -> None:
    deliver(registered())
    slow = claimed()
    lease_is_over()
    send_due()
    endings.record(relay(), slow, {slow[0].id: Answer("permanent")}, datetime.now(UTC))
    assert states() == {"accepted": 1}
    assert outcomes() == ["lost", "accepted"]
    assert len(mails(sink)) == 1


def test_when_the_time_is_over_the_rest_is_put_back_untouched(sink: SmtpSink) -> None:
    sink.faults = Faults(delay_ms=200)
    deliver(*(registered(email=f"p{number}@contoh.id") for number in range(60)))
    assert not delivery.send_due(("transactional",), until=time.monotonic() + 0.3)
    assert set(states()) == {"queued", "accepted"}
    waiting = [message for message in messages() if message.state == "queued"]
    assert len(waiting) >= 20, "of fifty that were claimed"
    assert {(m.attempts, m.lease_until) for m in waiting} == {(0, None)}
    sink.faults = NO_FAULTS
    assert send_due()
    assert len(mails(sink)) == 60


def test_two_workers_at_once_send_each_mail_once(mailroom: Mailroom, sink: SmtpSink) -> None:
    deliver(*(registered(email=f"p{number}@contoh.id") for number in range(100)))
    process = send_in_a_process(mailroom)
    eventually(outcomes, "the other has begun")
    send_due()
    assert process.wait(60) == 0
    send_due()  # on a slow machine its shift may have been over with some in hand
    assert states() == {"accepted": 100}
    assert outcomes() == ["accepted"] * 100
    assert len(mails(sink)) == len(set(message_ids(mails(sink)))) == 100


def test_one_that_breaks_our_own_code_does_not_stop_its_neighbours(sink: SmtpSink) -> None:
    deliver(registered(email="rusak@contoh.id"), registered())
    rows("UPDATE message SET attachments = '[{}]' WHERE recipient = 'rusak@contoh.id'")
    send_due()
    by_recipient = {m.recipient: (m.state, m.attempts) for m in messages()}
    assert by_recipient == {"rusak@contoh.id": ("queued", 2), "peserta@contoh.id": ("accepted", 1)}
    assert len(mails(sink)) == 1
