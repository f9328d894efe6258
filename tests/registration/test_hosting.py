"""Organisers make, change, publish, copy and call off their meetings."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hosts import (
    HOST,
    NATIONAL,
    NEIGHBOUR,
    form_of,
    guests,
    http,
    now,
    open_meeting,
    post,
    published,
)
from registration.meeting_forms import add_session, log, path, save, telling, typed
from sqlalchemy import select

from services.registration import agenda, hosting, jobs, letters, seats
from services.registration.meetings import QuotaPlan
from services.registration.models import Meeting, Quota
from services.registration.resources import database, forms
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("registration_database")


def test_a_draft_is_made_once_and_seen_by_its_hosts_only() -> None:
    fields = {
        "form_token": forms.new_form(),
        "title": "Temu Sejawat Contoh",
        "venue": "Aula Contoh",
        "zone": "Asia/Jakarta",
        "starts_day": "17/08/2028",
        "starts_time": "08.00",
        "ends_day": "2028-08-18",
        "ends_time": "16:00",
        "closes_day": "2028-08-10",
        "closes_time": "16:00",
        "keep_days": "365",
    }
    first, second = (http("POST", "/meetings/new", HOST, data=fields) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    slug = first.headers["location"].split("/")[3]
    assert slug == "temu-sejawat-contoh-2028"
    assert http("GET", f"/meetings/{slug}/edit").status_code == 200
    assert http("GET", f"/meetings/{slug}/edit", NEIGHBOUR).status_code == 404
    assert http("GET", f"/api/v1/meetings/{slug}", None).status_code == 404
    with database.sessions.begin() as session:
        made = hosting.find(session, HOST, slug)
    assert (made.status, made.starts_at) == ("draft", datetime(2028, 8, 17, 1, tzinfo=UTC))
    assert made.keep_days == 365
    assert published(made) == []
    assert [entry.action for entry in log(made)] == ["created"]


def test_a_double_click_makes_one_copy() -> None:
    meeting = open_meeting()
    fields = {"title": "Salinan Kembar", "first_day": "2029-01-09", "form_token": forms.new_form()}
    locations: list[str] = []

    def click() -> None:
        answer = http("POST", path(meeting, "clone"), HOST, data=fields)
        locations.append(answer.headers["location"])

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(locations) == 4
    assert len(set(locations)) == 1


def test_two_meetings_of_one_name_have_two_addresses() -> None:
    locations = []
    for _ in range(2):
        meeting = open_meeting(status="draft", title="Nama Sama")
        fields = {"title": "Nama Kembar", "first_day": f"{meeting.starts_at + timedelta(90):%F}"}
        locations.append(post(path(meeting, "clone"), **fields).headers["location"])
    assert len(set(locations)) == 2


def test_wrong_times_are_told_and_all_stays_as_typed() -> None:
    meeting = open_meeting()
    answer = save(meeting, ends_day="2020-01-01", title="Judul yang diketik", starts_time="delapan")
    assert answer.status_code == 422
    assert "Judul yang diketik" in answer.text
    assert "Isi jam dan menit" in answer.text
    answer = save(meeting, ends_day="2020-01-01")
    assert "Waktu selesai harus sesudah waktu mulai" in answer.text
    assert now(meeting).version == 1


def test_a_new_title_is_published_but_troubles_nobody() -> None:
    meeting = open_meeting()
    guests(meeting, 2)
    assert save(meeting, title="Judul Baru").status_code == 303
    assert [event["meeting"]["version"] for event in published(meeting)] == [1, 2]
    assert telling(meeting) is None


def test_the_second_editor_is_told_what_the_first_one_did() -> None:
    meeting = open_meeting()
    mine = typed(meeting)
    assert save(meeting, "edit", NATIONAL, venue="Gedung Lain").status_code == 303
    answer = http("POST", path(meeting), HOST, data=mine | {"title": "Judul Saya"})
    assert answer.status_code == 409
    assert "Petugas Nasional" in answer.text
    assert "Gedung Lain" in answer.text
    assert "Judul Saya" in answer.text
    again = form_of(answer.text)
    assert again["version"] == "2"
    assert http("POST", path(meeting), HOST, data=again).status_code == 303
    assert now(meeting).title == "Judul Saya"


def test_editing_the_letter_does_not_disturb_who_edits_the_facts() -> None:
    meeting = open_meeting()
    mine = typed(meeting)
    assert save(meeting, "letter", number="005/CONTOH/2027").status_code == 303
    data = mine | {"title": "Judul Saya"}
    assert http("POST", path(meeting), HOST, data=data).status_code == 303


@pytest.mark.parametrize(
    "what", ["edit", "quotas", "agenda", "questions", "letter", "certificate-terms", "cancel"]
)
def test_a_neighbour_finds_nothing_and_a_stranger_must_sign_in(what: str) -> None:
    meeting = open_meeting()
    assert http("GET", path(meeting, what), NEIGHBOUR).status_code == 404
    assert http("GET", path(meeting, what), None).status_code in {303, 401}
    assert (
        http("GET", path(meeting, what), Caller("regency", "PIC", "p", "21.01")).status_code == 403
    )


def test_a_meeting_is_published_closed_and_reopened() -> None:
    meeting = open_meeting(status="draft")
    assert post(path(meeting, "publish")).status_code == 303
    assert len(published(meeting)) == 1
    assert post(path(meeting, "publish")).status_code == 303  # a double click
    assert len(published(meeting)) == 1
    assert post(path(meeting, "state"), step="close").status_code == 303
    assert now(meeting).status == "closed"
    assert post(path(meeting, "state"), step="reopen").status_code == 303
    assert now(meeting).status == "published"
    assert [entry.action for entry in log(meeting)] == ["published", "closed", "published"]


def test_meetings_begin_and_end_by_the_clock() -> None:
    hour = timedelta(hours=1)
    begun = open_meeting(starts_at=datetime.now(UTC) - hour)
    over = open_meeting(
        status="running",
        starts_at=datetime.now(UTC) - 3 * hour,
        ends_at=datetime.now(UTC) - hour,
    )
    later = open_meeting()
    jobs.advance_meetings()
    jobs.advance_meetings()
    assert [now(each).status for each in (begun, over, later)] == ["running", "done", "published"]
    assert [(entry.action, entry.actor) for entry in log(over)] == [("ended", "system")]


def test_a_copy_takes_everything_but_people_and_the_letters_number() -> None:
    meeting = open_meeting(QuotaPlan("meeting", "", 40), QuotaPlan("region", "21.01", 5))
    guests(meeting, 3)
    add_session(meeting, "08:00", "09:00", "Pembukaan")
    save(meeting, "letter", number="005/CONTOH", body="Isi contoh")
    first_day = meeting.starts_at + timedelta(days=365)
    answer = post(path(meeting, "clone"), title="Salinan Contoh", first_day=f"{first_day:%Y-%m-%d}")
    slug = answer.headers["location"].split("/")[3]
    with database.sessions.begin() as session:
        made = hosting.find(session, HOST, slug)
        assert made.starts_at == meeting.starts_at + timedelta(days=365)
        assert made.closes_at == meeting.closes_at + timedelta(days=365)
        (item,) = agenda.of(session, made.id)
        query = select(Quota).where(Quota.meeting_id == made.id).order_by(Quota.id)
        quotas = [(each.kind, each.capacity, each.taken) for each in session.scalars(query)]
    assert item.starts_at == made.starts_at
    assert quotas == [("meeting", 40, 0), ("region", 5, 0)]
    assert (made.status, made.letter["body"]) == ("draft", "Isi contoh")
    assert not letters.letter_terms(made).number


def test_a_called_off_meeting_takes_no_decisions() -> None:
    meeting = open_meeting()
    (person,) = guests(meeting, 1)
    post(path(meeting, "cancel"), reason="Gedung kebanjiran.")
    with database.sessions.begin() as session, pytest.raises(seats.NotPossible):
        seats.approve(session, HOST, session.get_one(Meeting, meeting.id), [person])


def test_a_host_sees_the_public_page_of_a_draft() -> None:
    meeting = open_meeting(status="draft")
    page = http("GET", f"/meetings/{meeting.slug}")
    assert page.status_code == 200
    assert "Hanya tuan rumah yang melihat halaman ini." in page.text
    assert "Pendaftaran ditutup" not in page.text
    assert "Ke halaman check-in" not in page.text
    for caller in (NEIGHBOUR, None):
        assert http("GET", f"/meetings/{meeting.slug}", caller).status_code == 404


def test_who_works_at_a_meeting_finds_its_door() -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    meeting = open_meeting(starts_at=tomorrow, ends_at=tomorrow + timedelta(hours=8))
    near = Caller("master_trainer", "Pendamping Contoh", "trainer", "21.01")
    far = Caller("master_trainer", "Pendamping Jauh", "far", "14.01")
    reader = Caller("library", "Pengelola Contoh", "library", "21.01")
    shown = [
        "Ke halaman check-in" in http("GET", f"/meetings/{meeting.slug}", caller).text
        for caller in (near, HOST, NATIONAL, far, reader, NEIGHBOUR, None)
    ]
    assert shown == [True, True, True, False, False, False, False]


def test_before_a_meeting_is_published_its_host_is_told_what_it_lacks() -> None:
    lacks = ("Susunan acara belum diisi.", "Surat undangan belum bernomor", "Kuota belum diatur")
    meeting = open_meeting(QuotaPlan("meeting", "", hosting.SEATS), status="draft")
    page = http("GET", path(meeting, "publish")).text
    assert [words in page for words in lacks] == [True, True, True]
    add_session(meeting, "09:00", "10:00", "Pembukaan")
    save(meeting, "letter", number="005/1/2028")
    save(meeting, "quotas", meeting="40")
    page = http("GET", path(meeting, "publish")).text
    assert [words in page for words in lacks] == [False, False, False]


def test_participants_are_spoken_of_only_where_they_see_the_change() -> None:
    seen = "Yang dilihat peserta sudah ikut berubah."
    shown = open_meeting()
    assert seen in http("GET", f"{path(shown)}?done=saved").text
    assert (
        seen not in http("GET", f"{path(open_meeting(status='draft'), 'quotas')}?done=saved").text
    )
    answer = save(shown, "certificate-terms", signer_name="Pejabat Contoh")
    assert answer.headers["location"] == "certificate-terms?done=kept"
    assert seen not in http("GET", path(shown, answer.headers["location"])).text
