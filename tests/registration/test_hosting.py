"""Organisers make, change, publish, copy and call off their meetings, and everybody is told."""

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

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
    told,
)
from pypdf import PdfReader
from sites import ROOT, eventually
from sqlalchemy import select, text

from services.registration import agenda, hosting, jobs, letters, questions, rounds, seats, tellings
from services.registration.agenda import OutsideMeeting
from services.registration.hosting_schemas import SessionForm
from services.registration.meetings import QuotaPlan
from services.registration.models import AuditEntry, Meeting, Quota, Registration, Telling
from services.registration.resources import database, forms
from services.registration.rounds import RoundPlan
from shared import regions
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("registration_database")


def path(meeting: Meeting, what: str = "edit") -> str:
    return f"/meetings/{meeting.slug}/{what}"


def typed(meeting: Meeting, what: str = "edit") -> dict[str, str]:
    """The page's form as it comes, with a form token of its own."""
    return form_of(http("GET", path(meeting, what)).text)


def save(meeting: Meeting, what: str = "edit", caller: Caller = HOST, /, **changes: str) -> Any:
    fields = typed(meeting, what) | changes
    return http("POST", path(meeting, what), caller, data=fields)


def telling(meeting: Meeting) -> Telling:
    with database.sessions.begin() as session:
        query = select(Telling).where(Telling.meeting_id == meeting.id).order_by(Telling.id.desc())
        return session.scalars(query).first()  # type: ignore[return-value]


def due() -> None:
    """Whatever is to be told is due now."""
    with database.sessions.begin() as session:
        session.execute(text("UPDATE telling SET due_at = now() WHERE finished_at IS NULL"))


def log(meeting: Meeting) -> list[AuditEntry]:
    with database.sessions.begin() as session:
        query = select(AuditEntry).where(AuditEntry.noun_id == meeting.slug)
        return list(session.scalars(query.order_by(AuditEntry.id)))


# --- editing -------------------------------------------------------------------------------


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


# --- everybody is told ---------------------------------------------------------------------


def test_a_new_venue_reaches_each_who_comes_exactly_once() -> None:
    meeting = open_meeting()
    coming = guests(meeting, 3) + guests(
        meeting, 1, status="waiting", waiting_since=datetime.now(UTC)
    )
    guests(meeting, 2, status="cancelled")
    assert save(meeting, venue="Gedung Baru").status_code == 303
    assert (telling(meeting).total, telling(meeting).done) == (4, 0)
    due()
    jobs.tell_registrations()
    jobs.tell_registrations()
    assert told(meeting, "rescheduled") == {str(person): 1 for person in coming}
    assert telling(meeting).done == 4
    assert telling(meeting).finished_at
    assert http("GET", path(meeting, "telling")).json()["state"] == "done"


def test_a_second_change_overtakes_the_first() -> None:
    meeting = open_meeting()
    coming = guests(meeting, 2)
    save(meeting, venue="Gedung Kedua")
    save(meeting, venue="Gedung Ketiga")
    due()
    jobs.tell_registrations()
    assert told(meeting, "rescheduled") == {str(person): 1 for person in coming}


def test_one_that_is_overtaken_while_it_is_told_stops() -> None:
    meeting = open_meeting()
    coming = guests(meeting, 6)
    save(meeting, venue="Gedung Kedua")
    due()
    with database.sessions.begin() as session:
        first = tellings.latest(session, meeting.id)
        assert first
        assert tellings.tell_some(session, first.id, batch=2)
    save(meeting, venue="Gedung Ketiga")
    due()
    with database.sessions.begin() as session:
        assert not tellings.tell_some(session, first.id, batch=2)
    jobs.tell_registrations()
    assert sum(told(meeting, "rescheduled").values()) == 2 + len(coming)


def test_calling_off_ends_each_registration_and_frees_each_seat() -> None:
    meeting = open_meeting(QuotaPlan("meeting", "", 50), QuotaPlan("region", "21.01", 50))
    coming = guests(meeting, 5)
    assert post(path(meeting, "cancel"), reason="").status_code == 422
    answer = post(path(meeting, "cancel"), reason="Gedung kebanjiran.")
    assert answer.status_code == 303
    assert post(path(meeting, "cancel"), reason="Gedung kebanjiran.").status_code == 303
    assert [event["reason"] for event in published(meeting, "cancelled")] == ["Gedung kebanjiran."]
    jobs.tell_registrations()
    assert told(meeting, "cancelled") == {str(person): 1 for person in coming}
    with database.sessions.begin() as session:
        query = select(Registration).where(Registration.meeting_id == meeting.id)
        people = list(session.scalars(query))
        taken = session.scalars(select(Quota.taken).where(Quota.meeting_id == meeting.id))
        assert set(taken) == {0}
    assert {(each.status, each.reason) for each in people} == {("cancelled", "Gedung kebanjiran.")}
    assert "Gedung kebanjiran." in http("GET", path(meeting)).text


def test_who_registered_while_the_meeting_was_called_off_is_told_as_well() -> None:
    meeting = open_meeting()
    guests(meeting, 1)
    post(path(meeting, "cancel"), reason="Gedung kebanjiran.")
    jobs.tell_registrations()
    (late,) = guests(meeting, 1)
    jobs.tell_registrations()
    assert told(meeting, "cancelled")[str(late)] == 1


