"""Check-in: each person once, whatever the devices send, in whatever order, however often."""

import re
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from asking import ask
from browser.camera import jpeg_of
from PIL import Image
from sqlalchemy import text
from uuid_utils.compat import uuid7

from services.registration import checkins, meetings
from services.registration.attendance_schemas import Scan
from services.registration.meetings import QuotaPlan
from services.registration.models import AgendaSession, Meeting, Registration
from services.registration.registrations import new_code
from services.registration.resources import database, forms
from services.registration.settings import settings
from shared.security import Caller, issue_token

pytestmark = pytest.mark.usefixtures("registration_database")

numbers = count(1)
DAYS = (date(2027, 6, 8), date(2027, 6, 9))
HOST = Caller("province", "Petugas Contoh", "host", "21")
CREW = Caller("master_trainer", "Pelatih Contoh", "crew", "21")
NEIGHBOUR = Caller("province", "Petugas Tetangga", "neighbour", "14")


def open_meeting() -> Meeting:
    """Two days in Kepulauan Riau."""
    starts_at = datetime(2027, 6, 8, 1, 0, tzinfo=UTC)
    meeting = Meeting(
        slug=f"door-{next(numbers)}",
        title="Pertemuan Contoh",
        province_code="21",
        venue="Gedung Contoh",
        zone="Asia/Jakarta",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(days=1, hours=8),
        closes_at=starts_at - timedelta(days=7),
        status="closed",
    )
    with database.sessions.begin() as session:
        meetings.publish(session, meeting, [QuotaPlan("meeting", "", 500)])
    return meeting


def guests(meeting: Meeting, many: int, status: str = "approved") -> list[str]:
    """So many registrations; returns their codes."""
    people = [
        Registration(
            id=uuid7(),
            code=new_code(),
            meeting_id=meeting.id,
            status=status,
            name=f"Peserta Contoh {number:03}",
            email="peserta@contoh.id",
            person_key=str(uuid4()),
            language="id",
            participant_type="village_library",
            region_code="21.01",
            library_name="Perpustakaan Contoh",
            position="Pengelola",
            idempotency_key=str(uuid4()),
            request_hash="",
        )
        for number in range(many)
    ]
    with database.sessions.begin() as session:
        session.add_all(people)
    return [person.code for person in people]


def scan(code: str, **changes: Any) -> Scan:
    fields: dict[str, Any] = {"id": uuid4(), "code": code, "day": DAYS[0], "at": datetime.now(UTC)}
    return Scan(**fields | changes)


def record(meeting: Meeting, *scans: Scan, caller: Caller = HOST) -> list[dict[str, Any]]:
    with database.autocommit() as connection:
        row = meetings.find(connection, meeting.slug)
        return checkins.record(connection, caller, row, scans)


def statuses(results: Sequence[dict[str, Any]]) -> list[str]:
    return [result["status"] for result in results]


def present(meeting: Meeting, day: date = DAYS[0], session_id: UUID | None = None) -> int:
    with database.sessions.begin() as session:
        return int(checkins.count(session, meeting.id, day, session_id).present)


def told(meeting: Meeting) -> list[bool]:
    """What the others were told of the meeting's attendance, in order."""
    query = text("""
        SELECT envelope->'data'->>'present' = 'true' FROM outbox
        WHERE type = 'id.sejawat.attendance.changed.v1'
          AND envelope->'data'->>'meeting_slug' = :slug ORDER BY id""")
    with database.sessions.begin() as session:
        return list(session.execute(query, {"slug": meeting.slug}).scalars())


def headers(caller: Caller) -> dict[str, str]:
    token = issue_token(settings().token_private_key, caller, seconds=60)
    return {"Authorization": f"Bearer {token}"}


def app() -> Any:
    from services.registration.app import app

    return app


def http(method: str, path: str, caller: Caller = CREW, **options: Any) -> Any:
    return ask(app(), method, f"/api/v1{path}", headers=headers(caller), **options)


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


def test_a_door_is_open_to_its_crew_only() -> None:
    meeting = open_meeting()
    guests(meeting, 2)
    path = f"/meetings/{meeting.slug}"
    for caller in (
        HOST,
        CREW,
        Caller("regency", "PIC", "pic", "21.01"),
        Caller("national", "N", "n"),
    ):
        answer = http("GET", f"{path}/attendees", caller)
        assert [sorted(item) for item in answer.json()["items"]] == [
            ["code", "library", "name"]
        ] * 2
    body = {"scans": [scan("ABCDE-FGHJK").model_dump(mode="json")]}
    for caller in (NEIGHBOUR, Caller("regency", "PIC", "pic", "14.01")):
        for method, what, sent in (
            ("GET", "/attendees", None),
            ("GET", "/attendance", None),
            ("POST", "/check-ins", body),
            ("DELETE", f"/check-ins/{uuid4()}", None),
        ):
            assert http(method, path + what, caller, json=sent).status_code == 404
    assert http("GET", f"{path}/attendees", Caller("library", "P", "p", "21.01")).status_code == 403


