"""What nobody knows the outcome of is settled, or shown to people, within two minutes."""

from collections.abc import Iterator

import httpx
import pytest
from fakes import NO_FAULTS, FakeInfobip, FakeZenziva, Faults
from notifications.exchange import described, gateways, tell
from notifications.mailroom import (
    Mailroom,
    breakers_are_closed,
    claimed,
    lease_is_over,
    messages,
    outcomes,
    rows,
    send_due,
    states,
)

from services.notifications import claims, jobs, unknowns
from services.notifications.claims import LOOK_UP_S
from services.notifications.providers import registry
from services.notifications.providers.base import Fate
from services.notifications.rules import WorkClass

pytestmark = pytest.mark.usefixtures("empty")
CLASSES = pytest.mark.parametrize("work_class", ["code", "transactional", "reminder", "bulk"])


@pytest.fixture
def infobip(mailroom: Mailroom, our_url: str) -> Iterator[FakeInfobip]:
    """The only gateway."""
    fake = FakeInfobip().start()
    with gateways(mailroom, described(fake, our_url)):
        yield fake
    fake.stop()


def cut_off(fake: FakeInfobip, work_class: WorkClass = "reminder", *, taken: bool) -> None:
    """A message whose outcome nobody knows."""
    fake.faults = Faults(cut=True, taken=taken)
    tell(work_class=work_class)
    send_due(work_class)
    fake.faults = NO_FAULTS
    breakers_are_closed()
    [message] = messages()
    assert (message.state, len(fake.taken)) == ("unknown", taken)
    waits = (message.settle_until - message.handed_over_at).total_seconds()
    assert waits < claims.LEASE_S + LOOK_UP_S + 1


def time_passes(seconds: int) -> None:
    """As far as what is unknown can tell."""
    rows(
        "UPDATE message SET settle_until = settle_until - make_interval(secs => :seconds), "
        "handed_over_at = handed_over_at - make_interval(secs => :seconds)",
        seconds=seconds,
    )


@CLASSES
def test_what_the_gateway_has_is_accepted(infobip: FakeInfobip, work_class: WorkClass) -> None:
    cut_off(infobip, work_class, taken=True)
    assert unknowns.settle() == set()
    assert (states(), infobip.looked_up) == ({"accepted": 1}, 1)
    send_due(work_class)
    assert len(infobip.taken) == 1
    assert outcomes() == ["unknown"], "attempts are hand-overs; nothing is added to them"
    assert messages()[0].accepted_at


@CLASSES
def test_what_the_gateway_never_got_goes_again(infobip: FakeInfobip, work_class: WorkClass) -> None:
    cut_off(infobip, work_class, taken=False)
    assert unknowns.settle() == set()
    assert states() == {"unknown": 1}, "it may not stand in its books yet"
    time_passes(unknowns.MISSING_S)
    assert unknowns.settle() == {work_class}
    assert messages()[0].state_reason == "missing"
    send_due(work_class)
    assert states() == {"accepted": 1}
    assert len(infobip.taken) == 1


def test_what_was_never_got_costs_nothing(mailroom: Mailroom, infobip: FakeInfobip) -> None:
    with gateways(mailroom, described(infobip, price=350)):
        cut_off(infobip, taken=False)
        time_passes(unknowns.MISSING_S)
        unknowns.settle()
        assert not messages()[0].cost
        send_due("reminder")
        assert messages()[0].cost == 350 * messages()[0].parts


def test_what_has_arrived_has_arrived(infobip: FakeInfobip) -> None:
    cut_off(infobip, taken=True)
    infobip.known[infobip.ids()[0]] = "delivered"
    jobs.settle_unknown()
    [message] = messages()
    assert (message.state, message.settle_until) == ("delivered", None)
    assert message.delivered_at


@pytest.mark.parametrize("fate", ["failed", "expired", "rejected"])
def test_what_failed_goes_by_the_next_channel(infobip: FakeInfobip, fate: str) -> None:
    infobip.faults = Faults(cut=True, taken=True)
    tell(channels=["sms", "email"], work_class="reminder", email="peserta@contoh.id")
    send_due("reminder")
    infobip.known[infobip.ids()[0]] = fate
    assert unknowns.settle() == {"reminder"}
    assert {m.channel: m.state for m in messages()} == {"sms": "failed", "email": "queued"}


@CLASSES
def test_a_gateway_that_cannot_say_leaves_it_to_the_class(
    infobip: FakeInfobip, work_class: WorkClass
) -> None:
    cut_off(infobip, work_class, taken=True)
    infobip.faults = Faults(look_up_status=500)
    unknowns.settle()
    assert states() == {"unknown": 1}
    time_passes(int(LOOK_UP_S))
    again = unknowns.settle()
    [message] = messages()
    assert message.settle_until is None
    assert message.state_reason == "unsettled"
    twice = work_class in {"code", "transactional"}
    assert (message.state, again) == (("queued", {work_class}) if twice else ("unknown", set()))
    unknowns.settle()
    send_due(work_class)
    assert len(infobip.taken) == 1 + twice


def test_what_is_missing_after_its_time_is_not_sent(infobip: FakeInfobip) -> None:
    cut_off(infobip, taken=False)
    time_passes(unknowns.MISSING_S)
    rows("UPDATE message SET expires_at = now()")
    assert unknowns.settle() == set()
    [message] = messages()
    assert (message.state, message.state_reason) == ("expired", "late")


def test_a_receipt_that_comes_meanwhile_ends_the_question(infobip: FakeInfobip) -> None:
    cut_off(infobip, taken=True)
    time_passes(unknowns.MISSING_S)
    [row] = rows("SELECT *, attempts AS number, true AS may_be_missing FROM message")
    with httpx.Client() as client:
        client.send(infobip.receipt(infobip.taken[0], "delivered", forged=False))
    assert unknowns._settle(row, Fate("missing")) == set()
    assert unknowns._settle(row, Fate("failed")) == set()
    assert states() == {"delivered": 1}


def test_what_a_dead_worker_was_handing_over_is_looked_up(infobip: FakeInfobip) -> None:
    tell(3)
    held = claimed()
    [gateway] = registry.ways()["sms"]
    gateway.prepare(held)
    claims.mark(held, gateway)
    gateway.hand_over(held[:1])  # and then it is killed: no outcome is written
    lease_is_over()
    unknowns.settle()
    assert states() == {"accepted": 1, "unknown": 2}
    time_passes(unknowns.MISSING_S)
    unknowns.settle()
    send_due()
    assert states() == {"accepted": 3}
    assert len(infobip.taken) == len(set(infobip.ids())) == 3


def test_a_gateway_that_is_no_longer_in_the_settings_cannot_be_asked(
    mailroom: Mailroom, infobip: FakeInfobip
) -> None:
    cut_off(infobip, taken=True)
    zenziva = FakeZenziva().start()
    with gateways(mailroom, described(zenziva)):
        unknowns.settle()
        assert states() == {"unknown": 1}
        time_passes(int(LOOK_UP_S))
        unknowns.settle()
    zenziva.stop()
    [message] = messages()
    assert (message.state, message.settle_until) == ("unknown", None)


def test_many_are_asked_about_at_once(infobip: FakeInfobip) -> None:
    infobip.faults = Faults(cut=True, taken=True)
    tell(20, work_class="reminder")
    send_due("reminder")
    unknown = states()["unknown"]
    assert unknown > 1
    unknowns.settle()
    assert infobip.looked_up == unknown
    assert states()["accepted"] == unknown
