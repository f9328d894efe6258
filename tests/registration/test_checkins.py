"""Check-in: each person once, whatever the devices send, in whatever order, however often."""

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from registration.door import CREW, DAYS, guests, http, open_meeting, present, record, scan
from sqlalchemy import text
from uuid_utils.compat import uuid7

from services.registration import checkins
from services.registration.models import AgendaSession, Meeting
from services.registration.resources import database

pytestmark = pytest.mark.usefixtures("registration_database")


def statuses(results: Sequence[dict[str, Any]]) -> list[str]:
    return [result["status"] for result in results]


def told(meeting: Meeting) -> list[bool]:
    """What the others were told of the meeting's attendance, in order."""
    query = text("""
        SELECT envelope->'data'->>'present' = 'true' FROM outbox
        WHERE type = 'id.sejawat.attendance.changed.v1'
          AND envelope->'data'->>'meeting_slug' = :slug ORDER BY id""")
    with database.sessions.begin() as session:
        return list(session.execute(query, {"slug": meeting.slug}).scalars())


def test_a_ticket_on_eight_devices_has_one_success() -> None:
    meeting = open_meeting()
    [code] = guests(meeting, 1)
    outcomes: Counter[str] = Counter()
    start = threading.Barrier(8)

    def device() -> None:
        start.wait()
        outcomes.update(statuses(record(meeting, scan(code))))

    threads = [threading.Thread(target=device) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {"checked_in": 1, "already": 7}
    assert told(meeting) == [True]


def test_devices_with_the_same_people_in_opposite_order_do_not_wait_for_each_other() -> None:
    meeting = open_meeting()
    codes = guests(meeting, 100)
    outcomes: Counter[str] = Counter()

    def device(order: list[str]) -> None:
        outcomes.update(statuses(record(meeting, *map(scan, order))))

    threads = [threading.Thread(target=device, args=(codes[::way],)) for way in (1, -1) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {"checked_in": 100, "already": 500}
    assert (present(meeting), len(told(meeting))) == (100, 100)


def test_the_same_list_again_is_answered_the_same() -> None:
    meeting = open_meeting()
    first, second, third = guests(meeting, 3)
    scans = [scan(first), scan(second), scan(first), scan("ABCDE-FGHJK"), scan(third)]
    results = record(meeting, *scans)
    assert statuses(results) == ["checked_in", "checked_in", "already", "unknown", "checked_in"]
    assert results[2]["at"] == results[0]["at"]
    assert record(meeting, *scans) == results
    assert record(meeting, scans[1])[0] == results[1]
    assert len(told(meeting)) == 3


def test_of_two_scans_in_one_list_the_earlier_counts() -> None:
    meeting = open_meeting()
    [code] = guests(meeting, 1)
    late, early = scan(code), scan(code, at=datetime.now(UTC) - timedelta(hours=1))
    results = record(meeting, late, early)
    assert statuses(results) == ["already", "checked_in"]
    assert results[0]["at"] == early.at


def test_who_was_there_before_is_told_when_and_by_whom() -> None:
    meeting = open_meeting()
    [code] = guests(meeting, 1)
    before = record(meeting, scan(code), caller=CREW)[0]
    again = record(meeting, scan(code))[0]
    assert (again["status"], again["by"], again["at"]) == ("already", "Pelatih", before["at"])
    assert again["check_in_id"] == before["check_in_id"] == before["id"]
    path = f"/meetings/{meeting.slug}/check-ins/{again['check_in_id']}"
    assert http("DELETE", path).status_code == 204
    assert present(meeting) == 0


def test_a_scan_that_cannot_count_says_why_and_names_nobody_of_elsewhere() -> None:
    meeting, other = open_meeting(), open_meeting()
    [code], [elsewhere] = guests(meeting, 1), guests(other, 1)
    [waiting] = guests(meeting, 1, "submitted")
    results = record(
        meeting,
        scan(waiting),
        scan(elsewhere),
        scan(code, day=date(2027, 6, 10)),
        scan(code, session_id=uuid4()),
        scan("\x00 https://contoh.id/?t=1"),
    )
    assert statuses(results) == [
        *("not_approved", "wrong_meeting", "wrong_day", "wrong_day", "unknown")
    ]
    assert [result["name"] is not None for result in results] == [True, False, True, True, False]
    assert told(meeting) == []


def test_each_day_and_each_session_counts_by_itself() -> None:
    meeting = open_meeting()
    [code] = guests(meeting, 1)
    workshop = AgendaSession(
        id=uuid7(),
        meeting_id=meeting.id,
        title="Lokakarya",
        starts_at=meeting.starts_at,
        ends_at=meeting.starts_at + timedelta(hours=2),
        check_in=True,
    )
    with database.sessions.begin() as session:
        session.add(workshop)
    scans = [scan(code), scan(code, day=DAYS[1]), scan(code, session_id=workshop.id)]
    assert statuses(record(meeting, *scans)) == ["checked_in"] * 3
    assert statuses(record(meeting, scan(code, day=DAYS[1], session_id=workshop.id))) == [
        "wrong_day"
    ]
    assert [present(meeting), present(meeting, DAYS[1])] == [1, 1]
    assert present(meeting, DAYS[0], workshop.id) == 1


def test_a_clock_that_is_ahead_is_set_right() -> None:
    meeting = open_meeting()
    [code] = guests(meeting, 1)
    result = record(meeting, scan(code, at=datetime(9999, 12, 31, tzinfo=UTC)))[0]
    assert result["at"] <= datetime.now(UTC)


@pytest.mark.parametrize(
    "spelling",
    [
        "{}",
        " {} ",
        "https://contoh.id/registration/t/{}",
        "https://contoh.id/registration/t/{}?x=1",
    ],
)
def test_a_code_is_understood_however_it_is_written(spelling: str) -> None:
    for code in ("ABCDE-FGHJK", "abcde-fghjk", "ABCDEFGHJK", "abcde fghjk"):
        if " " not in code or "/" not in spelling:
            assert checkins.read_code(spelling.format(code)) == "ABCDE-FGHJK"


def test_an_undone_check_in_can_be_made_again_but_not_by_the_old_scan() -> None:
    meeting = open_meeting()
    [code] = guests(meeting, 1)
    first = scan(code)
    record(meeting, first)
    path = f"/meetings/{meeting.slug}/check-ins/{first.id}"
    assert [http("DELETE", path).status_code for _ in range(2)] == [204, 204]
    assert present(meeting) == 0
    assert statuses(record(meeting, first)) == ["undone"]
    assert statuses(record(meeting, scan(code))) == ["checked_in"]
    assert told(meeting) == [True, False, True]
    assert (
        http("DELETE", f"/meetings/{open_meeting().slug}/check-ins/{first.id}").status_code == 404
    )


def test_two_hundred_scans_without_a_line_with_duplicates_merge_once() -> None:
    """Three phones scanned 120 people without a line; each sends all of its own, some twice."""
    meeting = open_meeting()
    codes = guests(meeting, 120)
    path = f"/meetings/{meeting.slug}/check-ins"
    phones = [codes[:80], codes[40:120], [*codes[:20], *codes[:20]]]
    lists = [
        [scan(code, device=f"HP {number}").model_dump(mode="json") for code in seen]
        for number, seen in enumerate(phones)
    ]
    assert sum(map(len, lists)) == 200
    outcomes: Counter[str] = Counter()
    for scans in lists:
        for start in range(0, len(scans), 50):
            part = {"scans": scans[start : start + 50]}
            answers = [http("POST", path, json=part) for _ in range(2)]  # the first answer is lost
            assert answers[0].json() == answers[1].json()
            outcomes.update(item["status"] for item in answers[0].json()["items"])
    assert outcomes == {"checked_in": 120, "already": 80}
    assert (present(meeting), len(told(meeting))) == (120, 120)
    counted = http("GET", f"/meetings/{meeting.slug}/attendance?day=2027-06-08").json()
    assert (counted["present"], counted["approved"]) == (120, 120)