def test_a_token_for_check_in_checks_in() -> None:
    meeting = open_meeting()
    [code] = guests(meeting, 1)
    body = {"scans": [scan(code).model_dump(mode="json")]}
    path = f"/meetings/{meeting.slug}/check-ins"
    door = Caller("province", "Gerbang", "gate", "21", scopes=("check_in",))
    assert http("POST", path, door, json=body).json()["items"][0]["status"] == "checked_in"
    reader = Caller("province", "Pembaca", "reader", "21", scopes=("read",))
    assert http("POST", path, reader, json=body).status_code == 403


def test_every_check_in_is_in_the_audit_log() -> None:
    meeting = open_meeting()
    [code] = guests(meeting, 1)
    first = scan(code)
    record(meeting, first, scan(code))
    http("DELETE", f"/meetings/{meeting.slug}/check-ins/{first.id}")
    query = text("""
        SELECT actor, action FROM audit_entry JOIN registration ON noun_id = registration.id::text
        WHERE code = :code ORDER BY audit_entry.id""")
    with database.sessions.begin() as session:
        log = [tuple(row) for row in session.execute(query, {"code": code})]
    assert log == [("host", "checked_in"), ("crew", "undone")]


def test_a_picture_of_a_ticket_is_read() -> None:
    address = "https://contoh.id/registration/t/ABCDE-FGHJK"
    assert checkins.decode(jpeg_of(address)) == address
    assert checkins.decode(blank()) is None
    picture = headers(CREW) | {"Content-Type": "image/jpeg"}
    answer = ask(app(), "POST", "/api/v1/check-ins/decode", headers=picture, content=b"no picture")
    assert answer.status_code == 415
    answer = ask(app(), "POST", "/api/v1/check-ins/decode", headers=picture, content=b"x" * 200_001)
    assert answer.status_code == 413
    answer = ask(
        app(), "POST", "/api/v1/check-ins/decode", headers=picture, content=jpeg_of(address)
    )
    assert answer.json() == {"text": address}


def blank() -> bytes:
    file = BytesIO()
    Image.new("RGB", (64, 64)).save(file, "JPEG")
    return file.getvalue()


# --- the page, without a script ------------------------------------------------------------


def page(method: str, path: str, **options: Any) -> Any:
    return ask(app(), method, path, headers=headers(CREW), **options)


def send(meeting: Meeting, what: str = "", **fields: str) -> Any:
    data = fields | {"form_token": forms.new_form(), "at": str(DAYS[0])}
    return page("POST", f"/desk/{meeting.slug}/check-in{what}", data=data)


def follow(answer: Any) -> str:
    assert answer.status_code == 303
    text_of: str = page("GET", answer.headers["location"].removeprefix("/registration")).text
    return text_of


def test_a_name_leads_to_who_it_may_be_and_a_button_checks_them_in() -> None:
    meeting = open_meeting()
    codes = guests(meeting, 3)
    guests(meeting, 1, "submitted")
    offered = send(meeting, q="contoh 00").text
    assert [offered.count(f'value="{code}"') for code in codes] == [1, 1, 1]
    shown = follow(send(meeting, q="contoh 00", code=codes[1]))
    assert "✓ Hadir" in shown
    assert "Peserta Contoh 001" in shown
    assert present(meeting) == 1
    check_in = re.findall(r'name="id" value="([^"]+)"', shown)[0]
    assert "Check-in dibatalkan" in follow(send(meeting, "/undo", id=check_in))
    assert present(meeting) == 0


def test_a_code_is_typed_and_a_second_time_it_says_when() -> None:
    meeting = open_meeting()
    [code] = guests(meeting, 1)
    assert "✓ Hadir" in follow(send(meeting, q=code.lower()))
    again = send(meeting, q=code)
    assert again.status_code == 409
    assert "Sudah tercatat sebelumnya" in again.text


def test_nobody_of_that_name_keeps_what_was_typed() -> None:
    meeting = open_meeting()
    answer = send(meeting, q="Siti <Aminah>")
    assert answer.status_code == 422
    assert "Siti &lt;Aminah&gt;" in answer.text
    assert send(meeting, q="").status_code == 422
    assert page("GET", f"/desk/{meeting.slug}/check-in?done={uuid4()}").status_code == 303


def test_a_button_pressed_twice_checks_in_once() -> None:
    meeting = open_meeting()
    [code] = guests(meeting, 1)
    data = {"form_token": forms.new_form(), "q": code, "at": str(DAYS[0])}
    answers = [page("POST", f"/desk/{meeting.slug}/check-in", data=data) for _ in range(2)]
    assert answers[0].headers["location"] == answers[1].headers["location"]