def test_a_killed_worker_leaves_nobody_untold_and_tells_nobody_twice() -> None:
    meeting = open_meeting()
    coming = guests(meeting, 1200)
    post(path(meeting, "cancel"), reason="Gedung kebanjiran.")
    with database.sessions() as session:
        # The second batch waits for this person, with half of its work done.
        query = select(Registration).where(Registration.id == coming[700]).with_for_update()
        session.scalars(query).one()
        program = "from services.registration import jobs; jobs.tell_registrations()"
        worker = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=os.environ)
        eventually(lambda: telling(meeting).done == 500, "the first batch is told")
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait(10)
        session.rollback()
    assert len(told(meeting, "cancelled")) == 500
    jobs.tell_registrations()
    assert told(meeting, "cancelled") == {str(person): 1 for person in coming}
    assert (telling(meeting).done, telling(meeting).total) == (1200, 1200)


# --- quotas --------------------------------------------------------------------------------


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


# --- agenda and papers ---------------------------------------------------------------------


def add_session(meeting: Meeting, starts: str, ends: str, title: str) -> None:
    day = meeting.starts_at + timedelta(hours=7)
    fields = {"title": title, "day": f"{day:%Y-%m-%d}", "starts": starts, "ends": ends}
    assert post(path(meeting, "agenda/new"), **fields).status_code == 303


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


# --- rounds --------------------------------------------------------------------------------


def template(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "form_token": forms.new_form(),
        "title": "Putaran Contoh",
        "name": name,
        "provinces": ["21", "14", "81"],
        "meeting_title": "PLM {province} {year}",
        "first_day": "2028-06-06",
        "waves": "2",
        "days_between": "7",
        "length_days": "2",
        "starts": "08:00",
        "ends": "16:00",
        "closes_before": "7",
        "capacity": "60",
        "per_type.impact": "5",
        "per_regency": "",
        "per_institution": "2",
        "waiting_list": "yes",
        "offer_hours": "24",
        "jp": "16",
        "min_days": "2",
    } | changes


def test_a_round_shows_its_dates_before_it_is_opened_once() -> None:
    fields = template("contoh-2028")
    page = http("POST", "/rounds/new", NATIONAL, data=fields | {"step": "preview"}).text
    assert "6–7 Juni 2028" in page
    assert "13–14 Juni 2028" in page
    with database.sessions.begin() as session, pytest.raises(rounds.RoundNotFound):
        rounds.find(session, "contoh-2028")
    for _ in range(2):
        answer = http("POST", "/rounds/new", NATIONAL, data=fields | {"step": "drafts"})
        assert answer.status_code == 303
    with database.sessions.begin() as session:
        made = rounds.find(session, "contoh-2028")
        listed = rounds.meetings_of(session, made)
    assert [(each.slug, each.status) for each in listed] == [
        ("contoh-2028-14", "draft"),
        ("contoh-2028-21", "draft"),
        ("contoh-2028-81", "draft"),
    ]
    assert listed[2].zone == "Asia/Jayapura"
    assert listed[2].starts_at == datetime(2028, 6, 12, 23, tzinfo=UTC)
    assert http("POST", "/rounds/contoh-2028/publish", NATIONAL, data=fields).status_code == 303
    assert {now(each).status for each in listed} == {"published"}
    other = http("POST", "/rounds/new", NATIONAL, data=template("contoh-2028", step="drafts"))
    assert other.status_code == 409


def test_a_province_joins_later_and_only_once() -> None:
    fields = template("susulan-2028", step="drafts", provinces=["21"])
    http("POST", "/rounds/new", NATIONAL, data=fields)
    for _ in range(2):
        more = {"province": "14", "first_day": "2028-07-04"}
        answer = post("/rounds/susulan-2028/provinces", NATIONAL, **more)
        assert answer.status_code == 303
    with database.sessions.begin() as session:
        listed = rounds.meetings_of(session, rounds.find(session, "susulan-2028"))
    assert [each.province_code for each in listed] == ["21", "14"]


def test_a_round_of_38_provinces_copies_agenda_and_questions_quickly() -> None:
    source = open_meeting()
    add_session(source, "08:00", "09:00", "Pembukaan")
    question = {"type": "number", "label": "Berapa koleksi buku?"}
    assert post(path(source, "questions/new"), **question).status_code == 303
    plan = RoundPlan(
        "luas-2028",
        datetime(2028, 6, 6, tzinfo=UTC).date(),
        *(5, 60, {"impact": 10}, 10),
        copy_from=source.slug,
    )
    started = datetime.now(UTC)
    with database.sessions.begin() as session:
        opened = rounds.open_round(session, plan, regions.children(None), NATIONAL, publish=False)
    assert opened == 38
    assert datetime.now(UTC) - started < timedelta(seconds=10)
    with database.sessions.begin() as session:
        papua = hosting.find(session, NATIONAL, "luas-2028-91")
        (item,) = agenda.of(session, papua.id)
        assert item.starts_at == papua.starts_at
        assert [each.key for each in questions.asked(session, papua.id)] == ["berapa_koleksi_buku"]
        capacities = {quota.kind for quota in session.scalars(select(Quota))}
    assert "region" in capacities


def test_rounds_are_the_national_offices_own() -> None:
    assert http("GET", "/rounds").status_code == 403
    assert http("GET", "/rounds/new").status_code == 403
    assert http("POST", "/rounds/new", HOST, data=template("bukan-hak")).status_code == 403
    for words in ("", "?q=Putaran"):
        assert http("GET", f"/rounds{words}", NATIONAL).status_code == 200


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
    meeting = open_meeting()
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


def test_a_new_round_chooses_no_province_by_itself() -> None:
    page = http("GET", "/rounds/new", NATIONAL).text
    assert 'name="provinces"' in page
    assert not any("checked" in tag for tag in page.split("<input") if 'name="provinces"' in tag)
