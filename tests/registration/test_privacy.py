"""One's own data: seen, taken along, corrected, deleted; and everybody forgotten in time."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from deskwork import BINTAN, KEPRI, NATIONAL, RIAU, Office
from registering import Browser, open_meeting, registration
from registration.personal_data import NIK, approve, asked, get, register
from sites import form_token
from sqlalchemy import select

from services.registration import (
    booths,
    consents,
    data_requests,
    form_words,
    jobs,
    nik,
    registrations,
    words,
)
from services.registration.models import AuditEntry, Registration
from services.registration.resources import database

pytestmark = pytest.mark.usefixtures("registration_database")


def test_the_texts_that_forms_show_are_in_the_ledger_word_for_word() -> None:
    newest = consents.TEXTS[registrations.CONSENT_VERSION]
    assert newest == {
        "registration": words.CONSENT,
        "photo": form_words.PHOTO_CONSENT,
        "directory": form_words.DIRECTORY_CONSENT,
        "gallery": form_words.GALLERY_CONSENT,
    }


def test_the_own_data_page_tells_what_is_kept_why_and_until_when(browser: Browser) -> None:
    meeting = open_meeting(keep_days=10)
    own = register(browser, meeting)
    page = browser.get(f"{own}/data")
    assert page.headers["cache-control"] == "private, no-store"
    assert nik.mask(NIK) in page.text
    assert NIK not in page.text
    assert "UU 27/2022" in page.text
    assert "Belum pernah ada yang membukanya." in page.text
    assert f"{own}/correct" in page.text


def test_the_export_is_complete(browser: Browser) -> None:
    meeting = open_meeting()
    own = register(browser, meeting)
    person = registration(own)
    approve(meeting, person.id)
    jobs.keep_directory()
    answer = browser.get(f"{own}/data/export.json")
    assert "attachment" in answer.headers["content-disposition"]
    data = json.loads(answer.text)
    assert data["registration"]["nik"] == NIK
    assert data["registration"]["needs"]["diet"] == "tanpa kacang"
    assert {upload["name"] for upload in data["uploads"]} == {"lapak.jpg", "surat.pdf"}
    assert data["booth"]["title"] == "Keripik Contoh"
    assert {one["purpose"] for one in data["consents"]} == set(consents.PURPOSES)
    assert data["directory"]["name"] == person.name
    assert data["history"][-1]["action"] == "approved"
    assert "stored" not in json.dumps(data)


def test_a_withdrawn_consent_ends_at_once_and_its_proof_stays(browser: Browser) -> None:
    meeting = open_meeting()
    own = register(browser, meeting)
    person = registration(own)
    approve(meeting, person.id)
    with database.sessions.begin() as session:
        booths.decide(session, KEPRI, person.id, "accepted")
        stalls, _ = booths.gallery(session, meeting.id)
        photos = stalls[0].photos
    assert browser.get(f"/photos/{photos[0]}").status_code == 200
    page = browser.get(f"{own}/data").text
    token = form_token(page)
    sent = browser.ask("POST", f"{own}/data/consents/gallery", data={"form_token": token})
    assert sent.status_code == 303
    assert browser.get(f"/photos/{photos[0]}").status_code == 404
    with database.sessions.begin() as session:
        assert booths.gallery(session, meeting.id)[0] == []
        given = {one.purpose: one for one in consents.of(session, person.id)}
        assert given["gallery"].withdrawn_at
        assert given["gallery"].text == form_words.GALLERY_CONSENT
        assert not consents.withdraw(session, person.id, "gallery")
        assert not consents.withdraw(session, person.id, "registration")
    assert person.code in Office(KEPRI).get("/privacy/consents", q=person.code[:6]).text
    assert person.code not in Office(RIAU).get("/privacy/consents", q=person.code[:6]).text


def test_who_asks_for_deletion_gives_the_seat_up_and_both_sides_see_the_clock(
    browser: Browser,
) -> None:
    meeting = open_meeting(1)
    own = register(browser, meeting)
    person = registration(own)
    confirm = browser.get(f"{own}/data/ask/delete")
    assert "Kursi Anda dilepas" in confirm.text
    assert "Keterangan di sertifikat" in confirm.text
    token = form_token(confirm.text)
    for _ in range(2):  # a double click is one request
        sent = browser.ask("POST", f"{own}/data/ask/delete", data={"form_token": token})
        assert sent.status_code == 303
    assert get(Registration, person.id).status == "cancelled"
    register(browser, meeting)  # the only seat is free again
    assert "Sisa 71 jam" in browser.get(f"{own}/data").text
    office = Office(KEPRI)
    listed = office.get("/privacy").text
    assert listed.count(person.code) == 1
    assert "Sisa 71 jam" in listed
    with database.sessions.begin() as session:
        (request,) = data_requests.of(session, person.id)
        request.due_at = datetime.now(UTC) - timedelta(hours=4, minutes=59)
    assert "Terlambat 5 jam" in office.get("/privacy").text
    assert person.code not in Office(RIAU).get("/privacy").text
    assert Office(RIAU).get(f"/privacy/requests/{request.id}").status_code == 404
    assert Office(BINTAN).get("/privacy").status_code == 403


def test_a_request_is_declined_with_a_reason_or_carried_out_and_only_once(
    browser: Browser,
) -> None:
    own = register(browser, open_meeting())
    person = registration(own)
    request_id = asked(person.id, "correct", "Gelar saya kurang.")
    office, page = Office(KEPRI), f"/privacy/requests/{request_id}"
    assert "Gelar saya kurang." in office.get(page).text
    assert office.fills(page, {"answer": "decline", "reason": " "}).status_code == 422
    fields = {"answer": "decline", "reason": "Gelar belum terbukti."}
    assert office.fills(page, fields).status_code == 303
    assert "Gelar belum terbukti." in browser.get(f"{own}/data").text
    with database.sessions.begin() as session, pytest.raises(data_requests.AlreadyAnswered):
        data_requests.carry_out(session, KEPRI, request_id)
    assert person.code in office.get("/privacy", show="done").text
    stop = asked(person.id, "stop")
    with database.sessions.begin() as session:
        data_requests.carry_out(session, KEPRI, stop)
        given = consents.of(session, person.id)
        assert given
        assert all(one.withdrawn_at for one in given)
    assert get(Registration, person.id).status == "cancelled"


def test_a_nik_is_shown_once_after_a_reason_and_its_owner_reads_who_looked(
    browser: Browser,
) -> None:
    own = register(browser, open_meeting())
    person, office = registration(own), Office(KEPRI)
    page = f"/privacy/registrations/{person.id}"
    shown = office.get(page)
    assert nik.mask(NIK) in shown.text
    assert NIK not in shown.text
    refused = office.fills(page, {"reason": ""}, f"{page}/nik")
    assert (refused.status_code, NIK in refused.text) == (422, False)
    looked = office.fills(page, {"reason": "Asuransi perjalanan"}, f"{page}/nik")
    assert NIK in looked.text
    assert looked.headers["cache-control"] == "private, no-store"
    assert NIK not in office.get(page).text
    assert "Asuransi perjalanan" in browser.get(f"{own}/data").text
    assert office.get(f"{page}/nik").status_code == 405
    assert Office(RIAU).get(page).status_code == 404
    assert Office(RIAU).post(f"{page}/nik", data={"reason": "x"}).status_code in {404, 422}
    with database.sessions.begin() as session:
        query = select(AuditEntry).where(AuditEntry.noun_id == str(person.id))
        (entry,) = session.scalars(query.where(AuditEntry.action == "nik_seen"))
        assert (entry.actor_name, entry.after) == (KEPRI.name, {"reason": "Asuransi perjalanan"})


def test_an_unreadable_nik_is_a_dash_and_no_error(browser: Browser) -> None:
    own = register(browser, open_meeting())
    with database.sessions.begin() as session:
        session.get_one(Registration, registration(own).id).nik = b"damaged"
    data = json.loads(browser.get(f"{own}/data/export.json").text)
    assert data["registration"]["nik"] == "–"


def test_who_looks_at_a_nik_is_told_what_to_look_at(browser: Browser) -> None:
    meeting, office = open_meeting(), Office(KEPRI)
    ids = [
        registration(register(browser, meeting, nik=number)).id
        for number in ("3273014502900001", "3273014502900001", "2101014502900001")
    ]
    pages = [f"/privacy/registrations/{each}" for each in ids]
    twice = "NIK yang sama dipakai pendaftaran lain di pertemuan ini."
    elsewhere = "NIK ini terbit di kabupaten/kota lain."
    assert [twice in office.get(page).text for page in pages] == [True, True, False]
    looked = [office.fills(page, {"reason": "Asuransi"}, f"{page}/nik").text for page in pages]
    assert [elsewhere in shown for shown in looked] == [True, True, False]


def test_national_hosts_see_requests_of_every_region(browser: Browser) -> None:
    person = registration(register(browser, open_meeting()))
    asked(person.id)
    assert Office(NATIONAL).get("/privacy").status_code == 200
