"""What people need and answer: asked later of those registered by others, read by the host."""

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from deskwork import BINTAN, KEPRI, NATIONAL, RIAU, Office, submit
from python_calamine import load_workbook
from registering import open_meeting
from sqlalchemy import text
from uuid_utils.compat import uuid7

from services.registration.models import Meeting, Question
from services.registration.resources import database
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("registration_database")

BATAM = "21.71.01.1002"


def ask(meeting: Meeting, key: str, label: str, **more: Any) -> None:
    """The host asks something."""
    with database.sessions.begin() as session:
        fields = {"position": 1, "type": "text", "required": True} | more
        session.add(Question(id=uuid7(), meeting_id=meeting.id, key=key, label=label, **fields))


def delegate(meeting: Meeting) -> dict[str, Any]:
    """A province registers one person; what the other services are told."""
    fields = {
        "rows": "3",
        "consent": "yes",
        "name-1": "Anggota Contoh",
        "participant_type-1": "village_library",
        "region_code-1": "21.01.04.2001",
        "library_name-1": "Perpustakaan Desa Contoh",
        "position-1": "Pengelola",
        "email-1": "anggota@contoh.id",
    }
    answer = Office(KEPRI).fills(f"/meetings/{meeting.slug}/delegation", fields)
    assert answer.status_code == 303, answer.text
    query = text("""
        SELECT envelope -> 'data' FROM outbox
        WHERE envelope -> 'data' -> 'participant' ->> 'email' = 'anggota@contoh.id'
           OR envelope -> 'data' -> 'registration' -> 'participant' ->> 'email'
              = 'anggota@contoh.id'
        ORDER BY id DESC LIMIT 1""")
    with database.sessions.begin() as session:
        return dict(session.execute(query).scalar_one())


def sheet(meeting: Meeting, caller: Caller = KEPRI) -> list[list[Any]]:
    """The downloaded rows, the titles first."""
    answer = Office(caller).get(f"/desk/{meeting.slug}/needs.xlsx")
    assert answer.status_code == 200
    with ZipFile(BytesIO(answer.content)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")
    return load_workbook(BytesIO(answer.content)).get_sheet_by_index(0).to_python()


def test_who_was_registered_by_somebody_else_hears_by_whom_and_is_asked_what_is_missing() -> None:
    meeting = open_meeting()
    ask(meeting, "kendaraan", "Nomor kendaraan?")
    ask(meeting, "catatan", "Catatan?", required=False)
    ask(meeting, "usaha", "Usaha apa?", participant_types=["impact"])
    told = delegate(meeting)
    assert told["registered_by"] == f"{KEPRI.name}, Kepulauan Riau"
    office = Office(KEPRI)
    own = told["own_link"]
    page = office.get(own).text
    assert "Masih ada satu pertanyaan yang belum dijawab" in page
    assert "Anda didaftarkan oleh orang lain." in page
    assert "Nomor kendaraan?" in office.get(f"{own}/correct").text
    assert "Satu pertanyaan wajib belum dijawab" in office.get(f"/desk/{meeting.slug}").text
    one = f"/desk/{meeting.slug}/r/{told['registration_id']}"
    assert "Satu pertanyaan wajib belum dijawab" in office.get(one).text
    fields = {
        "participant_type": "village_library",
        "name": "Anggota Contoh",
        "email": "anggota@contoh.id",
        "region_code": "21.01.04.2001",
        "library_name": "Perpustakaan Desa Contoh",
        "position": "Pengelola",
        "q_kendaraan": "BP 1 XX",
    }
    assert office.fills(f"{own}/correct", fields).status_code == 303
    page = office.get(own).text
    assert "belum dijawab" not in page
    assert "didaftarkan oleh orang lain" not in page
    assert "belum dijawab" not in office.get(one).text


def test_who_waits_hears_by_whom_they_were_registered_and_who_did_it_themselves_does_not() -> None:
    told = delegate(open_meeting(0))
    assert told["registered_by"] == f"{KEPRI.name}, Kepulauan Riau"
    alone = submit(open_meeting(), email="sendiri@contoh.id")
    query = text("SELECT envelope -> 'data' FROM outbox WHERE envelope ->> 'subject' = :id")
    with database.sessions.begin() as session:
        (event,) = session.execute(query, {"id": str(alone.id)}).scalars()
    assert event["registered_by"] == ""
    assert "belum ditanyakan" not in Office(KEPRI).get(event["own_link"]).text


def test_a_host_takes_needs_and_answers_of_everybody_away_as_a_sheet() -> None:
    meeting = open_meeting()
    ask(meeting, "praktik", "Praktik?", required=False)
    ask(meeting, "lagi", "Praktik?", required=False, position=2)
    needs = {"diet": "=1+1", "access": "Kursi roda", "lodging": True}
    submit(meeting, name="Ani Contoh", needs=needs, answers={"praktik": "-menjahit"})
    submit(meeting, name="Budi Contoh", region_code=BATAM, answers={"lagi": "Ya"})
    gone = submit(meeting, name="Cici Contoh")
    Office(KEPRI).post(
        f"/api/v1/meetings/{meeting.slug}/decisions",
        json={"action": "reject", "ids": [str(gone.id)], "reason": "Contoh"},
    )
    titles, first, second = sheet(meeting)
    assert titles[6:] == [
        *("Makanan", "Bantuan untuk disabilitas", "Perjalanan", "Penginapan"),
        *("Praktik?", "Praktik? (2)"),
    ]
    assert first[1:2] + first[6:] == [
        *("Ani Contoh", "=1+1", "Kursi roda", "", "Perlu", "-menjahit", ""),
    ]
    assert (second[1], second[-1]) == ("Budi Contoh", "Ya")
    page = Office(KEPRI).get(f"/desk/{meeting.slug}/participants").text
    assert "Bantuan untuk disabilitas: 1 · Perjalanan: 0 · Penginapan: 1" in page
    query = text(
        "SELECT count(*) FROM audit_entry WHERE action = 'needs_exported' AND noun_id = :s"
    )
    with database.sessions.begin() as session:
        assert session.execute(query, {"s": meeting.slug}).scalar_one() == 1


def test_the_sheet_is_for_the_hosts_of_the_province() -> None:
    meeting = open_meeting()
    path = f"/desk/{meeting.slug}/needs.xlsx"
    assert Office(NATIONAL).get(path).status_code == 200
    assert Office(RIAU).get(path).status_code == 404
    assert Office(BINTAN).get(path).status_code == 403
    assert "needs.xlsx" not in Office(BINTAN).get(f"/desk/{meeting.slug}/participants").text
