"""What is asked about data is seen where hosts work, and what they answer is told."""

from typing import Any

import pytest
from deskwork import BINTAN, KEPRI, RIAU, Office
from hosts import HOST
from registering import PERSON, Browser, open_meeting, registration
from registration import certified
from registration.personal_data import asked, register
from sites import form_token
from sqlalchemy import text

from services.registration import certificates, data_requests, jobs, retention
from services.registration.models import DataRequest
from services.registration.resources import database

pytestmark = pytest.mark.usefixtures("registration_database")


def events(subject: object, what: str) -> list[Any]:
    """What was published of one subject, oldest first."""
    query = text("""
        SELECT envelope -> 'data' AS data FROM outbox
        WHERE envelope ->> 'subject' = :subject AND type = :type ORDER BY id""")
    values = {"subject": str(subject), "type": f"id.sejawat.{what}.v1"}
    with database.sessions.begin() as session:
        return [row.data for row in session.execute(query, values)]


def test_a_request_shows_on_the_desk_of_those_who_answer(browser: Browser) -> None:
    meeting = open_meeting()
    person = registration(register(browser, meeting))
    office = Office(KEPRI)
    with database.sessions.begin() as session:
        before = data_requests.waiting(session, KEPRI)
        elsewhere = data_requests.waiting(session, RIAU)
    request_id = asked(person.id, "correct", "Gelar saya kurang.")
    count = before[0] + 1
    for page in ("/desk", f"/desk/{meeting.slug}"):
        shown = office.get(page).text
        assert f"Permintaan data yang menunggu jawaban: {count}" in shown
        assert "/registration/privacy" in shown
    assert f"Permintaan data ({count})" in office.get(f"/desk/{meeting.slug}/participants").text
    assert "Permintaan data" not in Office(BINTAN).get(f"/desk/{meeting.slug}").text
    with database.sessions.begin() as session:
        session.get_one(DataRequest, request_id).due_at -= data_requests.TIME * 2 / 3
    with database.sessions.begin() as session:
        assert data_requests.waiting(session, KEPRI) == (count, before[1] + 1)
        assert data_requests.waiting(session, RIAU) == elsewhere
    assert "Sisa waktunya kurang dari 24 jam" in office.get(f"/desk/{meeting.slug}").text
    [told] = events(request_id, "data_request.asked")
    assert (told["kind"], told["meeting"]["slug"]) == ("correct", meeting.slug)
    assert person.name not in str(told)


def test_who_is_declined_is_told_why(browser: Browser) -> None:
    person = registration(register(browser, open_meeting()))
    request_id = asked(person.id, "correct", "Gelar saya kurang.")
    with database.sessions.begin() as session:
        data_requests.decline(session, KEPRI, request_id, "Gelar belum terbukti.")
    [told] = events(request_id, "data_request.answered")
    assert (told["done"], told["reason"], told["email"]) == (
        False,
        "Gelar belum terbukti.",
        person.email,
    )
    assert "/registration/r/" in told["own_link"]


def test_a_granted_deletion_is_told_first_and_its_event_goes_once_it_was(browser: Browser) -> None:
    person = registration(register(browser, open_meeting()))
    request_id = asked(person.id)
    with database.sessions.begin() as session:
        data_requests.carry_out(session, KEPRI, request_id)
    jobs.forget_expired()
    [told] = events(request_id, "data_request.answered")
    assert (told["done"], told["email"], told["own_link"]) == (True, person.email, "")
    assert len(events(person.id, "registration.erased")) == 1
    with database.sessions.begin() as session:
        retention.forget_letters(session)
    assert events(request_id, "data_request.answered"), "nobody has heard it yet"
    with database.sessions.begin() as session:
        session.execute(text("UPDATE outbox SET sent_at = now()"))
        session.execute(text("UPDATE delivery SET due_at = NULL"))
        retention.forget_letters(session)
    assert events(request_id, "data_request.answered") == []


def correct(browser: Browser, own: str, **changes: str) -> None:
    token = form_token(browser.get(f"{own}/correct").text)
    fields = PERSON | changes | {"form_token": token}
    assert browser.ask("POST", f"{own}/correct", data=fields).status_code == 303


def test_an_address_that_is_replaced_is_told_and_one_that_stays_is_not(browser: Browser) -> None:
    own = browser.registers(open_meeting(), email="lama@contoh.id", phone="")
    person = registration(own)
    correct(browser, own, email="LAMA@contoh.id", phone="081300002222")
    assert events(person.id, "registration.contact_changed") == []
    correct(browser, own, email="baru@contoh.id", phone="081300002222")
    [told] = events(person.id, "registration.contact_changed")
    assert (told["email"], told["phone"]) == ("LAMA@contoh.id", None)
    assert "baru@contoh.id" not in str(told)
    assert "own_link" not in told


def test_a_certificate_issued_again_names_the_one_it_replaces() -> None:
    meeting = certified.open_meeting()
    [person] = certified.guests(meeting, 1)
    [old] = certified.issue_all(meeting)
    with database.sessions.begin() as session:
        new = certificates.reissue(session, HOST, meeting, old.id, "Nama Yang Benar")
    [revoked] = events(person, "certificate.revoked")
    assert (revoked["number"], revoked["reason"]) == (old.number, "")
    first, second = events(person, "certificate.issued")
    assert (first["replaces"], second["replaces"]) == ("", old.number)
    assert second["number"] == new.number
    page = certified.http("GET", certified.desk(meeting, f"/{old.id}?lang=en"), HOST)
    assert "Replaced by a new certificate." in page.text
