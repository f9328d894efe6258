"""When one way is closed another is taken: between gateways of a channel, and between channels."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from fakes import FakeGateway, FakeInfobip, FakeKannel, FakeWhatsApp, FakeZenziva, Faults, Receipts
from notifications.exchange import described, gateways, tell
from notifications.mailroom import Mailroom, messages, outcomes, rows, send_due, states
from sites import eventually

from shared.local.smtp_sink import Faults as MailFaults
from shared.local.smtp_sink import SmtpSink

pytestmark = pytest.mark.usefixtures("empty")


@contextmanager
def running(*fakes: FakeGateway) -> Iterator[None]:
    """All of these."""
    with ExitStack() as stack:
        for fake in fakes:
            stack.callback(fake.start().stop)
        yield


def test_another_gateway_takes_over_and_the_broken_one_is_left_alone(mailroom: Mailroom) -> None:
    broken, whole = FakeKannel(), FakeInfobip()
    with running(broken, whole), gateways(mailroom, described(broken), described(whole)):
        broken.faults = Faults(status=503, body="Temporal failure, try again later.")
        tell(60)
        send_due()
        assert states() == {"accepted": 60}
        assert len(whole.taken) == 60
        assert not broken.taken
    [state] = rows("SELECT * FROM provider_state WHERE name = 'kannel'")
    assert state.open_until
    tries = Counter(row.provider for row in rows("SELECT provider FROM attempt"))
    assert tries["kannel"] < 60, "after a few it was asked no more"


def test_an_unknown_outcome_does_not_go_to_another_gateway(mailroom: Mailroom) -> None:
    first, second = FakeInfobip(), FakeKannel()
    with (
        running(first, second),
        gateways(mailroom, described(first, timeout_s=0.5), described(second, weight=0)),
    ):
        first.faults = Faults(cut=True, taken=True, times=1)
        tell()
        send_due()
        assert states() == {"unknown": 1}
        assert not second.taken


def test_shares_go_by_weight_and_a_spare_one_gets_nothing(mailroom: Mailroom) -> None:
    light, heavy, spare = FakeKannel(), FakeInfobip(), FakeZenziva()
    with (
        running(light, heavy, spare),
        gateways(
            mailroom,
            described(light, weight=1),
            described(heavy, weight=9),
            described(spare, weight=0),
        ),
    ):
        tell(200)
        send_due()
        assert states() == {"accepted": 200}
        assert len(heavy.taken) > 4 * len(light.taken) > 0
        assert not spare.taken
        light.stop()
        heavy.stop()
        tell(20)
        while states()["queued"]:
            send_due()
            rows("UPDATE message SET next_attempt_at = now() WHERE state = 'queued'")
        assert len(spare.taken) == 20


def test_a_dead_address_is_told_by_whatsapp_and_a_number_without_it_by_sms(
    mailroom: Mailroom, our_url: str, sink: SmtpSink
) -> None:
    whatsapp, sms = FakeWhatsApp(), FakeInfobip()
    with (
        running(whatsapp, sms),
        gateways(mailroom, described(whatsapp, our_url), described(sms, our_url)),
    ):
        sink.faults = MailFaults(recipient_answer="550 5.1.1 no such mailbox")
        whatsapp.receipts = Receipts(("sent", "failed"))
        sms.receipts = Receipts(("delivered",))
        tell(channels=["email", "whatsapp", "sms"], email="tidak-ada@contoh.id")
        send_due()
        eventually(lambda: states()["failed"] == 2, "WhatsApp's receipt")
        send_due()
        eventually(lambda: states()["delivered"] == 1, "the receipt for the SMS")
    mail, chat, text = messages()
    assert [one.channel for one in (mail, chat, text)] == ["email", "whatsapp", "sms"]
    assert [one.state_reason for one in (mail, chat, text)] == ["refused", "undelivered", ""]
    assert (chat.fallback_of, text.fallback_of) == (mail.id, chat.id)
    assert text.parts
    assert outcomes() == ["permanent", "accepted", "accepted"]


def test_a_template_that_meta_has_not_approved_goes_by_sms(mailroom: Mailroom) -> None:
    whatsapp, sms = FakeWhatsApp(templates=set()), FakeZenziva()
    with running(whatsapp, sms), gateways(mailroom, described(whatsapp), described(sms)):
        tell()
        send_due()
        assert {m.channel: m.state for m in messages()} == {"whatsapp": "failed", "sms": "accepted"}
        assert len(sms.taken) == 1


@pytest.mark.parametrize("fake", [FakeKannel, FakeWhatsApp])
def test_one_number_gets_one_message_in_a_while(
    mailroom: Mailroom, fake: type[FakeGateway]
) -> None:
    gateway = fake()
    pace: dict[str, Any] = {"per_recipient": 30}
    with running(gateway), gateways(mailroom, described(gateway, **pace)):
        tell(3, phone="+6281200000077")
        tell(2)
        send_due()
        assert states() == {"accepted": 3, "queued": 2}
        assert Counter(one.to.lstrip("+") for one in gateway.taken)["6281200000077"] == 1
    late = [m for m in messages() if m.state == "queued"]
    [waits] = {m.attempts for m in late}
    assert waits == 0
    [soon] = rows(
        "SELECT min(next_attempt_at - now()) > interval '20 seconds' AS so FROM message "
        "WHERE state = 'queued'"
    )
    assert soon.so
