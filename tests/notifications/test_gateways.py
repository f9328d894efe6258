"""The adapters, each against a gateway that speaks its wire shape and does wrong on demand."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from fakes import FakeGateway, FakeWhatsApp, Faults
from notifications.exchange import KEYS, KINDS, TEXT, described, gateways, tell
from notifications.mailroom import (
    Mailroom,
    breakers_are_closed,
    messages,
    outcomes,
    rows,
    send_due,
    states,
)

from services.notifications.providers.gateway import Reply, retry_after

pytestmark = pytest.mark.usefixtures("empty")
NUMBER = "+628120000001"
ALL = pytest.mark.parametrize("kind", KINDS)


@contextmanager
def only(mailroom: Mailroom, kind: str, **changes: Any) -> Iterator[FakeGateway]:
    """One gateway, and the engine with it alone."""
    fake = KINDS[kind]().start()
    try:
        with gateways(mailroom, described(fake, **changes)):
            yield fake
    finally:
        fake.stop()


def pause() -> float:
    """For how many seconds the only gateway is left alone."""
    [row] = rows("SELECT extract(epoch FROM open_until - now()) AS seconds FROM provider_state")
    return float(row.seconds)


@ALL
def test_a_message_is_taken_once(mailroom: Mailroom, kind: str) -> None:
    with only(mailroom, kind, price=350) as fake:
        tell(30)
        assert send_due()
        assert send_due()
        assert states() == {"accepted": 30}
        assert len({one.to for one in fake.taken}) == len(fake.taken) == 30
        if kind != "zenziva":
            assert sorted(fake.ids()) == [str(message.id) for message in messages()]
    assert {(m.provider, m.cost) for m in messages()} == {(kind, 350 * (messages()[0].parts or 1))}
    assert all(m.provider_reference for m in messages()) or kind == "kannel"


def test_zenziva_gets_a_form(mailroom: Mailroom) -> None:
    with only(mailroom, "zenziva") as fake:
        tell()
        send_due()
        [taken] = fake.taken
    assert taken.fields["path"] == "/reguler/api/sendsms/"
    assert set(taken.fields) == {"userkey", "passkey", "to", "message", "path"}
    assert taken.to == NUMBER.removeprefix("+")
    assert taken.text == messages()[0].text
    assert messages()[0].provider_reference == "1"


def test_zenziva_sends_whatsapp_by_its_other_address(mailroom: Mailroom) -> None:
    with only(mailroom, "zenziva", channel="whatsapp") as fake:
        tell()
        send_due()
        [taken] = fake.taken
    assert taken.fields["path"] == "/wareguler/api/sendWA/"
    assert taken.text == messages()[0].text


def test_whatsapp_gets_a_template_with_its_slots_filled(mailroom: Mailroom) -> None:
    with only(mailroom, "whatsapp-cloud") as fake:
        tell()
        send_due()
        [said] = [taken.fields for taken in fake.taken]
    [message] = messages()
    assert message.parameters
    parameters = [{"type": "text", "text": value} for value in message.parameters]
    assert said == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": NUMBER,
        "type": "template",
        "template": {
            "name": "registration_submitted",
            "language": {"code": "id"},
            "components": [{"type": "body", "parameters": parameters}],
        },
        "biz_opaque_callback_data": str(message.id),
    }
    assert message.provider_reference == f"wamid.{message.id}"


def test_infobip_gets_our_id_and_our_address(mailroom: Mailroom) -> None:
    with only(mailroom, "infobip") as fake:
        tell()
        send_due()
        [said] = [taken.fields for taken in fake.taken]
    [message] = messages()
    address = "http://sejawat.contoh.id/notifications/receipts/infobip?message="
    assert said.pop("webhooks")["delivery"]["url"].startswith(f"{address}{message.id}&attempt=1&")
    assert said == {
        "sender": "Sejawat",
        "destinations": [{"to": NUMBER.removeprefix("+"), "messageId": str(message.id)}],
        "content": {"text": message.text},
    }
    assert message.provider_reference == str(message.id)


@pytest.mark.parametrize(("words", "coding"), [("Rapat besok", "0"), ("Rapat Dëwi 🙂", "2")])
def test_kannel_is_told_the_alphabet(mailroom: Mailroom, words: str, coding: str) -> None:
    with only(mailroom, "kannel") as fake:
        tell()
        rows("UPDATE message SET text = :words", words=words)
        send_due()
        [taken] = fake.taken
    assert taken.text == words
    assert (taken.fields["coding"], taken.fields["charset"]) == (coding, "UTF-8")
    assert taken.fields["dlr-mask"] == "27"
    assert taken.fields["dlr-url"].endswith("&status=%d")
    assert taken.fields["from"] == "Sejawat"


def test_zenziva_sends_no_sign_that_it_may_not_carry(mailroom: Mailroom) -> None:
    with only(mailroom, "zenziva") as fake:
        tell(2)
        first, second = (message.id for message in messages())
        rows("UPDATE message SET text = 'Dëwi' WHERE id = :id", id=first)
        rows("UPDATE message SET text = 'Dewi 🙂' WHERE id = :id", id=second)
        send_due()
        assert [one.text for one in fake.taken] == ["Dewi"]
    assert [message.state for message in messages()] == ["accepted", "failed"]


@ALL
def test_a_gateway_that_is_away_gets_its_message_later(mailroom: Mailroom, kind: str) -> None:
    with only(mailroom, kind) as fake:
        fake.stop()
        tell(3)
        send_due()
        assert states() == {"queued": 3}
        assert set(outcomes()) == {"retryable"}
        assert pause() > 5
        fake.start()
        breakers_are_closed()
        send_due()
        assert states() == {"accepted": 3}
        assert len(fake.taken) == 3


@ALL
@pytest.mark.parametrize("taken", [True, False])
def test_a_line_cut_after_the_body_leaves_it_unknown(
    mailroom: Mailroom, kind: str, *, taken: bool
) -> None:
    with only(mailroom, kind) as fake:
        fake.faults = Faults(cut=True, taken=taken)
        tell(work_class="reminder")
        send_due("reminder")
        send_due("reminder")
        assert states() == {"unknown": 1}
        assert outcomes() == ["unknown"]
        assert len(fake.taken) == taken
    [message] = messages()
    assert (message.settle_until is not None) == (kind == "infobip"), "only it can be asked"


@ALL
def test_a_gateway_that_answers_too_late_may_have_it(mailroom: Mailroom, kind: str) -> None:
    with only(mailroom, kind, timeout_s=0.3) as fake:
        fake.faults = Faults(delay_ms=60_000)
        tell(3, work_class="reminder")
        send_due("reminder")
        assert outcomes() == ["unknown"] * 3
        assert len(fake.taken) == 3


@pytest.mark.parametrize("kind", ["zenziva", "whatsapp-cloud", "kannel"])
def test_what_is_unknown_and_cannot_be_looked_up_goes_again_if_it_may_come_twice(
    mailroom: Mailroom, kind: str
) -> None:
    with only(mailroom, kind) as fake:
        fake.faults = Faults(cut=True, taken=True, times=1)
        tell()
        send_due()
        assert outcomes() == ["unknown", "accepted"]
        assert len(fake.taken) == 2


@ALL
def test_a_500_may_mean_that_it_was_taken(mailroom: Mailroom, kind: str) -> None:
    with only(mailroom, kind) as fake:
        fake.faults = Faults(status=500, taken=True)
        tell(work_class="reminder")
        send_due("reminder")
        assert outcomes() == ["unknown"]
        assert states() == {"unknown": 1}


def test_kannel_says_when_it_did_not_take_a_message(mailroom: Mailroom) -> None:
    with only(mailroom, "kannel") as fake:
        fake.faults = Faults(status=503, body="Temporal failure, try again later.", times=1)
        tell(work_class="reminder")
        send_due("reminder")
        assert outcomes() == ["retryable", "accepted"]
        assert len(fake.taken) == 1


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (400, 131026, "permanent"),
        (404, 132001, "permanent"),
        (400, 130429, "throttled"),
        (400, 80007, "throttled"),
        (400, 4, "throttled"),
        (400, 131048, "throttled"),
        (400, 131056, "retryable"),
        (401, 190, "retryable"),
        (403, 10, "retryable"),
        (500, 131000, "retryable"),
        (503, 2, "retryable"),
    ],
)
def test_what_graph_says_is_wrong(mailroom: Mailroom, status: int, code: int, outcome: str) -> None:
    with only(mailroom, "whatsapp-cloud") as fake:
        assert isinstance(fake, FakeWhatsApp)
        fake.fail_with = (status, code)
        tell()
        send_due()
        assert outcomes()[0] == outcome
        assert not fake.taken
    [reply] = {row.reply for row in rows("SELECT reply FROM attempt")}
    assert reply.startswith(f"{status} #{code}")


@ALL
def test_a_gateway_that_has_enough_is_left_alone_for_as_long_as_it_says(
    mailroom: Mailroom, kind: str
) -> None:
    with only(mailroom, kind) as fake:
        fake.faults = Faults(status=429, retry_after=40, times=20)
        tell(25)
        send_due()
        assert states() == {"queued": 25}
        assert 35 < pause() <= 40
        breakers_are_closed()
        rows("UPDATE message SET next_attempt_at = now()")
        send_due()
        assert states() == {"accepted": 25}
        assert len(fake.taken) == 25


@ALL
def test_a_wrong_key_is_no_fault_of_the_messages(mailroom: Mailroom, kind: str) -> None:
    key = {"zenziva": "passkey", "whatsapp-cloud": "token", "infobip": "key"}.get(kind, "password")
    with only(mailroom, kind, **{key: "salah"}):
        tell(2)
        send_due()
    assert states() == {"queued": 2}
    assert set(outcomes()) == {"retryable"}
    [state] = rows("SELECT * FROM provider_state")
    assert state.open_until, "operators see it as away"
    assert "salah" not in state.last_error


@ALL
def test_a_yes_that_cannot_be_read_is_no_yes(mailroom: Mailroom, kind: str) -> None:
    status = 200 if kind != "kannel" else 201
    with only(mailroom, kind) as fake:
        fake.faults = Faults(status=status, body="<html>Selamat datang</html>", taken=True)
        tell(work_class="reminder")
        send_due("reminder")
        assert outcomes() == ["unknown"]


@ALL
def test_what_is_no_number_is_never_sent(mailroom: Mailroom, kind: str) -> None:
    with only(mailroom, kind) as fake:
        tell(phone="+621")
        send_due()
        assert states() == {"failed": 1}
        assert outcomes() == ["permanent"]
        assert not fake.taken


def test_infobip_refuses_with_a_200(mailroom: Mailroom) -> None:
    with only(mailroom, "infobip") as fake:
        tell(phone="+6281200010000")
        send_due()
        assert states() == {"failed": 1}
        assert not fake.taken
    [attempt] = rows("SELECT * FROM attempt")
    assert (attempt.outcome, attempt.reply) == ("permanent", "200 REJECTED_DESTINATION")


@ALL
def test_no_log_has_a_key_a_number_or_a_text(
    mailroom: Mailroom, kind: str, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    secrets = {str(KEYS[kind].get(name)) for name in ("passkey", "token", "key", "password")}
    caplog.set_level(logging.INFO)
    with only(mailroom, kind) as fake:
        for faults in (Faults(), Faults(status=500), Faults(status=400), Faults(cut=True)):
            fake.faults = faults
            tell(work_class="reminder")
            send_due("reminder")
            rows("UPDATE message SET zone = NULL")  # it does not count for the day's cap
            breakers_are_closed()
        assert len(outcomes()) == 4
        fake.stop()
        tell(work_class="reminder")
        send_due("reminder")
    printed = capfd.readouterr()
    told = [caplog.text, printed.out, printed.err]
    told += [str(row) for row in rows("SELECT outcome, detail, reply FROM attempt")]
    told += [row.last_error for row in rows("SELECT last_error FROM provider_state")]
    for secret in (*(secrets - {"None"}), NUMBER[1:], NUMBER[3:], TEXT):
        assert not [text for text in told if secret in text], secret
    assert "message" in printed.out + printed.err


@ALL
def test_a_gateway_that_restarts_between_two_messages_is_not_noticed(
    mailroom: Mailroom, kind: str
) -> None:
    with only(mailroom, kind) as fake:
        for _ in range(3):
            tell(3, work_class="reminder", channels=["whatsapp", "sms"])
            send_due("reminder")
            fake.stop()
            fake.start()
        assert set(outcomes()) == {"accepted"}


def test_a_pause_is_asked_for_in_seconds_or_by_the_clock() -> None:
    def asked(said: str) -> float | None:
        return retry_after(Reply(429, {"retry-after": said}, b""))

    soon = datetime.now(UTC) + timedelta(seconds=30)
    assert asked("7") == 7
    assert 27 < (asked(format_datetime(soon, usegmt=True)) or 0) <= 30
    assert asked("Wed, 21 Oct 2015 07:28:00 GMT") == 1
    assert asked("999999") == 3600
    assert asked("nanti") is None
    assert asked("") is None
