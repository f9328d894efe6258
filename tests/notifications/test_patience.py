"""What one slow or unwilling recipient or provider costs the others, and the message itself."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fakes import FakeWhatsApp, Faults
from notifications.exchange import described, gateways, tell
from notifications.mailroom import Mailroom, messages, rows, send_due, states
from notifications.test_failover import running
from sites import eventually
from sqlalchemy import Row

from services.notifications import delivery, outcomes
from services.notifications.rules import WorkClass
from shared.local.smtp_sink import Faults as MailFaults
from shared.local.smtp_sink import SmtpSink

pytestmark = pytest.mark.usefixtures("empty")

FULL = MailFaults(recipient_answer="452 4.2.2 mailbox full")


def tried_again(work_class: WorkClass = "transactional") -> None:
    """The pause is over."""
    rows("UPDATE message SET next_attempt_at = now() WHERE state = 'queued'")
    send_due(work_class)


@pytest.mark.parametrize(("work_class", "tries"), [("code", 3), ("transactional", 5)])
def test_a_full_mailbox_is_told_by_whatsapp_while_it_is_still_of_use(
    mailroom: Mailroom, sink: SmtpSink, work_class: WorkClass, tries: int
) -> None:
    chat = FakeWhatsApp()
    with running(chat), gateways(mailroom, described(chat)):
        sink.faults = FULL
        tell(channels=["email", "whatsapp"], email="penuh@contoh.id", work_class=work_class)
        while not chat.taken:
            assert len(messages()) == 1
            tried_again(work_class)
        mail, next_way = messages()
    assert (mail.state, mail.state_reason, mail.refusals) == ("failed", "refused", tries)
    assert (next_way.channel, next_way.state, next_way.fallback_of) == (
        *("whatsapp", "accepted"),
        mail.id,
    )


def test_what_is_over_before_the_next_try_takes_its_next_way_now(sink: SmtpSink) -> None:
    sink.faults = FULL
    tell(channels=["email", "sms"], email="penuh@contoh.id")
    rows("UPDATE message SET expires_at = now() + interval '20 seconds'")
    send_due()
    assert [(one.channel, one.state) for one in messages()] == [
        ("email", "failed"),
        ("sms", "accepted"),
    ]


def test_without_a_next_way_a_full_mailbox_is_tried_for_three_days(sink: SmtpSink) -> None:
    sink.faults = FULL
    tell(channels=["email"], email="penuh@contoh.id")
    for _ in range(7):
        tried_again()
    assert states() == {"queued": 1}
    rows("UPDATE message SET refusals = :most", most=outcomes.MOST_REFUSALS)
    tried_again()
    [mail] = messages()
    assert (mail.state, mail.state_reason) == ("failed", "refused")
    days = sum(outcomes.RETRY_S) + (outcomes.MOST_REFUSALS - len(outcomes.RETRY_S)) * 7200
    assert days == pytest.approx(3 * 86_400, rel=0.05)


def test_a_relay_that_is_away_is_no_refusal(sink: SmtpSink) -> None:
    sink.stop()
    tell(channels=["email", "whatsapp"], email="ada@contoh.id")
    for _ in range(outcomes.NEXT_WAY_AFTER["transactional"] + 2):
        rows("UPDATE provider_state SET open_until = now()")
        send_due()
    [mail] = messages()
    assert (mail.state, mail.refusals) == ("queued", 0)
    assert len(attempts_of(mail)) > outcomes.NEXT_WAY_AFTER["transactional"]


def attempts_of(message: Row[Any]) -> list[Row[Any]]:
    return rows("SELECT * FROM attempt WHERE message_id = :id", id=message.id)


def test_a_slow_gateway_holds_up_its_own_channel_only(mailroom: Mailroom, sink: SmtpSink) -> None:
    """Mails that come while it keeps us waiting, and after the shift's time, do not wait for it."""
    chat = FakeWhatsApp()
    with (
        running(chat),
        gateways(mailroom, described(chat)),
        ThreadPoolExecutor(1) as worker,
    ):
        chat.faults = Faults(delay_ms=2500)
        tell(channels=["whatsapp"], work_class="code")
        send: tuple[WorkClass, ...] = ("code", "transactional")
        shift = worker.submit(delivery.send_due, send, time.monotonic() + 0.3)
        eventually(lambda: bool(chat.taken), "the gateway has it, and does not answer")
        tell(30, channels=["email"], email="cepat@contoh.id")
        eventually(lambda: states()["accepted"] == 30, "the mails", 2)
        assert states() == {"accepted": 30, "handing_over": 1}
        assert not shift.result(), "its time was over"
        assert states() == {"accepted": 31}
        assert len(list(sink.directory.glob("*.eml"))) == 30
