"""Mails that come back, and readers who object: believed when they know what only we sent."""

import subprocess
import sys
from typing import Any

import httpx
import pytest
from notifications.mailroom import (
    Mailroom,
    deliver,
    messages,
    registered,
    rows,
    send_due,
    states,
)
from uuid_utils.compat import uuid7

from services.notifications import bounces
from services.notifications.console_schemas import BounceReport
from services.notifications.resources import database
from services.notifications.settings import settings
from shared.local.smtp_sink import SmtpSink

pytestmark = pytest.mark.usefixtures("empty")

HOOK = "/notifications/bounces"
DSN = """\
From: MAILER-DAEMON@relay.contoh.id
To: sejawat@contoh.id
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.contoh.id
{envelope}
Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 <{recipient}>: Recipient address
    rejected: User unknown

--b
{returned}

--b--
"""
ARF = """\
From: feedback@penyedia.contoh.id
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an email abuse report.

--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: PenyediaContoh/1.0
Version: 1
Original-Rcpt-To: <peserta@contoh.id>

--b
Content-Type: message/rfc822

Message-ID: {message_id}
Subject: Pendaftaran

Isi.

--b--
"""


def sent() -> Any:
    """A mail that the server has taken; there is no other channel."""
    deliver(registered(phone=None))
    send_due()
    [message] = messages()
    assert message.state == "accepted"
    return message


def dsn(message: Any, *, headers_only: bool = False, **changes: str) -> bytes:
    kind = "text/rfc822-headers" if headers_only else "message/rfc822"
    returned = f"Content-Type: {kind}\n\nMessage-ID: {message.provider_reference}\nSubject: x\n"
    fields = {
        "envelope": "",
        "recipient": "peserta@contoh.id",
        "action": "failed",
        "status": "5.1.1",
        "returned": returned,
    }
    return DSN.format(**(fields | changes)).encode()


def take(raw: bytes, *, signed: bool = False) -> str:
    report = bounces.read_mail(raw)
    assert report is not None
    with database.sessions.begin() as session:
        return bounces.take(session, report, signed=signed).outcome


def listed() -> list[tuple[str, str, str]]:
    found = rows("SELECT address, reason, region_code FROM suppression")
    return [(row.address, row.reason, row.region_code) for row in found]


@pytest.mark.parametrize("headers_only", [False, True])
def test_a_mail_that_came_back_is_bounced_and_its_address_held_back(
    sink: SmtpSink, headers_only: bool
) -> None:
    message = sent()
    assert take(dsn(message, headers_only=headers_only)) == "bounced"
    assert states() == {"bounced": 1}
    assert listed() == [("peserta@contoh.id", "bounce", message.region_code)]
    [receipt] = rows("SELECT * FROM receipt")
    assert receipt.message_id == message.id
    assert "Recipient address rejected: User unknown" in receipt.detail
    assert sink.directory.exists()


def test_it_is_found_by_its_envelope_id_when_nothing_is_returned(sink: SmtpSink) -> None:
    message = sent()
    envelope = f"Original-Envelope-Id: {message.id.hex}\n"
    raw = dsn(message, envelope=envelope, returned="Content-Type: text/plain\n\nx")
    assert take(raw) == "bounced"
    assert sink.directory.exists()


def test_the_next_channel_goes_on(sink: SmtpSink) -> None:
    deliver(registered(phone="+6281234567890"))
    send_due()
    [message] = messages()
    assert take(dsn(message)) == "bounced"
    mail, sms = messages()
    assert (mail.state, sms.state, sms.fallback_of) == ("bounced", "queued", mail.id)
    assert sink.directory.exists()


def test_a_delay_is_noted_and_changes_nothing(sink: SmtpSink) -> None:
    message = sent()
    assert take(dsn(message, action="delayed", status="4.4.1")) == "noted"
    assert states() == {"accepted": 1}
    assert listed() == []
    assert [row.state for row in rows("SELECT state FROM receipt")] == ["accepted"]
    assert sink.directory.exists()


@pytest.mark.parametrize("status", ["5.7.1", "5.2.2", "5.3.4", "4.4.7"])
def test_a_refusal_that_is_not_the_addresss_fault_does_not_hold_it_back(
    sink: SmtpSink, status: str
) -> None:
    assert take(dsn(sent(), status=status)) == "bounced"
    assert states() == {"bounced": 1}
    assert listed() == []
    assert sink.directory.exists()


