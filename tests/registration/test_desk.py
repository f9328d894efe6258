"""The desk: each official sees their own people, decides on many, and never loses the place."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from deskwork import (
    BINTAN,
    KEPRI,
    LIBRARY,
    NATIONAL,
    RIAU,
    Office,
    statuses,
    submit,
)
from registering import open_meeting
from sites import form_token
from sqlalchemy import text
from uuid_utils.compat import uuid7

from services.registration import booths, desk
from services.registration.desk import Filters
from services.registration.meetings import QuotaPlan
from services.registration.models import AgendaSession, CheckIn, Meeting, Question
from services.registration.resources import database
from services.registration.schemas import BoothForm

pytestmark = pytest.mark.usefixtures("registration_database")

BATAM = "21.71.01.1002"


def people(meeting: Meeting, many: int, **changes: Any) -> list[UUID]:
    return [submit(meeting, **changes).id for _ in range(many)]


def decide(meeting: Meeting, action: str, ids: list[UUID], reason: str = "", **more: Any) -> Any:
    body = {"action": action, "ids": [str(one) for one in ids], "reason": reason}
    return Office(more.get("caller", KEPRI)).post(
        f"/api/v1/meetings/{meeting.slug}/decisions", json=body
    )


def on_page(meeting: Meeting, **fields: Any) -> Any:
    """A decision by the page's form."""
    page = f"/desk/{meeting.slug}"
    office = Office(KEPRI)
    token = form_token(office.get(page).text)
    return office.post(f"{page}/decisions", data={"form_token": token} | fields)


# --- scope ---------------------------------------------------------------------------------


def test_a_province_sees_its_meeting_and_the_neighbour_finds_nothing() -> None:
    with database.sessions.begin() as session:
        slug = "plm-2022-21"
        found = session.execute(text("SELECT 1 FROM meeting WHERE slug = :s"), {"s": slug}).first()
    if not found:
        open_meeting(slug=slug)
    for path in (
        f"/desk/{slug}",
        f"/desk/{slug}/quotas",
        f"/desk/{slug}/participants",
        f"/desk/{slug}/attendance",
        f"/desk/{slug}/imports",
        f"/meetings/{slug}/delegation",
        f"/api/v1/meetings/{slug}/registrations",
    ):
        assert Office(KEPRI).get(path).status_code == 200, path
        assert Office(NATIONAL).get(path).status_code == 200, path
        assert Office(RIAU).get(path).status_code == 404, path
        assert Office(LIBRARY).get(path).status_code == 403, path


def test_a_regency_sees_its_own_people_and_decides_nothing() -> None:
    meeting = open_meeting()
    mine, other = (
        submit(meeting, name="Orang Bintan"),
        submit(meeting, name="Orang Batam", region_code=BATAM),
    )
    page = Office(BINTAN).get(f"/desk/{meeting.slug}").text
    assert "Orang Bintan" in page
    assert "Orang Batam" not in page
    assert "Setujui" not in page
    assert Office(BINTAN).get(f"/desk/{meeting.slug}/r/{mine.id}").status_code == 200
    assert Office(BINTAN).get(f"/desk/{meeting.slug}/r/{other.id}").status_code == 404
    assert decide(meeting, "approve", [mine.id], caller=BINTAN).status_code == 403
    items = Office(BINTAN).get(f"/api/v1/meetings/{meeting.slug}/registrations").json()["items"]
    assert [item["name"] for item in items] == ["Orang Bintan"]


def test_ids_of_another_meeting_are_passed_over_in_silence() -> None:
    meeting, elsewhere = open_meeting(), open_meeting()
    stranger = submit(elsewhere).id
    assert decide(meeting, "approve", [stranger]).json() == {"done": [], "skipped": []}
    assert statuses(elsewhere)[stranger] == "submitted"


