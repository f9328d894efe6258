"""What is written down of an attempt: once, at its price, and never a third time in doubt."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fakes import FakeInfobip, FakeKannel, Faults
from notifications.exchange import described, gateways, tell
from notifications.mailroom import (
    Mailroom,
    breakers_are_closed,
    claimed,
    code_requested,
    deliver,
    lease_is_over,
    mails,
    messages,
    outcomes,
    registered,
    rows,
    send_due,
    settle,
    states,
)
from notifications.test_rounds import Script, listening, many, port, relay

from services.notifications import breakers, claims, delivery, unknowns
from services.notifications import outcomes as endings
from services.notifications.providers import registry
from services.notifications.providers.base import Answer, Outgoing
from services.notifications.providers.gateway import Reply, refused
from services.notifications.resources import database
from services.notifications.rules import CLASSES, WorkClass
from shared.local.smtp_sink import SmtpSink

pytestmark = pytest.mark.usefixtures("empty")


@pytest.fixture
def kannel(mailroom: Mailroom, our_url: str) -> Iterator[FakeKannel]:
    """The only gateway; a part costs a hundred."""
    fake = FakeKannel().start()
    with gateways(mailroom, described(fake, our_url, price=100)):
        yield fake
    fake.stop()


def marked() -> list[Outgoing]:
    """What is due, with the mark that it is being handed over by SMS."""
    held = claimed()
    assert len(claims.mark(held, registry.ways()["sms"][0])) == len(held)
    return held


def record(held: list[Outgoing], answer: Answer) -> None:
    answers = {one.id: answer for one in held}
    endings.record(registry.ways()["sms"][0], held, answers, datetime.now(UTC))


# --- in doubt ------------------------------------------------------------------------------------


def test_what_is_unknown_twice_is_shown_and_goes_no_third_time(kannel: FakeKannel) -> None:
    kannel.faults = Faults(cut=True, taken=True)
    tell()
    for _ in range(4):
        send_due()
        breakers_are_closed()
        rows("UPDATE message SET next_attempt_at = now()")
    assert outcomes() == ["unknown", "unknown"]
    assert (states(), messages()[0].refusals) == ({"unknown": 1}, 2)
    assert len(kannel.taken) == 2


def test_a_mail_that_kills_its_worker_kills_two(sink: SmtpSink) -> None:
    assert sink.directory
    deliver(registered(phone=None))
    for state in ("queued", "unknown"):
        ready = relay().prepare(claimed()).ready
        assert claims.mark(ready, relay())
        relay().abandon(ready)
        lease_is_over()
        settle()
        assert states() == {state: 1}
    assert messages()[0].refusals == 2


def test_what_could_not_be_looked_up_twice_is_shown(mailroom: Mailroom, our_url: str) -> None:
    fake = FakeInfobip().start()
    with gateways(mailroom, described(fake, our_url)):
        fake.faults = Faults(cut=True, taken=True, look_up_status=500)
        tell(work_class="code")
        for _ in range(3):
            send_due("code")
            breakers_are_closed()
            rows("UPDATE message SET settle_until = now() WHERE settle_until IS NOT NULL")
            unknowns.settle()
    fake.stop()
    assert (states(), len(fake.taken)) == ({"unknown": 1}, 2)


# --- what is counted -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "refusals", "parts_paid"),
    [(Answer("accepted", 202), 0, 1), (Answer("retryable", 503), 1, 0), (Answer("unknown"), 1, 1)],
)
def test_an_outcome_that_is_written_again_counts_once(
    kannel: FakeKannel, answer: Answer, refusals: int, parts_paid: int
) -> None:
    tell()
    held = marked()
    record(held, answer)
    record(held, answer)
    [message] = messages()
    assert outcomes() == [answer.outcome]
    assert message.refusals == refusals
    assert (message.cost or 0) == 100 * parts_paid * message.parts
    assert not kannel.taken


def test_a_hand_over_that_was_given_up_costs_what_its_late_answer_would(kannel: FakeKannel) -> None:
    tell()
    held = marked()
    lease_is_over()
    claims.settle(CLASSES, registry.providers())
    assert messages()[0].cost == 100 * messages()[0].parts
    record(held, Answer("accepted", 202))
    assert outcomes() == ["unknown", "accepted"]
    assert messages()[0].cost == 100 * messages()[0].parts
    assert not kannel.taken


def test_what_is_missing_is_taken_off_what_was_added(mailroom: Mailroom, our_url: str) -> None:
    fake = FakeInfobip().start()
    with gateways(mailroom, described(fake, our_url, price=350)):
        tell()
        marked()
        lease_is_over()
        unknowns.settle()
        assert messages()[0].cost == 350 * messages()[0].parts
        rows("UPDATE message SET handed_over_at = now() - interval '1 minute'")
        unknowns.settle()
        assert not messages()[0].cost
        send_due()
        assert messages()[0].cost == 350 * messages()[0].parts
    fake.stop()


def test_a_late_receipt_of_the_first_attempt_is_not_the_seconds(kannel: FakeKannel) -> None:
    kannel.faults = Faults(cut=True, taken=True, times=1)
    tell()
    send_due()
    first, second = kannel.taken
    with httpx.Client() as client:
        for taken, state in ((first, "accepted"), (second, "failed")):
            told = client.send(kannel.receipt(taken, "failed", forged=False))
            assert (told.status_code, states()) == (200, {state: 1})
    assert len(rows("SELECT FROM receipt")) == 2


# --- a way that is closed ------------------------------------------------------------------------


def test_a_breaker_of_a_whole_weekend_still_opens() -> None:
    rows("INSERT INTO provider_state (name, openings, open_until) VALUES ('smtp', 5000, now())")
    with database.sessions.begin() as session:
        breakers.learn(session, {"smtp": [Answer("retryable", away=True)]})
        assert breakers.look(session, ["smtp"]).whole == set()


@pytest.mark.parametrize(
    ("work_class", "seconds", "event"),
    [("code", 30, code_requested), ("transactional", 900, registered)],
)
def test_who_waits_behind_a_closed_channel_is_told_by_the_next(
    sink: SmtpSink, work_class: WorkClass, seconds: int, event: Callable[..., Any]
) -> None:
    sink.stop()
    deliver(event(phone="+6281234567890"))
    send_due(work_class)
    for waited, channels in ((seconds - 5, {"email"}), (seconds + 5, {"email", "sms"})):
        created_at = datetime.now(UTC) - timedelta(seconds=waited)
        rows("UPDATE message SET created_at = :at", at=created_at)
        rows("UPDATE provider_state SET last_ok_at = :at", at=created_at)
        send_due(work_class)
        found = {message.channel: message for message in messages()}
        assert channels - {"sms"} <= set(found)
        assert (len(found) > 1) == (len(channels) > 1)
    assert (found["email"].state, found["email"].state_reason) == ("failed", "away")
    [other] = [message for message in found.values() if message.channel != "email"]
    assert (other.state, other.fallback_of) == ("accepted", found["email"].id)


def test_nobody_moves_when_no_other_channel_is_open(sink: SmtpSink) -> None:
    sink.stop()
    deliver(registered(phone=None))
    send_due()
    rows("UPDATE message SET created_at = now() - interval '1 hour'")
    send_due()
    assert states() == {"queued": 1}


def test_a_shift_that_is_over_tries_nobody(sink: SmtpSink) -> None:
    assert sink.directory
    many(1)
    held = claimed()
    rows("INSERT INTO provider_state (name, openings, open_until) VALUES ('smtp', 1, now())")
    nothing: Callable[[], None] = lambda: None  # noqa: E731
    over = time.monotonic() - 1
    shift = delivery.Shift(("transactional",), over, nothing, nothing)
    assert shift._try_again(relay(), held, over) == held
    assert outcomes() == []
    assert rows("SELECT FROM provider_state WHERE probed_at IS NOT NULL") == []


# --- what a mail server says of us, and of an address ------------------------------------------


@pytest.mark.parametrize(
    ("word", "said"),
    [("MAIL", "550 5.1.8 sender refused"), ("RCPT", "554 5.7.1 relay access denied")],
)
def test_what_is_said_of_us_fails_no_mail(sink: SmtpSink, word: str, said: str) -> None:
    sink.stop()
    many(30)
    with listening(port(), Script(answers={word: said})) as script:
        send_due()
        assert not script.mails
    assert states() == {"queued": 30}
    assert len(rows("SELECT FROM provider_state WHERE open_until > now()")) == 1
    assert rows("SELECT FROM suppression") == []


def test_an_address_that_nobody_has_is_not_written_to_again(sink: SmtpSink) -> None:
    sink.stop()
    deliver(registered(email="Tidak.Ada@contoh.id", phone=None))
    with listening(port(), Script(answers={"RCPT": "550 5.1.1 no such mailbox"})):
        send_due()
    [held] = rows("SELECT address, reason, detail FROM suppression")
    assert held == ("tidak.ada@contoh.id", "bounce", "550 5.1.1 no such mailbox")
    sink.start()
    deliver(registered(email="tidak.ada@contoh.id", phone=None))
    send_due()
    assert states() == {"failed": 1, "suppressed": 1}
    assert mails(sink) == []


def test_a_server_that_reports_failures_is_told_under_which_name(sink: SmtpSink) -> None:
    sink.stop()
    many(1)
    with listening(port(), Script(answers={"EHLO": "250-here\r\n250 DSN"})) as script:
        send_due()
    [heard] = script.heard
    [message] = messages()
    assert f"RET=HDRS ENVID={message.id.hex}" in heard[1]
    assert heard[2].endswith("NOTIFY=FAILURE")


def test_a_gateway_that_wants_money_is_away() -> None:
    answer = refused(Reply(402, {}, b""))
    assert (answer.outcome, answer.away) == ("retryable", True)
