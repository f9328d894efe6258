"""Spreadsheets of libraries and of people."""

from uuid import UUID

import pytest
from deskwork import BINTAN, KEPRI, Office, csv_sheet
from registering import numbers, open_meeting
from registration.directory import VILLAGE, add, approved, person_of, read
from sites import form_token
from sqlalchemy import text
from uuid_utils.compat import uuid7

from services.registration import jobs, registrations, seats
from services.registration.models import (
    Meeting,
    Person,
)
from services.registration.resources import database
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("registration_database")


def handed_in(kind: str, data: bytes, caller: Caller = KEPRI) -> dict[str, int]:
    """Hand a sheet in, take all of it, and return what became of its rows."""
    office = Office(caller)
    page = f"/imports/new/{kind}"
    token = form_token(office.get(page).text)
    fields = {"form_token": token, "consent": "yes"}
    sent = office.post(page, data=fields, files={"file": ("tabel.csv", data)})
    assert sent.status_code == 303, sent.text
    job = sent.headers["location"]
    for _ in range(4):
        jobs.run_imports()
    assert office.fills(job, {"action": "take"}).status_code == 303
    for _ in range(4):
        jobs.run_imports()
    query = text("SELECT outcome, count(*) FROM import_row WHERE job_id = :id GROUP BY outcome")
    with database.sessions.begin() as session:
        rows = session.execute(query, {"id": UUID(job.rpartition("/")[2])})
        return {outcome: count for outcome, count in rows if outcome}


def test_libraries_come_by_sheet_and_the_same_file_again_changes_nothing() -> None:
    mark = next(numbers)
    titles = ["Nama perpustakaan", "Kode wilayah", "NPP", "Status mitra"]
    known = add(f"Perpustakaan Lembar {mark} A")
    rows = [
        [f"Perpustakaan Lembar {mark} A", VILLAGE, "210101000000001", "Mitra program"],
        [f"Perpustakaan Lembar {mark} B", VILLAGE, "", ""],
        [f"Perpustakaan Lembar {mark} C", "14.01.01.2001", "", ""],  # another province
    ]
    sheet = csv_sheet(rows, titles)
    assert handed_in("libraries", sheet) == {"completed": 1, "taken": 1}
    before = read("SELECT array_agg(library::text ORDER BY id) FROM library")
    assert handed_in("libraries", sheet) == {"already": 2}
    assert read("SELECT array_agg(library::text ORDER BY id) FROM library") == before
    assert read("SELECT npp FROM library WHERE id = :id", id=known) == "210101000000001"


def test_people_come_by_sheet_linked_to_their_library() -> None:
    mark = next(numbers)
    library_id = add(f"Perpustakaan Orang {mark}")
    titles = ["Nama lengkap", "Kode wilayah", "Nama perpustakaan", "Surel"]
    name = f"Peserta Lembar {mark}"
    sheet = csv_sheet([[name, VILLAGE, f"Perpustakaan Orang {mark}", "a@contoh.id"]], titles)
    assert handed_in("people", sheet) == {"taken": 1}
    assert handed_in("people", sheet) == {"already": 1}
    assert read("SELECT library_id FROM person WHERE name = :name", name=name) == library_id


def test_a_sheet_writes_to_nobody_of_another_region_and_does_not_tell() -> None:
    mark = next(numbers)
    known = f"Peserta Seberang {mark}", f"seberang{mark}@contoh.id"
    people = [(known[0], "21.02.01.2001", known[1]), (f"Peserta Sini {mark}", VILLAGE, known[1])]
    with database.sessions.begin() as session:
        for name, region_code, email in people:
            session.add(
                Person(
                    id=uuid7(),
                    person_key=registrations.person_key(name, email, None, region_code),
                    name=name,
                    email=email,
                    position="" if region_code != VILLAGE else "Pengelola",
                    region_code=region_code,
                )
            )
    rows = [[name, VILLAGE, email, "Kepala"] for name, _region, email in people]
    sheet = csv_sheet(rows, ["Nama lengkap", "Kode wilayah", "Surel", "Jabatan"])
    assert handed_in("people", sheet, BINTAN) == {"already": 2}
    assert read("SELECT position FROM person WHERE name = :name", name=known[0]) == ""


def test_who_came_by_sheet_stays_when_a_registration_turns_out_to_be_of_another() -> None:
    mark = next(numbers)
    name, email = f"Peserta Lembar {mark}", f"lembar{mark}@contoh.id"
    sheet = csv_sheet([[name, VILLAGE, email]], ["Nama lengkap", "Kode wilayah", "Surel"])
    assert handed_in("people", sheet) == {"taken": 1}
    meeting = open_meeting()
    registration_id = approved(meeting, name=name, email=email)
    jobs.keep_directory()
    imported = person_of(registration_id)
    assert imported.imported
    with database.sessions.begin() as session:
        seats.correct(session, registration_id, {"name": f"Peserta Lain {mark}"})
        held = session.get_one(Meeting, meeting.id)
        seats.approve(session, KEPRI, held, [registration_id])
    jobs.keep_directory()
    assert person_of(registration_id).id != imported.id
    assert read("SELECT name FROM person WHERE id = :id", id=imported.id) == name
