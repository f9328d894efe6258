"""The own page: what a registrant sees and does behind their link, and nobody else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from registering import (
    BOOTH,
    PERSON,
    VILLAGE,
    Browser,
    open_meeting,
    pdf,
    photo,
    registration,
)
from sites import form_token
from sqlalchemy import select, text
from uuid_utils.compat import uuid7

from services.registration import seats, uploads
from services.registration.models import AuditEntry, Booth, Meeting, Registration, Upload
from services.registration.resources import database
from services.registration.settings import settings
from shared.security import Caller, Role, issue_token

pytestmark = pytest.mark.usefixtures("registration_database")

HOST = Caller("province", "Petugas Contoh", "host", "21")


def decide(meeting: Meeting, own: str, step: Callable[..., object], *reason: str) -> None:
    with database.sessions.begin() as session:
        held = session.get_one(Meeting, meeting.id)
        step(session, HOST, held, [registration(own).id], *reason)


def bearer(role: Role, region_code: str = "") -> dict[str, str]:
    caller = Caller(role, "Petugas Contoh", str(uuid7()), region_code)
    return {
        "authorization": f"Bearer {issue_token(settings().token_private_key, caller, seconds=60)}"
    }


def entry(browser: Browser, own: str) -> tuple[str, str, str, int]:
    """Method, status, UID and sequence of the calendar file."""
    answer = browser.get(f"{own}/calendar.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    lines = answer.text.replace("\r\n ", "").splitlines()
    told = dict(line.split(":", 1) for line in lines if ":" in line)
    return told["METHOD"], told["STATUS"], told["UID"], int(told["SEQUENCE"])


def test_the_page_says_what_happens_next_and_is_not_stored(browser: Browser) -> None:
    own = browser.registers(open_meeting())
    page = browser.get(own)
    assert page.headers["cache-control"] == "private, no-store"
    assert "Tuan rumah memeriksa pendaftaran ini" in page.text
    assert 'class="qr"' not in page.text


def test_an_approved_registration_shows_its_ticket(browser: Browser) -> None:
    meeting = open_meeting()
    own = browser.registers(meeting)
    decide(meeting, own, seats.approve)
    page = browser.get(own).text
    assert 'class="qr"' in page
    assert registration(own).code in page
    assert "Anda terdaftar sebagai peserta" in page


@pytest.mark.parametrize("step", [seats.send_back, seats.reject])
def test_the_hosts_reason_is_told(browser: Browser, step: Callable[..., object]) -> None:
    meeting = open_meeting()
    own = browser.registers(meeting)
    decide(meeting, own, step, "Surat tugas belum bertanda tangan.")
    assert "Surat tugas belum bertanda tangan." in browser.get(own).text


def test_who_was_sent_back_corrects_and_is_submitted_again(browser: Browser) -> None:
    meeting = open_meeting()
    own = browser.registers(meeting, **BOOTH, nik="2101040505800001", diet="Vegetarian")
    decide(meeting, own, seats.send_back, "Nama belum lengkap.")
    page = browser.get(f"{own}/correct")
    for shown in ("Peserta Contoh", "Vegetarian", "Keripik Contoh", 'value="25000"', VILLAGE):
        assert shown in page.text
    assert "2101040505800001" not in page.text
    changes = PERSON | BOOTH | {"name": "Peserta Contoh, S.Sos.", "booth_title": "Lapak Baru"}
    answer = browser.ask(
        "POST",
        f"{own}/correct",
        data=changes | {"form_token": form_token(page.text)},
        files=[("assignment_letter", ("surat.pdf", pdf()))],
    )
    assert answer.status_code == 303
    person = registration(own)
    assert (person.status, person.name) == ("submitted", "Peserta Contoh, S.Sos.")
    assert person.nik is not None  # left empty, it stays
    assert person.needs["diet"] == ""
    with database.sessions.begin() as session:
        assert session.get_one(Booth, person.id).title == "Lapak Baru"
        assert [upload.name for upload in uploads.of(session, person.id)] == ["surat.pdf"]
        logged = select(AuditEntry.action).where(AuditEntry.noun_id == str(person.id))
        assert "corrected" in set(session.scalars(logged))


def test_a_correction_that_is_wrong_keeps_what_was_typed_and_changes_nothing(
    browser: Browser,
) -> None:
    own = browser.registers(open_meeting())
    token = form_token(browser.get(f"{own}/correct").text)
    typed = PERSON | {"name": "Nama Baru", "email": "salah", "form_token": token}
    answer = browser.ask("POST", f"{own}/correct", data=typed)
    assert answer.status_code == 422
    assert "Nama Baru" in answer.text
    assert registration(own).name == "Peserta Contoh"


def test_a_file_sent_with_a_correction_replaces_the_one_before(browser: Browser) -> None:
    meeting = open_meeting()
    letter = [("assignment_letter", ("lama.pdf", pdf()))]
    own = browser.fill_in(meeting, PERSON, files=letter).headers["location"]
    token = form_token(browser.get(f"{own}/correct").text)
    browser.ask(
        "POST",
        f"{own}/correct",
        data=PERSON | {"form_token": token},
        files=[("assignment_letter", ("baru.jpg", photo()))],
    )
    with database.sessions.begin() as session:
        [upload] = uploads.of(session, registration(own).id)
    assert upload.name == "baru.jpg"
    sent = browser.get(f"{own}/uploads/{upload.id}")
    assert sent.status_code == 200
    assert sent.headers["cache-control"] == "private, no-store"


def test_a_surat_tugas_is_for_its_owner_and_for_staff_of_the_region(browser: Browser) -> None:
    meeting = open_meeting()
    letter = [("assignment_letter", ("surat.pdf", pdf()))]
    own = browser.fill_in(meeting, PERSON, files=letter).headers["location"]
    other = browser.registers(meeting, name="Orang Lain (contoh)", email="lain@contoh.id")
    with database.sessions.begin() as session:
        upload_id = session.scalars(
            select(Upload.id).where(Upload.registration_id == registration(own).id)
        ).one()
    assert browser.get(f"{other}/uploads/{upload_id}").status_code == 404
    assert browser.get(f"/photos/{upload_id}").status_code == 404
    address = f"/uploads/{upload_id}"
    assert browser.get(address).status_code in {303, 401}
    allowed = [("national", ""), ("province", "21"), ("regency", "21.01")]
    for role, region in allowed:
        assert browser.get(address, headers=bearer(role, region)).status_code == 200  # type: ignore[arg-type]
    assert browser.get(address, headers=bearer("province", "14")).status_code == 404
    assert browser.get(address, headers=bearer("regency", "21.02")).status_code == 404
    assert browser.get(address, headers=bearer("library", "21.01.04.2001")).status_code == 403


def test_cancelling_asks_first_gives_the_seat_on_and_tells_why(browser: Browser) -> None:
    meeting = open_meeting(1)
    own = browser.registers(meeting)
    second = browser.registers(
        meeting, name="Peserta Kedua", email="kedua@contoh.id", join_waiting_list="yes"
    )
    assert registration(second).status == "waiting"
    asked = browser.get(f"{own}/cancel")
    assert "Ya, batalkan" in asked.text
    assert registration(own).status == "submitted"
    done = browser.does(own, "cancel", reason="Ada tugas lain.")
    assert done.status_code == 303
    assert (registration(own).status, registration(own).reason) == ("cancelled", "Ada tugas lain.")
    offer = browser.get(second).text
    assert "Ada kursi untuk Anda" in offer
    assert "disimpan untuk Anda sampai" in offer
    assert browser.does(second, "accept").status_code == 303
    assert registration(second).status == "approved"


def test_an_offer_that_was_taken_already_is_told_plainly(browser: Browser) -> None:
    meeting = open_meeting(1)
    own = browser.registers(meeting)
    token = form_token(browser.get(f"{own}/cancel").text)
    answer = browser.ask("POST", f"{own}/accept", data={"form_token": token})
    assert answer.status_code == 409
    assert "tidak dapat dilakukan lagi" in answer.text


def test_a_step_needs_a_form_of_ours(browser: Browser) -> None:
    own = browser.registers(open_meeting())
    answer = browser.ask("POST", f"{own}/cancel", data={"reason": "", "form_token": "palsu"})
    assert answer.status_code == 422
    assert registration(own).status == "submitted"


def test_the_calendar_entry_keeps_its_uid_and_its_sequence_grows(browser: Browser) -> None:
    meeting = open_meeting()
    own = browser.registers(meeting)
    first = entry(browser, own)
    decide(meeting, own, seats.approve)
    approved = entry(browser, own)
    browser.does(own, "cancel")
    cancelled = entry(browser, own)
    assert [each[:2] for each in (first, approved, cancelled)] == [
        ("PUBLISH", "TENTATIVE"),
        ("PUBLISH", "CONFIRMED"),
        ("CANCEL", "CANCELLED"),
    ]
    assert first[2] == approved[2] == cancelled[2]
    assert first[3] < approved[3] < cancelled[3]


def test_nothing_can_be_changed_once_the_meeting_has_begun(browser: Browser) -> None:
    meeting = open_meeting()
    own = browser.registers(meeting)
    with database.sessions.begin() as session:
        held = session.get_one(Meeting, meeting.id)
        held.starts_at = datetime.now(UTC) - timedelta(hours=1)
    page = browser.get(own).text
    assert f"{own}/cancel" not in page
    assert f"{own}/correct" not in page
    token = form_token(browser.get("/links").text)
    answer = browser.ask("POST", f"{own}/cancel", data={"form_token": token})
    assert answer.status_code == 409


def test_a_cancelled_meeting_is_told_on_the_own_page(browser: Browser) -> None:
    meeting = open_meeting()
    own = browser.registers(meeting)
    with database.sessions.begin() as session:
        held = session.get_one(Meeting, meeting.id)
        held.status, held.cancel_reason = "cancelled", "Gedung tidak dapat dipakai."
    page = browser.get(own).text
    assert "Pertemuan ini dibatalkan" in page
    assert "Gedung tidak dapat dipakai." in page


@pytest.mark.parametrize("step", ["", "/correct", "/cancel", "/calendar.ics", "/uploads/{id}"])
def test_a_forged_link_opens_nothing(browser: Browser, step: str) -> None:
    address = f"/r/WyJ4IiwxXQ.c2ln{step}".replace("{id}", str(uuid7()))
    answer = browser.get(address)
    assert answer.status_code == 404
    assert "Tautan ini tidak berlaku" in answer.text
    assert "/registration/links" in answer.text


def test_a_ticket_page_tells_nobody_whose_it_is(browser: Browser) -> None:
    meeting = open_meeting()
    own = browser.registers(meeting)
    code = registration(own).code
    page = browser.get(f"/t/{code}").text
    assert "Tiket Sejawat" in page
    assert "Pertemuan Contoh" in page
    for personal in ("Peserta Contoh", "peserta@contoh.id", "Perpustakaan Desa Contoh"):
        assert personal not in page
    assert "/check-in" not in page
    crew = browser.get(f"/t/{code}", headers=bearer("master_trainer", "21")).text
    assert "/check-in" in crew
    regency = bearer("regency", "21.01")
    assert "/check-in" not in browser.get(f"/t/{code}", headers=regency).text, "a month before"
    assert "/check-in" not in browser.get(f"/t/{code}", headers=bearer("province", "14")).text
    assert browser.get("/t/AAAAA-AAAAA").status_code == 404


def asked(contact: str) -> list[dict[str, object]]:
    """The events that asking for links made, for a contact."""
    with database.sessions.begin() as session:
        query = text("""
            SELECT envelope FROM outbox WHERE type = 'id.sejawat.registration.links_requested.v1'
            AND envelope::text LIKE :contact ORDER BY created_at""")
        return [row.envelope for row in session.execute(query, {"contact": f"%{contact}%"})]


def test_asking_for_the_link_tells_a_stranger_nothing(browser: Browser) -> None:
    own = browser.registers(open_meeting(), email="tertinggal@contoh.id")
    answers = []
    for contact in ("TERTINGGAL@contoh.id", "tidak.dikenal@contoh.id"):
        token = form_token(browser.get("/links").text)
        sent = {"contact": contact, "form_token": token}
        answer = browser.ask("POST", "/links", data=sent)
        answers.append((answer.status_code, answer.headers["location"], answer.text))
    assert answers[0] == answers[1]
    assert browser.get(answers[0][1]).status_code == 200
    [event] = asked("tertinggal@contoh.id")
    assert UUID(own_id(event)) == registration(own).id
    assert asked("tidak.dikenal@contoh.id") == []


def test_each_province_is_told_of_its_own_people_alone(browser: Browser) -> None:
    meeting = open_meeting()
    places = {"a": "21.01.04.2001", "b": "21.02.01.2001", "c": "14.01.01.2001"}
    for name, region_code in places.items():
        own = browser.registers(meeting, email="tiga@contoh.id", name=f"Peserta {name} (contoh)")
        with database.sessions.begin() as session:
            session.get_one(Registration, registration(own).id).region_code = region_code
    token = form_token(browser.get("/links").text)
    browser.ask("POST", "/links", data={"contact": "tiga@contoh.id", "form_token": token})
    told: dict[str, set[str]] = {}
    for event in asked("tiga@contoh.id"):
        data: Any = event["data"]
        assert told.setdefault(data["region_code"], set()) == set()
        told[data["region_code"]] = {link["name"] for link in data["links"]}
    assert told == {
        "21": {"Peserta a (contoh)", "Peserta b (contoh)"},
        "14.01.01.2001": {"Peserta c (contoh)"},
    }


def own_id(event: dict[str, object]) -> str:
    from services.registration.resources import own_links

    data = event["data"]
    assert isinstance(data, dict)
    [link] = data["links"]
    return own_links.read(link["own_link"].rpartition("/")[2])


def test_a_number_finds_the_links_as_well_and_nonsense_is_told(browser: Browser) -> None:
    browser.registers(open_meeting(), email="", phone="0813 0000 1111")
    token = form_token(browser.get("/links").text)
    sent = {"contact": "+62 813-0000-1111", "form_token": token}
    assert browser.ask("POST", "/links", data=sent).status_code == 303
    assert len(asked("+6281300001111")) == 1
    nonsense = browser.ask("POST", "/links", data={"contact": "saya", "form_token": token})
    assert nonsense.status_code == 422
    assert 'href="#contact"' in nonsense.text