def test_a_repeated_report_finds_all_done(sink: SmtpSink) -> None:
    raw = dsn(sent())
    assert take(raw) == "bounced"
    rows("DELETE FROM suppression")
    rows("UPDATE message SET state = 'queued'")
    assert take(raw) == "repeated"
    assert states() == {"queued": 1}
    assert listed() == []
    assert sink.directory.exists()


def test_who_does_not_know_the_mail_cannot_bounce_it(sink: SmtpSink) -> None:
    """Anybody may write to the address of bounces, and may know whom we write to."""
    message = sent()
    unknown = f"Content-Type: message/rfc822\n\nMessage-ID: <{uuid7().hex}@x>\n"
    assert take(dsn(message, returned=unknown)) == "unknown"
    assert take(dsn(message, returned="Content-Type: text/plain\n\nx")) == "unknown"
    assert states() == {"accepted": 1}
    assert listed() == []
    assert rows("SELECT * FROM receipt") == []
    assert sink.directory.exists()


def test_a_complaint_holds_the_address_back(sink: SmtpSink) -> None:
    message = sent()
    told = ARF.format(kind="not-spam", message_id=message.provider_reference)
    assert bounces.read_mail(told.encode()) is None
    told = ARF.format(kind="abuse", message_id=message.provider_reference)
    assert take(told.encode()) == "complaint"
    assert listed() == [("peserta@contoh.id", "complaint", message.region_code)]
    assert states() == {"accepted": 1}
    assert take(dsn(message)) == "bounced"
    assert [reason for _, reason, _ in listed()] == ["bounce"], "which holds back more"
    assert sink.directory.exists()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe",
        b"Subject: Cuti\n\nSaya sedang cuti.",
        DSN.replace("Action: {action}", "Action: relayed").encode(),
        b"Content-Type: message/delivery-status\n\nFinal-Recipient: x",
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status",
        b"Content-Type: multipart/report; boundary=\n\n--\n" * 100,
        ARF.replace("Feedback-Type: {kind}", "").encode(),
    ],
)
def test_what_is_no_report_is_none(raw: bytes) -> None:
    assert bounces.read_mail(raw) is None


def test_broken_signs_in_a_report_reach_the_database_as_question_marks(sink: SmtpSink) -> None:
    raw = dsn(sent()).replace(b"User unknown", b"\x00\xff\xfe unknown")
    assert take(raw) == "bounced"
    assert sink.directory.exists()


def test_the_mail_server_pipes_it_into_the_command(mailroom: Mailroom, sink: SmtpSink) -> None:
    raw = dsn(sent())
    command = [sys.executable, "-m", "services.notifications", "read-bounces"]
    environment = mailroom.environment | {"PATH": "/usr/bin:/bin", "LOG_JSON": "1"}
    done = subprocess.run(command, input=raw, env=environment, check=False, timeout=60)
    assert done.returncode == 0
    assert states() == {"bounced": 1}
    assert sink.directory.exists()


@pytest.fixture
def secret() -> str:
    assert settings().bounce_secret, "as in the settings of the tests"
    return settings().bounce_secret


def post(client: httpx.Client, secret: str, body: bytes, kind: str = "application/json") -> Any:
    headers = {"X-Sejawat-Signature": bounces.signature(secret, body), "Content-Type": kind}
    return client.post(HOOK, content=body, headers=headers)


def test_a_provider_tells_of_a_bounce_by_recipient(
    our_url: str, secret: str, sink: SmtpSink
) -> None:
    message = sent()
    report = BounceReport(kind="bounce", recipient="Peserta@contoh.id", status="5.1.1")
    with httpx.Client(base_url=our_url) as client:
        body = report.model_dump_json().encode()
        assert client.post(HOOK, content=body).status_code == 403
        assert post(client, "x" * 40, body).status_code == 403
        assert states() == {"accepted": 1}
        assert post(client, secret, body).json() == {"outcome": "bounced"}
        assert post(client, secret, body).json() == {"outcome": "repeated"}
        assert post(client, secret, dsn(message), "message/rfc822").status_code == 200
        for nonsense in (b"{}", b"[]", b"\xff", b'{"kind": "bounce", "detail": "\\u0000"}'):
            assert post(client, secret, nonsense).status_code == 422
        assert post(client, secret, b"x" * 300_000).status_code == 413
    assert listed() == [("peserta@contoh.id", "bounce", message.region_code)]
    assert sink.directory.exists()