def test_drafts_are_for_hosts_only() -> None:
    meeting = open_meeting(status="draft")
    assert Office(KEPRI).get(f"/desk/{meeting.slug}").status_code == 200
    assert Office(BINTAN).get(f"/desk/{meeting.slug}").status_code == 404


def test_the_list_of_meetings_counts_the_people_of_ones_own_region() -> None:
    meeting = open_meeting(title=f"Pertemuan Hitung {uuid7()}")
    ids = people(meeting, 2) + people(meeting, 3, region_code=BATAM)
    decide(meeting, "approve", ids[:1])
    with database.sessions.begin() as session:
        (seen,), _ = desk.meetings_page(session, KEPRI, words=meeting.title, after=None)
        (part,), _ = desk.meetings_page(session, BINTAN, words=meeting.title, after=None)
        assert desk.meetings_page(session, RIAU, words=meeting.title, after=None) == ([], None)
    assert (seen.submitted, seen.approved, seen.seats_left) == (4, 1, 95)
    assert (part.submitted, part.approved, part.seats_left) == (1, 1, 95)
    page = Office(KEPRI).get("/desk", q=meeting.title).text
    assert "Pertemuan baru" in page
    assert "Pertemuan baru" not in Office(BINTAN).get("/desk", q=meeting.title).text


# --- decisions -----------------------------------------------------------------------------


def test_many_are_approved_at_once_and_those_who_cannot_be_are_told_apart() -> None:
    meeting = open_meeting()
    ids = people(meeting, 12)
    decide(meeting, "reject", ids[:1], "Sudah ada wakil.")
    answer = on_page(meeting, action="approve", ids=[str(one) for one in ids], q="Peserta")
    assert answer.status_code == 303
    location = answer.headers["location"]
    assert "q=Peserta" in location
    page = Office(KEPRI).get(location).text
    assert "11 disetujui" in page
    assert "1 dilewati, karena statusnya ditolak" in page
    assert Counter(statuses(meeting).values()) == {"approved": 11, "rejected": 1}


@pytest.mark.parametrize("action", ["send_back", "reject", "withdraw"])
def test_a_decision_that_hurts_asks_for_a_reason_and_whether_one_is_sure(action: str) -> None:
    meeting = open_meeting()
    ids = people(meeting, 3)
    if action == "withdraw":
        decide(meeting, "approve", ids)
    before = statuses(meeting)
    fields = {"action": action, "ids": [str(one) for one in ids]}
    asked = on_page(meeting, **fields)
    assert asked.status_code == 200
    assert 'name="confirmed" value="yes"' in asked.text
    assert statuses(meeting) == before
    unfounded = on_page(meeting, **fields, confirmed="yes")
    assert unfounded.status_code == 422
    assert "Tulis alasannya" in unfounded.text
    assert statuses(meeting) == before
    done = on_page(meeting, **fields, confirmed="yes", reason="Maaf, tempatnya terbatas.")
    assert done.status_code == 303
    after = {"send_back": "needs_correction", "reject": "rejected", "withdraw": "cancelled"}
    assert set(statuses(meeting).values()) == {after[action]}
    person = Office(KEPRI).get(f"/desk/{meeting.slug}/r/{ids[0]}").text
    assert "Maaf, tempatnya terbatas." in person


def test_a_ready_made_reason_is_enough() -> None:
    meeting = open_meeting()
    (one,) = people(meeting, 1)
    ready = "Surat tugas belum ada atau tidak terbaca."
    on_page(meeting, action="send_back", ids=[str(one)], confirmed="yes", ready_reason=ready)
    items = Office(KEPRI).get(f"/api/v1/meetings/{meeting.slug}/registrations").json()["items"]
    assert (items[0]["status"], items[0]["reason"]) == ("needs_correction", ready)


def test_nobody_chosen_and_nothing_chosen_are_said() -> None:
    meeting = open_meeting()
    people(meeting, 1)
    assert "Pilih dulu satu pendaftaran" in on_page(meeting, action="approve").text
    assert "Pilih apa yang akan dilakukan" in on_page(meeting, ids=str(uuid7())).text


