"""A delegation: one hand, many people, each of them once."""

from typing import Any

import pytest
from deskwork import (
    BINTAN,
    KEPRI,
    RIAU,
    Office,
    submit,
)
from registering import numbers, open_meeting, registered
from sites import form_token
from sqlalchemy import text

from services.registration.models import Meeting
from services.registration.resources import database

pytestmark = pytest.mark.usefixtures("registration_database")


def rows(*people: dict[str, str], **more: str) -> dict[str, str]:
    """The form with these people, right where nothing is changed."""
    fields = {"rows": str(max(len(people), 3)), "consent": "yes"}
    for place, changes in enumerate(people, 1):
        number = next(numbers)
        person = {
            "name": f"Anggota Contoh {number}",
            "participant_type": "village_library",
            "region_code": "21.01.04.2001",
            "library_name": "Perpustakaan Desa Contoh",
            "position": "Pengelola",
            "email": f"anggota{number}@contoh.id",
        } | changes
        fields |= {f"{name}-{place}": value for name, value in person.items()}
    return fields | more


def send(meeting: Meeting, fields: dict[str, str], caller: Any = KEPRI) -> Any:
    return Office(caller).fills(f"/meetings/{meeting.slug}/delegation", fields)


def test_all_rows_are_registered_and_each_outcome_is_told() -> None:
    meeting = open_meeting(2)
    submit(meeting, name="Sudah Ada", email="ada@contoh.id")
    known = {"name": "Sudah Ada", "email": "ada@contoh.id"}
    answer = send(meeting, rows({"name": "Anggota Satu"}, known, {}))
    assert answer.status_code == 303, answer.text
    assert "Anggota" not in answer.headers["location"]
    page = Office(KEPRI).get(answer.headers["location"]).text
    assert "Anggota Satu" in page
    assert "Sudah terdaftar sebelumnya" in page
    assert "Masuk daftar tunggu" in page
    assert registered(meeting) == 3


def test_a_double_click_registers_nobody_twice() -> None:
    meeting = open_meeting()
    office, page = Office(KEPRI), f"/meetings/{meeting.slug}/delegation"
    fields = rows({}, {}) | {"form_token": form_token(office.get(page).text)}
    first, second = (office.post(page, data=fields) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert registered(meeting) == 2


def test_every_bad_row_is_named_and_what_was_typed_is_kept() -> None:
    meeting = open_meeting()
    answer = send(meeting, rows({}, {"name": "", "email": "salah"}, {"region_code": ""}))
    assert answer.status_code == 422
    assert "Baris 2: Isi nama lengkap." in answer.text
    assert 'href="#email-2"' in answer.text
    assert "Baris 3: Pilih wilayah dari daftar." in answer.text
    assert 'value="salah"' in answer.text
    assert "Daftarkan 1 yang sudah benar saja" in answer.text
    assert registered(meeting) == 0


def test_only_the_good_rows_and_the_rest_stays_to_be_corrected() -> None:
    meeting = open_meeting()
    fields = rows({"name": "Anggota Baik"}, {"name": "Anggota Buruk", "email": ""}, take="good")
    answer = send(meeting, fields)
    assert answer.status_code == 200
    assert "Anggota Baik: " in answer.text
    assert 'id="name-1" name="name-1" type="text" value="Anggota Buruk"' in answer.text
    assert registered(meeting) == 1
    fields = rows({"name": "Anggota Buruk"}) | {"form_token": form_token(answer.text)}
    again = Office(KEPRI).post(f"/meetings/{meeting.slug}/delegation", data=fields)
    assert again.status_code == 303
    assert registered(meeting) == 2


def test_another_row_keeps_what_was_typed() -> None:
    meeting = open_meeting()
    answer = send(meeting, rows({"name": "Anggota Setengah"}, add="1"))
    assert answer.status_code == 200
    assert "Orang ke-4" in answer.text
    assert 'value="Anggota Setengah"' in answer.text


def test_a_person_twice_an_empty_form_and_a_missing_declaration_are_said() -> None:
    meeting = open_meeting()
    twin = {"name": "Kembar Contoh", "email": "kembar@contoh.id"}
    assert "sama dengan baris 1" in send(meeting, rows(twin, twin)).text
    assert "Isi setidaknya satu baris" in send(meeting, rows()).text
    assert "Nyatakan dulu" in send(meeting, rows({}, consent="")).text
    assert registered(meeting) == 0


def test_a_regency_registers_its_own_people_and_its_own_office() -> None:
    meeting = open_meeting()
    outside = send(meeting, rows({"region_code": "21.71.01.1002"}), BINTAN)
    assert outside.status_code == 422
    office = {"participant_type": "regency_library", "region_code": ""}
    assert send(meeting, rows(office), BINTAN).status_code == 303
    assert Office(RIAU).get(f"/meetings/{meeting.slug}/delegation").status_code == 404
    query = text("""
        SELECT region_code, origin, text_version FROM registration
        JOIN consent ON registration_id = registration.id WHERE meeting_id = :id""")
    with database.sessions.begin() as session:
        row = session.execute(query, {"id": meeting.id}).one()
    assert row == ("21.01", "delegation", "delegation-2026-1")


def test_a_closed_meeting_says_so() -> None:
    meeting = open_meeting(status="closed")
    page = Office(KEPRI).get(f"/meetings/{meeting.slug}/delegation").text
    assert "Pendaftaran pertemuan ini sudah ditutup." in page
