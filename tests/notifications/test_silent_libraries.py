"""A library is reminded once for each step; its kab/kota gets one list of the silent."""

import itertools
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from builders import library_reminder, library_silent, report_returned
from notifications.mailroom import deliver, messages, rows, sealed

from services.notifications import silent_libraries
from shared.bus.envelope import Envelope
from shared.events import AccountChanged

pytestmark = pytest.mark.usefixtures("empty", "nobody")

TODAY = datetime.now(UTC).date()
DEADLINE = TODAY + timedelta(days=7)
DAY = TODAY + timedelta(days=5)
BINTAN, KARIMUN = "21.01.04.2001", "21.02.01.2001"
MONTH = date(2026, 10, 1)


def reminder(of: UUID, step: int = 1, **changes: Any) -> Envelope[Any]:
    return sealed(library_reminder(library_id=of, step=step, deadline=DEADLINE, **changes))


def official(role: str, region_code: str) -> str:
    """Somebody with an account; returns the address."""
    email = f"{role}.{region_code}@contoh.id"
    account = {"account_id": uuid4(), "version": 1, "name": "Petugas Contoh", "email": email}
    more = {"phone": None, "language": "id", "role": role, "region_code": region_code}
    deliver(sealed(AccountChanged.model_validate(account | more | {"active": True})))
    return email


def silent(*regions: str, month: date = MONTH) -> None:
    for number, region_code in enumerate(regions):
        name = f"Perpustakaan Sunyi {number}"
        event = library_silent(
            library_id=uuid4(), name=name, region_code=region_code, month=month, step=3
        )
        deliver(sealed(event), sealed(event))


def at(clock: int, zone: str = "Asia/Jakarta", day: date = DAY) -> datetime:
    return datetime.combine(day, time(clock), ZoneInfo(zone))


def run(now: datetime) -> None:
    silent_libraries.run_due(lambda _: None, now)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_in_any_order_and_repeated_each_step_is_told_once(order: tuple[int, ...]) -> None:
    libraries = [uuid4(), uuid4()]
    # Not the same event again, as the inbox would see that: told anew, as after a replay.
    events = [(of, step) for of in libraries for step in (1, 2)]
    for place in (*order, *order[::-1]):
        of, step = events[place]
        deliver(reminder(of, step))
    assert Counter(message.about for message in messages()) == dict.fromkeys(map(str, libraries), 2)
    assert {message.rule for message in messages()} == {"library-reminder"}


def test_it_goes_by_mail_then_whatsapp_then_sms_and_ends_with_the_deadline() -> None:
    deliver(reminder(uuid4(), phone="+628110000009"))
    [message] = messages()
    assert (message.channel, message.recipient) == ("email", "perpustakaan@contoh.id")
    ended = datetime.combine(DEADLINE + timedelta(days=1), time(), ZoneInfo("Asia/Jakarta"))
    assert message.expires_at == ended
    assert "/reporting/own/l/token" in message.text
    assert rows("SELECT DISTINCT class FROM message")[0][0] == "reminder"
    late = library_reminder(library_id=uuid4(), deadline=TODAY - timedelta(days=3))
    deliver(sealed(late))
    assert Counter(message.state for message in messages()) == {"queued": 1, "expired": 1}


def test_a_report_that_was_sent_back_is_told_once_with_what_to_correct() -> None:
    for _ in range(2):
        deliver(sealed(report_returned(others=3)))
    deliver(sealed(report_returned(revision=4, every="month", stream="pengunjung", title="")))
    first, second = messages()
    assert {first.rule, second.rule} == {"report-returned"}
    assert "Kelas membatik, Senin, 5 Oktober 2026, dan 3 laporan lain" in first.text
    assert "Jumlah pesertanya keliru?" in first.text
    assert "Laporan: Pengunjung, Oktober 2026\n" in second.text


def test_a_library_without_a_contact_name_is_called_by_its_own() -> None:
    deliver(reminder(uuid4(), name="", library_name="TBM Contoh"))
    [message] = messages()
    assert "Yth. TBM Contoh" in message.text


def test_officials_of_a_kabupaten_get_one_list_and_nobody_else() -> None:
    bintan, _, karimun = (
        official("regency", "21.01"),
        official("province", "21"),
        official("regency", "21.02"),
    )
    silent(BINTAN, BINTAN, KARIMUN)
    run(at(8) - timedelta(minutes=1))
    assert messages() == []
    for hour in (8, 9, 19):
        run(at(hour))
    run(at(8, day=DAY + timedelta(days=1)))
    found = {message.recipient: message for message in messages()}
    assert set(found) == {bintan, karimun}
    assert len(messages()) == 2
    assert found[bintan].subject.endswith(": 2")
    assert "Perpustakaan Sunyi 1" in found[bintan].text
    assert "region=21.01&month=2026-10" in found[bintan].text
    assert "Sunyi 0" not in found[karimun].text


def test_a_long_list_is_cut_and_says_so() -> None:
    official("regency", "21.01")
    silent(*[BINTAN] * (silent_libraries.SHOWN + 3))
    run(at(8))
    [message] = messages()
    assert "dan 3 lainnya" in message.text
    assert message.text.count("- Perpustakaan Sunyi") == silent_libraries.SHOWN


def test_what_has_only_just_come_waits_for_the_rest() -> None:
    official("regency", "21.01")
    silent(BINTAN)
    rows("UPDATE silent_library SET heard_at = :now", now=at(8) - timedelta(minutes=10))
    run(at(8))
    assert messages() == []
    run(at(8, day=DAY + timedelta(days=1)))
    assert len(messages()) == 1


def test_each_month_is_a_list_of_its_own_and_earlier_steps_are_no_news() -> None:
    official("regency", "21.01")
    silent(BINTAN)
    silent(BINTAN, month=date(2026, 9, 1))
    deliver(sealed(library_silent(library_id=uuid4(), step=2)))
    run(at(8))
    assert {message.subject.partition(":")[0][-14:] for message in messages()} == {
        "September 2026",
        "k Oktober 2026",
    }
