"""Once a day one message to an official, and none when nothing waits."""

import threading
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from builders import meeting_facts
from notifications.mailroom import (
    body,
    changed,
    coming_meeting,
    deliver,
    mails,
    messages,
    registered,
    rows,
    sealed,
    send_due,
)

from services.notifications import digests
from shared.events import (
    AccountChanged,
    MeetingCancelled,
    RegistrationApproved,
    RegistrationWaitlisted,
)
from shared.local.smtp_sink import SmtpSink

pytestmark = pytest.mark.usefixtures("empty", "nobody")

BINTAN, KARIMUN = "21.01.04.2001", "21.02.01.2001"
DAY = datetime.now(UTC).date() + timedelta(days=5)


def at(clock: int, zone: str = "Asia/Jakarta", day: date = DAY) -> datetime:
    return datetime.combine(day, time(clock), ZoneInfo(zone))


def account(role: str, region_code: str, **changes: Any) -> str:
    """Somebody with an account; returns the address."""
    email = f"{role}.{region_code or 'pusat'}@contoh.id"
    fields = {
        "account_id": uuid4(),
        "version": 1,
        "name": f"Petugas {role}",
        "email": email,
        "phone": None,
        "language": "id",
        "active": True,
    }
    event = fields | {"role": role, "region_code": region_code} | changes
    deliver(sealed(AccountChanged.model_validate(event)))
    return email


def waits(region_code: str = BINTAN, **meeting: Any) -> Any:
    """Somebody waits for a decision; returns the registration's id."""
    came = registered(coming_meeting(**meeting), region_code=region_code)
    deliver(came)
    rows("DELETE FROM message WHERE class = 'transactional'")
    return came.data.registration_id


def run(now: datetime) -> None:
    digests.run_due(lambda _: None, now)


def digest_of(address: str) -> Any:
    [message] = [message for message in messages() if message.recipient == address]
    return message


def test_hosts_and_those_of_the_kabupaten_get_what_waits_in_their_own_region() -> None:
    for region in (BINTAN, BINTAN, KARIMUN):
        waits(region)
    province, bintan = account("province", "21"), account("regency", "21.01")
    for role, region in (
        ("province", "33"),
        ("regency", "21.03"),
        ("national", ""),
        ("library", BINTAN),
        ("master_trainer", "21"),
    ):
        account(role, region)
    account("regency", "21.02", active=False)
    run(at(8))
    assert {message.recipient for message in messages()} == {province, bintan}
    assert digest_of(province).subject.endswith(": 3")
    assert digest_of(bintan).subject.endswith(": 2")
    message = digest_of(bintan)
    assert message.rule == "pending-digest"
    assert rows("SELECT DISTINCT class FROM message")[0][0] == "digest"
    assert (message.zone, message.expires_at) == ("Asia/Jakarta", at(20))


def test_it_comes_once_a_day_and_again_on_the_next() -> None:
    waits()
    account("province", "21")
    run(at(8) - timedelta(minutes=1))
    assert messages() == []
    for hour in (8, 9, 19):
        run(at(hour))
    assert len(messages()) == 1
    run(at(8, day=DAY + timedelta(days=1)))
    assert len(messages()) == 2


def test_nothing_waits_and_nobody_is_told() -> None:
    account("province", "21")
    one = {"registration_id": waits()}
    deliver(changed(RegistrationApproved, version=2, region_code=BINTAN, **one))
    deliver(changed(RegistrationWaitlisted, status="waiting", region_code=BINTAN))
    rows("DELETE FROM message")
    run(at(8))
    assert messages() == []
    [done] = rows("SELECT about, messages FROM schedule_run WHERE about = 'Asia/Jakarta'")
    assert done.messages == 0


def test_a_meeting_that_is_over_or_called_off_waits_for_nobody() -> None:
    account("province", "21")
    waits()
    off = coming_meeting(version=2)
    deliver(sealed(MeetingCancelled(meeting=off, reason="Banjir.")))
    waits(slug="lama", **meeting_facts().model_dump(include={"starts_at", "ends_at"}))
    run(at(8))
    assert messages() == []


def test_each_zone_has_its_own_eight_o_clock() -> None:
    for province, meeting in (("21", "barat"), ("73", "tengah"), ("91", "timur")):
        waits(province, slug=meeting)
        account("province", province)
    zones = ("Asia/Jayapura", "Asia/Makassar", "Asia/Jakarta")
    for before, zone in enumerate(zones):
        run(at(8, zone) - timedelta(minutes=1))
        assert len(messages()) == before
        run(at(8, zone))
        assert len(messages()) == before + 1


def test_a_day_on_which_nobody_was_there_is_skipped_and_says_so() -> None:
    waits()
    account("province", "21")
    run(at(21))
    assert messages() == []
    [missed] = rows("SELECT late, messages FROM schedule_run WHERE about = 'Asia/Jakarta'")
    assert tuple(missed) == (True, 0)


def test_of_two_workers_at_once_one_does_it() -> None:
    waits()
    account("province", "21")
    barrier = threading.Barrier(2)

    def racer() -> None:
        barrier.wait()
        run(at(8))

    threads = [threading.Thread(target=racer) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(messages()) == 1


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_digest_names_each_meeting_with_who_waits_longest_first(
    sink: SmtpSink, language: str
) -> None:
    waits(slug="plm-b", title="Pertemuan Kedua")
    waits(slug="plm-a", title="Pertemuan Pertama")
    rows("UPDATE participant SET since = '2022-07-02T03:00Z' WHERE meeting_slug = 'plm-b'")
    account("province", "21", language=language)
    run(at(8))
    rows("UPDATE message SET zone = NULL")  # whatever the time is now
    send_due("digest")
    [mail] = mails(sink)
    text = body(mail)
    assert text.index("Pertemuan Pertama") < text.index("Pertemuan Kedua")
    assert "/registration/desk/plm-a" in text
    assert "/registration/desk/plm-a" in body(mail, "html")
    assert "/notifications/preferences/" in text
    unsubscribe = str(mail["List-Unsubscribe"]).strip("<>")
    assert unsubscribe.startswith("http://sejawat.contoh.id/notifications/unsubscribe/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
