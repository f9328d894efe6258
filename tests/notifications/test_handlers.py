"""From an event to a message: once, for the right person, in the right words."""

import pytest
from notifications.mailroom import (
    body,
    coming_meeting,
    deliver,
    mails,
    messages,
    outcomes,
    registered,
    rows,
    send_due,
    states,
)
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from services.notifications import forgetting
from shared.local.smtp_sink import SmtpSink
from shared.tracing import trace_id

pytestmark = pytest.mark.usefixtures("empty")


def test_the_same_event_twice_is_one_mail(sink: SmtpSink) -> None:
    event = registered()
    deliver(event)
    deliver(event)
    deliver(event, replay=1)  # even when it is replayed on purpose
    send_due()
    deliver(event, replay=2)
    send_due()
    assert states() == {"accepted": 1}
    assert len(mails(sink)) == 1


def test_two_hundred_events_are_two_hundred_mails(sink: SmtpSink) -> None:
    events = [registered(email=f"peserta{number}@contoh.id") for number in range(200)]
    deliver(*events[:100])
    deliver(*events[50:])
    assert send_due()
    assert states() == {"accepted": 200}
    assert outcomes() == ["accepted"] * 200
    found = mails(sink)
    assert len(found) == 200
    assert {str(mail["To"]) for mail in found} == {e.data.participant.email for e in events}
    assert {str(mail["Message-ID"]) for mail in found} == {
        f"<{message.id.hex}@sejawat.contoh.id>" for message in messages()
    }


def test_the_mail_says_what_a_registrant_needs_to_know(sink: SmtpSink) -> None:
    deliver(registered(coming_meeting(zone="Asia/Makassar"), name="I Made Contoh, S.Sos."))
    send_due()
    [mail] = mails(sink)
    assert str(mail["Subject"]) == (
        "Pendaftaran Anda sudah kami terima: Peer Learning Meeting Provinsi Kepulauan Riau 2022"
    )
    assert str(mail["From"]) == "Sejawat <sejawat@localhost>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "id"
    for kind in ("plain", "html"):
        text = body(mail, kind)
        for said in (
            "Yth. I Made Contoh, S.Sos.",
            "CK Hotel Tanjungpinang",
            "09.00–17.00 WITA",
            "K7QF3-M2DXA",
            "Apa selanjutnya?",
            "Panitia di Kepulauan Riau",
            "http://sejawat.contoh.id/registration/r/WyJrdW5jaSJd.rahasia-42",
        ):
            assert said in text


def test_an_english_reader_gets_an_english_mail(sink: SmtpSink) -> None:
    deliver(registered(language="en", name="Ms Example"))
    send_due()
    [mail] = mails(sink)
    assert str(mail["Subject"]).startswith("We have received your registration")
    assert mail["Content-Language"] == "en"
    for kind in ("plain", "html"):
        assert "Dear Ms Example" in body(mail, kind)
        assert "08:00–16:00 WIB" in body(mail, kind)


def test_a_name_cannot_write_html(sink: SmtpSink) -> None:
    deliver(registered(name='<script src="//x">{{ own_link }}'))
    send_due()
    [mail] = mails(sink)
    assert "<script" not in body(mail, "html")
    assert "&lt;script src=&#34;//x&#34;&gt;{{ own_link }}" in body(mail, "html")
    assert '<script src="//x">{{ own_link }}' in body(mail)


def test_who_has_no_e_mail_gets_an_sms_which_the_log_takes() -> None:
    deliver(registered(email=None, phone="+6281234567890"))
    with capture_logs() as logs:
        send_due()
    [message] = messages()
    assert (message.channel, message.recipient) == ("sms", "+6281234567890")
    assert (message.state, message.provider) == ("accepted", "log")
    assert (message.subject, message.html) == (None, None)
    assert message.text.startswith("Sejawat: pendaftaran Peserta Contoh")
    assert "K7QF3-M2DXA" in message.text
    assert message.text.isascii(), "one sign outside GSM-7 would halve what fits an SMS"
    [line] = [line for line in logs if line["event"] == "message.logged"]
    assert line["to"] == "+6281•••••7890"
    assert "1234567890" not in str(logs)
    assert "rahasia" not in str(logs)


def test_after_the_meeting_nobody_is_told(sink: SmtpSink) -> None:
    late, open_still = registered(coming_meeting(ends_at="2022-08-10T09:00:00Z")), registered()
    deliver(late, open_still)
    send_due()
    assert states() == {"expired": 1, "accepted": 1}
    assert len(mails(sink)) == 1
    [expired] = rows("SELECT attempts FROM message WHERE state = 'expired'")
    assert expired.attempts == 0


def test_one_trace_leads_from_the_event_to_the_servers_answer(sink: SmtpSink) -> None:
    event = registered()
    deliver(event)
    with capture_logs(processors=[merge_contextvars]) as logs:
        send_due()
    [message] = messages()
    assert trace_id(message.traceparent) == trace_id(event.traceparent)
    assert message.traceparent != event.traceparent, "it is a span of its own"
    [line] = [line for line in logs if line["event"] == "mail.accepted"]
    assert line["trace_id"] == trace_id(event.traceparent)
    assert (line["message"], line["provider"]) == (str(message.id), "smtp")
    assert (line["code"], line["attempt"]) == (250, 1)
    assert sink.directory.exists()


def test_what_a_message_said_is_forgotten_and_that_it_was_sent_is_not(sink: SmtpSink) -> None:
    deliver(registered(), registered(email="lama@contoh.id"), registered(email="antre@contoh.id"))
    rows(
        "UPDATE message SET next_attempt_at = now() + interval '1 day' "
        "WHERE recipient = 'antre@contoh.id'"
    )
    send_due()
    rows(
        "UPDATE message SET created_at = now() - interval '91 days' "
        "WHERE recipient <> 'peserta@contoh.id'"
    )
    assert forgetting.purge_contents() == 1
    kept = {m.recipient: (m.state, m.text is None, m.html is None) for m in messages()}
    assert kept == {
        "peserta@contoh.id": ("accepted", False, False),
        "…@contoh.id": ("accepted", True, True),
        "antre@contoh.id": ("queued", False, False),
    }
    assert len(mails(sink)) == 2
