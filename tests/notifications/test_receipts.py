"""What gateways tell later: verified, kept once, applied by rank, whenever it comes."""

import hashlib
import hmac
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from fakes import FakeGateway, FakeInfobip, FakeWhatsApp, Faults, Receipts
from notifications.exchange import KINDS, described, gateways, tell
from notifications.mailroom import (
    Mailroom,
    breakers_are_closed,
    claimed,
    messages,
    outcomes,
    rows,
    send_due,
    states,
)
from sites import eventually

from services.notifications import claims
from services.notifications.providers import infobip, registry, whatsapp_cloud
from services.notifications.providers.callbacks import SignedAddress, each, rupiah

pytestmark = pytest.mark.usefixtures("empty")
ORDERS = [
    *itertools.permutations(["sent", "delivered", "failed"]),
    *itertools.permutations(["delivered", "read"]),
]
TELLING = pytest.mark.parametrize("kind", ["whatsapp-cloud", "infobip", "kannel"])


@contextmanager
def telling(mailroom: Mailroom, our_url: str, kind: str, **changes: Any) -> Iterator[FakeGateway]:
    """One gateway that tells our application what became of messages."""
    fake = KINDS[kind]().start()
    try:
        with gateways(mailroom, described(fake, our_url, **changes)):
            yield fake
    finally:
        fake.stop()


def receipts() -> list[Any]:
    """What was kept, in order."""
    return rows("SELECT * FROM receipt ORDER BY id")


@TELLING
def test_a_message_arrives_and_its_receipt_is_kept(
    mailroom: Mailroom, our_url: str, kind: str
) -> None:
    with telling(mailroom, our_url, kind) as fake:
        fake.receipts = Receipts(("delivered",), delay_ms=50)
        tell(5)
        send_due()
        eventually(lambda: states() == {"delivered": 5}, "the receipts")
        eventually(lambda: fake.told == [200] * 5, "the gateway is answered")
    assert all(message.delivered_at >= message.accepted_at for message in messages())
    assert {(one.provider, one.state) for one in receipts()} == {(kind, "delivered")}
    assert {one.message_id for one in receipts()} == {message.id for message in messages()}
    assert all(one.raw for one in receipts())
    assert outcomes() == ["accepted"] * 5


@TELLING
def test_a_receipt_may_be_faster_than_the_answer(
    mailroom: Mailroom, our_url: str, kind: str
) -> None:
    with telling(mailroom, our_url, kind, price=100) as fake:
        fake.receipts = Receipts(("delivered",), early=True)
        tell()
        send_due()
    [message] = messages()
    assert (message.state, message.lease_until) == ("delivered", None)
    assert message.provider_reference or kind == "kannel"
    assert message.cost == 100 * (message.parts or 1)
    assert outcomes() == ["accepted"]


@TELLING
def test_a_receipt_is_as_good_as_an_answer(mailroom: Mailroom, our_url: str, kind: str) -> None:
    with telling(mailroom, our_url, kind) as fake:
        fake.receipts = Receipts(("delivered",), early=True)
        fake.faults = Faults(cut=True, taken=True)
        tell()
        send_due()
        send_due()
        assert states() == {"delivered": 1}
        assert len(fake.taken) == 1, "a code or confirmation, too, does not go twice then"
    assert outcomes() == ["unknown"]


@TELLING
def test_that_it_is_on_its_way_may_come_before_the_answer(
    mailroom: Mailroom, our_url: str, kind: str
) -> None:
    word = "sent" if kind == "whatsapp-cloud" else "accepted"
    with telling(mailroom, our_url, kind) as fake:
        fake.receipts = Receipts((word,), early=True)
        tell()
        send_due()
    assert states() == {"accepted": 1}
    assert outcomes() == ["accepted"]


@TELLING
def test_repeated_receipts_are_kept_once(mailroom: Mailroom, our_url: str, kind: str) -> None:
    with telling(mailroom, our_url, kind) as fake:
        fake.receipts = Receipts(("delivered",), times=3)
        tell()
        send_due()
        eventually(lambda: fake.told == [200] * 3, "all are answered")
    # WhatsApp's have the time in them, which may differ by a second.
    assert len(receipts()) == 1 or kind == "whatsapp-cloud"
    assert states() == {"delivered": 1}