def test_the_api_asks_for_a_reason_too() -> None:
    meeting = open_meeting()
    answer = decide(meeting, "reject", people(meeting, 1))
    assert answer.status_code == 422
    assert answer.json()["code"] == "reason-missing"


def test_a_meeting_that_is_over_cannot_be_decided_on() -> None:
    meeting = open_meeting()
    ids = people(meeting, 1)
    with database.sessions.begin() as session:
        session.execute(text("UPDATE meeting SET status = 'done' WHERE id = :i"), {"i": meeting.id})
    assert decide(meeting, "approve", ids).status_code == 409
    assert "Setujui" not in Office(KEPRI).get(f"/desk/{meeting.slug}").text


def test_a_booth_is_accepted_with_its_number() -> None:
    meeting = open_meeting()
    (one,) = people(meeting, 1)
    with database.sessions.begin() as session:
        booths.save(session, one, BoothForm(title="Keripik Contoh"))
    page = f"/desk/{meeting.slug}/r/{one}"
    assert Office(KEPRI).fills(page, {"number": "A-12"}, f"{page}/booth").status_code == 303
    shown = Office(KEPRI).get(page).text
    assert "Lapak diterima" in shown
    assert "A-12" in shown
    assert Office(KEPRI).fills(page, {"number": "A" * 21}, f"{page}/booth").status_code == 422


# --- the queue -----------------------------------------------------------------------------


def test_paging_shows_everybody_once_while_rows_change_and_come() -> None:
    meeting = open_meeting(500)
    ids = people(meeting, 25)
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        params = {"limit": 10} | ({"after": after} if after else {})
        page = Office(KEPRI).get(f"/api/v1/meetings/{meeting.slug}/registrations", **params).json()
        seen += [item["id"] for item in page["items"]]
        decide(meeting, "approve", [UUID(item["id"]) for item in page["items"]])
        people(meeting, 1)
        after = page["next"]
    assert seen[:25] == [str(one) for one in ids]
    assert len(seen) == len(set(seen))


def test_filters_find_by_status_type_region_and_words() -> None:
    meeting = open_meeting()
    first = submit(meeting, name="Siti Contoh", library_name="Perpustakaan Cahaya")
    submit(meeting, name="Budi_100% Contoh", region_code=BATAM, email="budi@contoh.id")
    submit(meeting, name="Dinas Contoh", participant_type="regency_library", region_code="21.01")
    decide(meeting, "approve", [first.id])

    def names(**filters: str) -> list[str]:
        with database.sessions.begin() as session:
            rows, _ = desk.page(session, KEPRI, meeting, Filters(**filters))
        return [row.name for row in rows]

    assert names(status="approved") == ["Siti Contoh"]
    assert names(participant_type="regency_library") == ["Dinas Contoh"]
    assert names(region="21.01") == ["Siti Contoh", "Dinas Contoh"]
    assert names(q="cahaya") == ["Siti Contoh"]
    assert names(q=first.code) == ["Siti Contoh"]
    assert names(q="budi@") == ["Budi_100% Contoh"]
    assert names(q="_100%") == ["Budi_100% Contoh"]
    assert names(q="%") == ["Budi_100% Contoh"]
    submit(meeting, name="Punya Nomor", phone="081234567890")
    for part in ("0812 3456-7890", "+62812", "62 812 3456", "(0812)", "3456-7890", "812345"):
        assert names(q=part) == ["Punya Nomor"], part
    assert names(q="0813") == names(q="890") == []
    page = Office(KEPRI).get(f"/desk/{meeting.slug}", q="tidak ada").text
    assert "Tidak ada pendaftaran yang cocok" in page


# --- boards --------------------------------------------------------------------------------


