"""Who is told at what hour and how often a day, and by which channel when one fails."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from notifications.mailroom import (
    claimed,
    deliver,
    mails,
    messages,
    outcomes,
    registered,
    rows,
    send_due,
    states,
    zone_at,
)

from services.notifications import claims, delivery
from services.notifications import outcomes as endings
from services.notifications.providers import registry
from services.notifications.providers.base import Answer, Provider
from services.notifications.providers.smtp import MailRelay
from services.notifications.rules import CLASSES
from services.notifications.settings import settings
from shared.local.smtp_sink import Faults, SmtpSink

pytestmark = pytest.mark.usefixtures("empty")

ZONES = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura")


def relay() -> Provider:
    [only] = registry.ways()["email"]
    assert isinstance(only, MailRelay)
    return only


def bulk(count: int, zone: str, **person: Any) -> None:
    """Announcements; without an address of their own they go to different people."""
    people: list[dict[str, Any]] = [{"email": f"p{n}@contoh.id"} | person for n in range(count)]
    deliver(*(registered(**one) for one in people))
    rows("UPDATE message SET class = 'bulk', zone = :zone WHERE state = 'queued'", zone=zone)


def reasons() -> set[str]:
    return {message.state_reason for message in messages() if message.state == "queued"}


# --- hours ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("hour", [8, 13, 19])
def test_by_day_an_announcement_goes(sink: SmtpSink, hour: int) -> None:
    bulk(1, zone_at(hour))
    send_due("bulk")
    assert len(mails(sink)) == 1


@pytest.mark.parametrize("hour", [20, 23, 0, 7])
def test_by_night_it_waits_for_eight_o_clock(sink: SmtpSink, hour: int) -> None:
    bulk(60, zone_at(hour))
    send_due("bulk")
    assert mails(sink) == []
    assert (states(), reasons()) == ({"queued": 60}, {"night"})
    [opens] = {message.next_attempt_at for message in messages()}
    there = opens.astimezone(ZoneInfo(zone_at(hour)))
    assert (there.hour, there.minute, there.second) == (8, 0, 0)
    assert timedelta(0) < opens - datetime.now(UTC) <= timedelta(hours=12)
    assert {message.attempts for message in messages()} == {0}


def test_each_zone_of_the_country_has_its_own_morning(sink: SmtpSink) -> None:
    for zone in ZONES:
        bulk(1, zone, email=f"{zone[-3:]}@contoh.id")
    send_due("bulk")
    awake = 0
    for message in messages():
        local = datetime.now(UTC).astimezone(ZoneInfo(message.zone))
        awake += 8 <= local.hour < 20
        if message.state == "queued":
            opens = message.next_attempt_at.astimezone(ZoneInfo(message.zone))
            assert (opens.hour, opens.minute) == (8, 0)
            assert opens.date() == local.date() + timedelta(days=local.hour >= 20)
    assert len(mails(sink)) == awake


def test_codes_and_confirmations_go_at_any_hour(sink: SmtpSink) -> None:
    deliver(registered())
    send_due()
    assert [message.zone for message in messages()] == [None]
    assert len(mails(sink)) == 1


# --- how many a day ------------------------------------------------------------------------------


def test_nobody_gets_more_than_three_a_day(sink: SmtpSink) -> None:
    bulk(5, zone_at(12), email="Peserta@contoh.id")
    send_due("bulk")
    assert len(mails(sink)) == settings().daily_cap == 3
    assert (states(), reasons()) == ({"accepted": 3, "queued": 2}, {"cap"})
    [again] = {message.next_attempt_at for message in messages() if message.state == "queued"}
    there = again.astimezone(ZoneInfo(zone_at(12)))
    assert there.hour == 8
    assert there.date() > datetime.now(UTC).astimezone(ZoneInfo(zone_at(12))).date()
    bulk(1, zone_at(12), email="peserta@contoh.id")
    send_due("bulk")
    assert len(mails(sink)) == 3
    rows("UPDATE message SET handed_over_at = now() - interval '1 day'")
    rows("UPDATE message SET next_attempt_at = now() WHERE state = 'queued'")
    send_due("bulk")
    assert len(mails(sink)) == 6, "the next day"


def test_announcements_do_not_keep_a_reminder_back(sink: SmtpSink) -> None:
    bulk(3, zone_at(12), email="peserta@contoh.id")
    send_due("bulk")
    bulk(4, zone_at(12), email="peserta@contoh.id")
    rows("UPDATE message SET class = 'reminder' WHERE state = 'queued'")
    send_due("reminder")
    assert len(mails(sink)) == 7


def test_two_claims_at_once_see_one_cap() -> None:
    bulk(6, zone_at(12), email="peserta@contoh.id")
    found: list[int] = []
    together = threading.Barrier(2)

    def claim_two() -> None:
        together.wait()
        found.append(len(claims.claim("bulk", set(), 2).messages))

    threads = [threading.Thread(target=claim_two) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found) == 3


def test_a_mail_that_nobody_knows_about_counts(sink: SmtpSink) -> None:
    assert sink.directory
    bulk(1, zone_at(12), email="peserta@contoh.id")
    [message] = claimed("bulk")
    claims.mark([message], relay())
    unknown = {message.id: Answer("unknown", failing=True)}
    endings.record(relay(), [message], unknown, datetime.now(UTC))
    bulk(3, zone_at(12), email="peserta@contoh.id")
    send_due("bulk")
    assert states() == {"unknown": 1, "accepted": 2, "queued": 1}


# --- whom not to write to, and what then -----------------------------------------------------


def suppress(address: str, reason: str = "bounce", channel: str = "email") -> None:
    rows(
        "INSERT INTO suppression (channel, address, reason, region_code) "
        "VALUES (:channel, :address, :reason, '21.01')",
        channel=channel,
        address=address,
        reason=reason,
    )


def test_who_is_suppressed_is_told_by_the_next_channel(sink: SmtpSink) -> None:
    suppress("peserta@contoh.id")
    deliver(registered(email="Peserta@contoh.id", phone="+6281234567890"))
    send_due()
    assert mails(sink) == []
    found = {message.channel: message for message in messages()}
    assert (found["email"].state, found["email"].state_reason) == ("suppressed", "suppressed")
    others = set(found) - {"email"}
    assert {found[channel].state for channel in others} == {"accepted"}
    assert {found[channel].fallback_of for channel in others} == {found["email"].id}
    assert found["email"].attempts == 0


def test_a_whole_batch_of_suppressed_ones_holds_up_nobody(sink: SmtpSink) -> None:
    suppress("peserta@contoh.id")
    deliver(*(registered(phone=None) for _ in range(120)), registered(email="lain@contoh.id"))
    assert send_due()
    assert states() == {"suppressed": 120, "accepted": 1}
    assert len(mails(sink)) == 1


def test_who_does_not_want_announcements_gets_none_by_any_channel(sink: SmtpSink) -> None:
    rows("INSERT INTO preference (address, class) VALUES ('peserta@contoh.id', 'bulk')")
    bulk(1, zone_at(12), email="peserta@contoh.id", phone="+6281234567890")
    send_due("bulk")
    assert [(m.channel, m.state, m.state_reason) for m in messages()] == [
        ("email", "suppressed", "unwanted")
    ]
    assert mails(sink) == []


def test_after_a_final_refusal_the_next_channel_is_tried(sink: SmtpSink) -> None:
    sink.faults = Faults(recipient_answer="550 5.1.1 no such mailbox")
    deliver(registered(phone="+6281234567890"))
    send_due()
    first, second = messages()
    assert (first.channel, first.state, first.state_reason) == ("email", "failed", "refused")
    assert (second.state, second.fallback_of) == ("accepted", first.id)
    assert second.recipient == "+6281234567890"
    assert (second.event_id, second.rule) == (first.event_id, first.rule)
    assert outcomes() == ["permanent", "accepted"]
    send_due()
    assert len(messages()) == 2


# --- receipts and order --------------------------------------------------------------------------


def test_a_receipt_that_was_faster_than_the_answer_keeps_the_state(sink: SmtpSink) -> None:
    assert sink.directory
    deliver(registered())
    mine = claimed()
    ready = relay().prepare(mine).ready
    claims.mark(ready, relay())
    rows("UPDATE message SET state = 'delivered', delivered_at = now(), lease_until = NULL")
    endings.record(relay(), ready, relay().hand_over(ready), datetime.now(UTC))
    [message] = messages()
    assert message.state == "delivered"
    assert message.accepted_at is not None
    assert message.provider_reference == f"<{message.id.hex}@sejawat.contoh.id>"
    assert outcomes() == ["accepted"]


def test_what_is_more_urgent_goes_first_whenever_it_came(sink: SmtpSink) -> None:
    bulk(60, zone_at(12))
    deliver(registered(email="konfirmasi@contoh.id"))
    deliver(registered(email="kode@contoh.id"))
    rows("UPDATE message SET class = 'code' WHERE recipient = 'kode@contoh.id'")
    delivery.send_due(CLASSES, until=time.monotonic() + 30)
    first, second = mails(sink)[:2]
    assert (str(first["To"]), str(second["To"])) == ("kode@contoh.id", "konfirmasi@contoh.id")
    assert len(mails(sink)) == 62


def test_what_expires_in_the_night_never_comes(sink: SmtpSink) -> None:
    bulk(1, zone_at(23))
    send_due("bulk")
    rows("UPDATE message SET expires_at = now(), next_attempt_at = now()")
    send_due("bulk")
    assert states() == {"expired": 1}
    assert mails(sink) == []