@pytest.mark.parametrize("order", ORDERS)
def test_the_order_of_receipts_changes_nothing(
    mailroom: Mailroom, our_url: str, order: tuple[str, ...]
) -> None:
    with telling(mailroom, our_url, "whatsapp-cloud") as fake:
        fake.receipts = Receipts(order, early=True)
        tell()
        send_due()
        assert fake.told == [200] * len(order)
    assert states() == {"read" if "read" in order else "delivered": 1}
    assert len(receipts()) == len(order)


@TELLING
def test_forged_receipts_are_refused_and_not_kept(
    mailroom: Mailroom, our_url: str, kind: str
) -> None:
    with telling(mailroom, our_url, kind) as fake:
        fake.receipts = Receipts(("delivered", "failed"), forged=True)
        tell()
        send_due()
        eventually(lambda: fake.told == [403, 403], "both are refused")
    assert states() == {"accepted": 1}
    assert receipts() == []


def test_an_address_is_good_for_its_own_message_alone(mailroom: Mailroom, our_url: str) -> None:
    with telling(mailroom, our_url, "kannel") as fake:
        tell(2)
        send_due()
        first, second = fake.taken
        stolen = first.receipt_url.replace(first.id, second.id).replace("%d", "1")
        assert httpx.get(stolen).status_code == 403
        other = SignedAddress(our_url, "infobip", "n" * 40)  # our key, for another gateway
        signature = other.url(messages()[0].id, 1).partition("signature=")[2]
        ours = f"{our_url}/notifications/receipts/kannel?message={first.id}&attempt=1&status=1"
        assert httpx.get(f"{ours}&signature={signature}").status_code == 403
        assert httpx.get(first.receipt_url.replace("%d", "1")).status_code == 200
    assert sorted(states().elements()) == ["accepted", "delivered"]


def test_infobip_tells_of_the_message_of_its_address_alone(
    mailroom: Mailroom, our_url: str
) -> None:
    with telling(mailroom, our_url, "infobip") as fake:
        tell(2)
        send_due()
        first, second = fake.taken
        other = fake.receipt(second, "delivered", forged=False).read()
        assert httpx.post(first.receipt_url, content=other).status_code == 200
    assert receipts() == []


@TELLING
def test_what_cannot_be_delivered_goes_by_the_next_channel(
    mailroom: Mailroom, our_url: str, kind: str
) -> None:
    with telling(mailroom, our_url, kind) as fake:
        fake.receipts = Receipts(("failed",))
        channel = registry.providers()[-1].channel
        tell(channels=[channel, "email"], email="peserta@contoh.id")
        send_due()
        eventually(lambda: states()["failed"] == 1, "the receipt")
        eventually(lambda: fake.told == [200], "it is answered")
    failed, other = messages()
    assert (failed.state, failed.state_reason) == ("failed", "undelivered")
    assert (other.channel, other.state, other.fallback_of) == ("email", "queued", failed.id)


def test_a_late_receipt_of_an_earlier_gateway_ends_the_waiting(
    mailroom: Mailroom, our_url: str
) -> None:
    with telling(mailroom, our_url, "kannel") as fake:
        fake.faults = Faults(cut=True, taken=True, times=1)
        tell()
        taken = claimed()
        registry.providers()[-1].prepare(taken)
        provider = registry.providers()[-1]
        claims.mark(taken, provider)
        provider.hand_over(taken)
        rows("UPDATE message SET state = 'queued', lease_until = NULL")  # by its class
        again = claimed()
        [told] = fake.taken
        assert httpx.get(told.receipt_url.replace("%d", "1")).status_code == 200
        assert claims.mark(again, provider) == set(), "who has claimed it finds it taken"
        assert states() == {"delivered": 1}


def test_a_failure_at_one_gateway_is_none_at_the_next(mailroom: Mailroom, our_url: str) -> None:
    with telling(mailroom, our_url, "kannel") as fake:
        tell()
        send_due()
        rows("UPDATE message SET provider = 'another'")
        [told] = fake.taken
        assert httpx.get(told.receipt_url.replace("%d", "2")).status_code == 200
    assert states() == {"accepted": 1}
    assert len(receipts()) == 1


def test_infobip_tells_what_it_cost(mailroom: Mailroom, our_url: str) -> None:
    with telling(mailroom, our_url, "infobip") as fake:
        fake.receipts = Receipts(("delivered",), times=2)
        tell()
        send_due()
        eventually(lambda: fake.told == [200, 200], "both are answered")
    [message] = messages()
    assert (message.parts, message.cost) == (2, 900)