def test_the_quota_board_names_the_regencies_that_nobody_comes_from() -> None:
    meeting = open_meeting(4, QuotaPlan("region", "21.01", 1), per_institution=1)
    ids = people(meeting, 1)
    submit(meeting, region_code=BATAM, library_name="Perpustakaan Batam")
    submit(meeting, library_name="Perpustakaan Lain", join_waiting_list=True)
    decide(meeting, "approve", ids)
    page = Office(KEPRI).get(f"/desk/{meeting.slug}/quotas").text
    assert "<strong>Kabupaten Kepulauan Anambas</strong>: belum ada peserta" in page
    assert "<strong>Kabupaten Bintan</strong>" not in page
    assert "<strong>Kota Batam</strong>: belum ada peserta" in page
    assert "satu orang menunggu keputusan" in page
    assert "Perpustakaan Batam" in page
    assert f"/registration/meetings/{meeting.slug}/quotas" in page
    regency = Office(BINTAN).get(f"/desk/{meeting.slug}/quotas").text
    assert "Anambas" not in regency
    assert "Ubah kuota" not in regency


def test_participants_are_those_who_are_approved() -> None:
    meeting = open_meeting()
    ids = [submit(meeting, name=name).id for name in ("Citra", "Ahmad", "Badu")]
    decide(meeting, "approve", ids[:2])
    page = Office(KEPRI).get(f"/desk/{meeting.slug}/participants").text
    assert page.index("Ahmad") < page.index("Citra")
    assert "Badu" not in page
    assert f"/reporting/meetings/{meeting.slug}" in page
    assert (
        "Tidak ada peserta"
        in Office(KEPRI).get(f"/desk/{meeting.slug}/participants", q="Badu").text
    )


def test_attendance_is_told_by_day_and_session() -> None:
    starts_at = datetime.now(UTC) + timedelta(days=3)
    meeting = open_meeting(starts_at=starts_at, ends_at=starts_at + timedelta(days=1))
    ids = people(meeting, 2)
    decide(meeting, "approve", ids)
    day = starts_at.astimezone().date()
    with database.sessions.begin() as session:
        days = desk_days(meeting)
        day = days[0]
        agenda = AgendaSession(
            id=uuid7(),
            meeting_id=meeting.id,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            title="Pembukaan Contoh",
            check_in=True,
        )
        session.add(agenda)
        session.flush()
        for session_id in (None, agenda.id):
            session.add(
                CheckIn(
                    id=uuid7(),
                    meeting_id=meeting.id,
                    registration_id=ids[0],
                    day=day,
                    session_id=session_id,
                    at=datetime.now(UTC),
                    by="Petugas",
                )
            )
    office, path = Office(KEPRI), f"/desk/{meeting.slug}/attendance"
    page = office.get(path).text
    assert "Pembukaan Contoh" in page
    assert page.count(">Hadir</span>") == 1
    present = office.get(path, at=str(agenda.id), only="present").text
    assert f"/r/{ids[0]}" in present
    assert f"/r/{ids[1]}" not in present
    absent = office.get(path, day=str(days[1]), only="absent").text
    assert f"/r/{ids[0]}" in absent


def desk_days(meeting: Meeting) -> Any:
    from services.registration import boards

    return boards.days(meeting)


def test_a_written_answer_is_shown_as_well_as_a_chosen_one() -> None:
    meeting = open_meeting()
    question = Question(
        id=uuid7(), meeting_id=meeting.id, key="praktik", position=1, type="text", label="Praktik?"
    )
    with database.sessions.begin() as session:
        session.add(question)
    registered = submit(meeting, answers={"praktik": "Kelas menjahit (contoh)"})
    page = Office(KEPRI).get(f"/desk/{meeting.slug}/r/{registered.id}")
    assert page.status_code == 200
    assert "Kelas menjahit (contoh)" in page.text
    assert page.text.count("<strong>Terdaftar</strong>") == 1
    assert "terdaftar</strong>" not in page.text
