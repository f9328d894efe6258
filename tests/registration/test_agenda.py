"""What belongs to a meeting: its quotas, its sessions, its letter, its certificates' numbers."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from hosts import (
    HOST,
    NEIGHBOUR,
    guests,
    http,
    now,
    open_meeting,
    post,
    told,
)
from pypdf import PdfReader
from registration.meeting_forms import add_session, log, path, save, typed
from sqlalchemy import select

from services.registration import agenda
from services.registration.agenda import OutsideMeeting
from services.registration.hosting_schemas import SessionForm
from services.registration.meetings import QuotaPlan
from services.registration.models import Quota
from services.registration.resources import database

pytestmark = pytest.mark.usefixtures("registration_database")


def test_quotas_are_changed_and_the_waiting_move_up() -> None:
    meeting = open_meeting(QuotaPlan("meeting", "", 2))
    guests(meeting, 2)
    (first,) = guests(meeting, 1, status="waiting", waiting_since=datetime.now(UTC))
    fields = {"meeting": "3", "participant_type.impact": "1", "region.21.05": "4"}
    assert save(meeting, "quotas", **fields).status_code == 303
    assert told(meeting, "seat_offered") == {str(first): 1}
    again = typed(meeting, "quotas")
    assert (again["meeting"], again["participant_type.impact"], again["region.21.05"]) == (
        "3",
        "1",
        "4",
    )


def test_a_quota_below_what_is_taken_is_refused_and_nothing_changes() -> None:
    meeting = open_meeting(QuotaPlan("meeting", "", 9), QuotaPlan("region", "21.01", 9))
    guests(meeting, 4)
    fields = {"meeting": "8", "region.21.01": "3", "offer_hours": "12"}
    answer = save(meeting, "quotas", **fields)
    assert answer.status_code == 409
    assert "Sudah terisi 4 kursi" in answer.text
    assert 'value="8"' in answer.text
    again = typed(meeting, "quotas")
    assert (again["meeting"], again["region.21.01"], again["offer_hours"]) == ("9", "9", "48")


def test_a_regency_of_another_province_gets_no_quota() -> None:
    meeting = open_meeting()
    save(meeting, "quotas", **{"region.14.01": "5"})
    with database.sessions.begin() as session:
        keys = session.scalars(select(Quota.key).where(Quota.meeting_id == meeting.id))
        assert "14.01" not in set(keys)


def test_sessions_stand_by_day_and_overlaps_are_told() -> None:
    meeting = open_meeting()
    add_session(meeting, "10:00", "12:00", "Klinik B")
    add_session(meeting, "08:00", "11:00", "Klinik A")
    page = http("GET", path(meeting, "agenda")).text
    assert page.index("08.00–11.00 WIB") < page.index("10.00–12.00 WIB")
    assert "Bersamaan dengan: Klinik A" in page
    with database.sessions.begin() as session:
        first, second = agenda.of(session, meeting.id)
        assert agenda.overlapping([first, second])[first.id] == [second]
        day = meeting.starts_at.date()
        outside = SessionForm.model_validate(
            {"title": "Malam", "day": day, "starts": "06:00", "ends": "08:30"}
        )
        with pytest.raises(OutsideMeeting):
            agenda.change(session, HOST, meeting, first, outside)
    assert post(path(meeting, f"agenda/{first.id}/delete")).status_code == 303
    assert "Klinik A" not in http("GET", path(meeting, "agenda")).text
    stranger = open_meeting()
    assert http("GET", path(stranger, f"agenda/{second.id}")).status_code == 404


def test_the_agenda_moves_with_its_meeting() -> None:
    meeting = open_meeting()
    add_session(meeting, "09:00", "10:00", "Pembukaan")
    with database.sessions.begin() as session:
        (before,) = [item.starts_at for item in agenda.of(session, meeting.id)]
    day, last = (
        (moment + timedelta(days=3)).date().isoformat()
        for moment in (meeting.starts_at, meeting.ends_at)
    )
    answer = save(meeting, starts_day=day, ends_day=last)
    assert answer.headers["location"] == "edit?done=told&agenda=moved"
    page = http("GET", f"{path(meeting)}?done=told&agenda=moved").text
    assert "Susunan acara ikut digeser; periksa lagi." in page
    with database.sessions.begin() as session:
        (item,) = agenda.of(session, meeting.id)
        assert item.starts_at == before + timedelta(days=3)
        assert item.ends_at == item.starts_at + timedelta(hours=1)
    assert (log(meeting)[-1].after or {})["agenda_moved"] == 1
    assert save(meeting, title="Judul Baru (contoh)").headers["location"] == "edit?done=saved"


def test_speakers_are_written_a_line_each() -> None:
    form = SessionForm.model_validate(
        {
            "title": "Panel",
            "day": "2027-06-08",
            "starts": "08.00",
            "ends": "09.00",
            "speakers": "Narasumber Contoh; Moderator\n\nNarasumber Lain",
        }
    )
    assert [each.model_dump() for each in form.speakers] == [
        {"name": "Narasumber Contoh", "role": "Moderator"},
        {"name": "Narasumber Lain", "role": ""},
    ]


def test_the_letter_is_public_once_it_is_numbered() -> None:
    meeting = open_meeting()
    add_session(meeting, "08:00", "09:00", "Pembukaan")
    letter = path(meeting, "invitation.pdf")
    assert http("GET", letter, None).status_code == 404
    assert http("GET", letter, NEIGHBOUR).status_code == 404
    assert http("GET", letter).status_code == 200
    fields = {"number": "005/12/CONTOH/2027", "signer_name": "Nama Contoh", "place": "Batam"}
    assert save(meeting, "letter", **fields).status_code == 303
    answer = http("GET", letter, None)
    assert answer.headers["content-type"] == "application/pdf"
    words = "".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)
    for word in ("005/12/CONTOH/2027", "Nama Contoh", "Pembukaan", "Batam,"):
        assert word in words


def test_a_meeting_without_edits_can_be_certified() -> None:
    meeting = open_meeting()
    answer = http("GET", path(meeting, "certificate-sample.pdf"))
    assert answer.content.startswith(b"%PDF")
    assert typed(meeting, "certificate-terms")["number_pattern"] == "{serial:03}/{meeting}"


@pytest.mark.parametrize(
    "pattern",
    ["", "{meeting}", "{serial:999999999}", "{serial!r}", "{serial.real}", "{0}", "{serial", "{x}"],
)
def test_a_pattern_that_makes_no_numbers_is_refused(pattern: str) -> None:
    meeting = open_meeting()
    assert save(meeting, "certificate-terms", number_pattern=pattern).status_code == 422
    assert now(meeting).version == 1


def test_two_meetings_never_number_alike() -> None:
    first, second = open_meeting(), open_meeting()
    pattern = "{serial:03}/KEMBAR-{province}/{year}"
    assert save(first, "certificate-terms", number_pattern=pattern).status_code == 303
    answer = save(second, "certificate-terms", number_pattern=pattern)
    assert answer.status_code == 422
    assert first.slug in answer.text