def test_our_price_goes_before_theirs(mailroom: Mailroom, our_url: str) -> None:
    with telling(mailroom, our_url, "infobip", price=350) as fake:
        fake.receipts = Receipts(("delivered",))
        tell()
        send_due()
        eventually(lambda: states() == {"delivered": 1}, "the receipt")
        assert messages()[0].cost == 350 * messages()[0].parts


def test_whatsapp_asks_whether_the_address_is_ours(mailroom: Mailroom, our_url: str) -> None:
    with telling(mailroom, our_url, "whatsapp-cloud") as fake:
        assert isinstance(fake, FakeWhatsApp)
        asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444"}
        token = {"hub.verify_token": "periksa"}
        good = httpx.get(fake.webhook, params=asked | token)
        assert (good.status_code, good.text) == (200, "1158201444")
        assert good.headers["content-type"].startswith("text/plain")
        assert httpx.get(fake.webhook, params=asked).status_code == 403
        wrong = asked | {"hub.verify_token": "salah"}
        assert httpx.get(fake.webhook, params=wrong).status_code == 403


def test_what_is_signed_but_says_nothing_of_ours_is_taken_in_peace(
    mailroom: Mailroom, our_url: str
) -> None:
    with telling(mailroom, our_url, "whatsapp-cloud") as fake:
        assert isinstance(fake, FakeWhatsApp)
        unknown = {"id": "wamid.x", "status": "sent", "timestamp": "1"}
        for content, kept in (
            ("tidak terbaca", 0),
            (json.dumps({"entry": [{"changes": [{"value": {"messages": [{}]}}]}]}), 0),
            (json.dumps({"entry": [{"changes": [{"value": {"statuses": [unknown]}}]}]}), 1),
        ):
            digest = hmac.new(b"rahasia", content.encode(), hashlib.sha256).hexdigest()
            headers = {"X-Hub-Signature-256": f"sha256={digest}", "Sec-Fetch-Site": "none"}
            answer = httpx.post(fake.webhook, content=content, headers=headers)
            assert answer.status_code == 200
            assert len(receipts()) == kept
        assert receipts()[0].message_id is None


def test_nobody_tells_where_nobody_is_expected(mailroom: Mailroom, our_url: str) -> None:
    with telling(mailroom, our_url, "infobip"):
        address = f"{our_url}/notifications/receipts"
        assert httpx.post(f"{address}/tidak-ada", content="{}").status_code == 404
        assert httpx.get(f"{address}/smtp").status_code == 404
        assert httpx.post(f"{address}/infobip", content="{}").status_code == 403
        assert httpx.post(f"{address}/infobip", content="x" * 300_000).status_code == 413
        form = {"file": ("besar.bin", b"x" * 300_000)}
        assert httpx.post(f"{address}/infobip", files=form).status_code == 413


def test_a_gateway_that_restarts_tells_of_what_it_had(mailroom: Mailroom, our_url: str) -> None:
    with telling(mailroom, our_url, "infobip") as fake:
        assert isinstance(fake, FakeInfobip)
        tell()
        send_due()
        fake.stop()
        fake.start()
        breakers_are_closed()
        [taken] = fake.taken
        request = fake.receipt(taken, "delivered", forged=False)
        with httpx.Client() as client:
            assert client.send(request).status_code == 200
    assert states() == {"delivered": 1}


def test_one_status_that_cannot_be_read_takes_no_other_with_it() -> None:
    status = {"id": "wamid.x", "status": "delivered", "timestamp": "1767225600"}
    far = status | {"timestamp": "9" * 30}
    body = json.dumps(
        {"entry": [{"changes": [{"value": {"statuses": [far, {"status": 1}, "x", status]}}]}]}
    ).encode()
    assert [told.state for told in each(whatsapp_cloud._statuses(body), whatsapp_cloud._told)] == [
        "delivered"
    ]


@pytest.mark.parametrize("said", ["NaN", "Infinity", "-1", "1e99999", "sNaN", "", "x", "1e9"])
def test_a_price_is_finite_and_not_ours_to_get(said: object) -> None:
    assert rupiah(said) is None
    price = {"currency": "IDR", "pricePerMessage": said}
    assert infobip._cost(price, 2) is None
