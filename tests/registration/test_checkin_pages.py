"""The door: whom it is open to, and how it works without a script."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from io import BytesIO
from typing import Any
from uuid import uuid4

import hosts
import pytest
from asking import ask
from browser.camera import jpeg_of
from hosts import HOST, NEIGHBOUR
from PIL import Image
from registration.door import (
    CREW,
    DAYS,
    app,
    guests,
    headers,
    http,
    open_meeting,
    present,
    record,
    scan,
)
from sqlalchemy import text

from services.registration import checkins
from services.registration.models import Meeting
from services.registration.resources import database, forms
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("registration_database")


def test_a_door_is_open_to_its_crew_only() -> None:
    meeting = open_meeting()
    guests(meeting, 2)
    path = f"/meetings/{meeting.slug}"
    for caller in (HOST, CREW, Caller("national", "N", "n")):
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


@pytest.mark.parametrize(
    ("starts_in", "status"), [(30, 403), (4, 403), (2, 200), (0, 200), (-7, 200), (-9, 403)]
)
def test_officials_of_its_regencies_help_at_a_door_around_its_days(
    starts_in: int, status: int
) -> None:
    starts_at = datetime.now(UTC) + timedelta(days=starts_in)
    meeting = hosts.open_meeting(starts_at=starts_at, ends_at=starts_at + timedelta(hours=8))
    [code] = guests(meeting, 1)
    helper = Caller("regency", "PIC", "pic", "21.02")
    body = {"scans": [scan(code).model_dump(mode="json")]}
    path = f"/meetings/{meeting.slug}"
    answers = [
        http("GET", f"{path}/attendees", helper),
        http("GET", f"{path}/attendance", helper),
        http("POST", f"{path}/check-ins", helper, json=body),
    ]
    assert {answer.status_code for answer in answers} == {status}
    shown = ask(app(), "GET", f"/desk/{meeting.slug}/check-in", headers=headers(helper))
    assert shown.status_code == status
    assert ("tiga hari sebelum pertemuan" in shown.text) == (status == 403)


def test_who_takes_the_list_along_is_in_the_audit_log_once_a_day() -> None:
    meeting = open_meeting()
    guests(meeting, 3)
    for caller in (CREW, HOST, CREW):
        http("GET", f"/meetings/{meeting.slug}/attendees", caller)
    query = text("""
        SELECT actor, after FROM audit_entry
        WHERE action = 'attendees_sent' AND noun_id = :slug ORDER BY id""")
    with database.sessions.begin() as session:
        log = [tuple(row) for row in session.execute(query, {"slug": meeting.slug})]
    assert log == [("crew", {"people": 3}), ("host", {"people": 3})]


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
    assert "Peserta Contoh 0001" in shown
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


def test_a_check_in_of_before_is_taken_back_where_it_is_scanned_again() -> None:
    meeting = open_meeting()
    [code] = guests(meeting, 1)
    record(meeting, scan(code))
    again = send(meeting, q=code)
    check_in = re.findall(r'name="id" value="([^"]+)"', again.text)[0]
    assert "Check-in dibatalkan" in follow(send(meeting, "/undo", id=check_in))
    assert present(meeting) == 0


def test_the_attendance_list_leads_to_taking_a_check_in_back() -> None:
    meeting = open_meeting()
    codes = guests(meeting, 2)
    record(meeting, scan(codes[1], day=DAYS[1]))
    address = f"/desk/{meeting.slug}/attendance?day={DAYS[1]}"
    listed = ask(app(), "GET", address, headers=headers(HOST)).text
    [link] = re.findall(r'href="/registration(/desk/[^"]+before=[^"]+)"', listed)
    shown = page("GET", unescape(link)).text
    assert "Peserta Contoh 0001" in shown
    assert present(meeting, DAYS[1]) == 1  # to look at it changes nothing
    check_in = re.findall(r'name="id" value="([^"]+)"', shown)[0]
    assert "Check-in dibatalkan" in follow(send(meeting, "/undo", id=check_in))
    assert present(meeting, DAYS[1]) == 0
    helper = headers(Caller("regency", "PIC", "pic", "21.01"))
    assert "before=" not in ask(app(), "GET", address, headers=helper).text


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
