"""One's own data: seen, taken along, corrected, deleted; and everybody forgotten in time."""

import json
import os
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from deskwork import BINTAN, KEPRI, NATIONAL, RIAU, Office
from registering import (
    BOOTH,
    PERSON,
    Browser,
    numbers,
    open_meeting,
    path,
    pdf,
    photo,
    registration,
)
from sites import eventually
from sqlalchemy import select, text
from uuid_utils.compat import uuid7

from services.registration import (
    booths,
    consents,
    data_requests,
    form_words,
    jobs,
    nik,
    registrations,
    retention,
    seats,
    words,
)
from services.registration.models import (
    AuditEntry,
    Base,
    Booth,
    DataRequest,
    ImportJob,
    ImportRow,
    Library,
    Meeting,
    Registration,
    Upload,
)
from services.registration.resources import database, files
from shared.names import plain_name

pytestmark = pytest.mark.usefixtures("registration_database")

NIK = "2101014502900001"
NAME, EMAIL, PHONE = "Wicaksana Terlupakan, S.Pd.", "wicaksana@contoh.id", "+628110009876"


@pytest.fixture
def browser() -> Browser:
    return Browser(f"203.0.113.{next(numbers) % 250}")


def register(browser: Browser, meeting: Meeting, **changes: str) -> str:
    """Somebody with all that one can hand in; returns the own page's path."""
    number = next(numbers)
    fields = PERSON | BOOTH | {"name": f"Peserta Data {number}", "email": f"w{number}@contoh.id"}
    fields |= {"nik": NIK, "diet": "tanpa kacang"}
    fields |= {"photo_consent": "yes", "directory_consent": "yes"} | changes
    sent = browser.fill_in(
        meeting,
        fields,
        files=[
            ("booth_photo", ("lapak.jpg", photo(), "image/jpeg")),
            ("assignment_letter", ("surat.pdf", pdf(), "application/pdf")),
        ],
    )
    assert sent.status_code == 303, sent.text
    return path(sent.headers["location"])


def approve(meeting: Meeting, *ids: UUID) -> None:
    with database.sessions.begin() as session:
        seats.approve(session, KEPRI, session.get_one(Meeting, meeting.id), ids)


def asked(registration_id: UUID, kind: str = "delete", note: str = "") -> UUID:
    with database.sessions.begin() as session:
        return data_requests.ask(session, registration_id, kind, note, uuid7()).id


def get(model: Any, key: Any) -> Any:
    with database.sessions() as session:
        found = session.get(model, key)
        if found:
            session.expunge(found)
        return found


def everything(*, but: tuple[str, ...] = ()) -> dict[str, str]:
    """All texts, JSON and bytes of every table, in lower case, by table and column."""
    found = {}
    with database.sessions.begin() as session:
        for table in Base.metadata.sorted_tables:
            if table.name in but:
                continue
            for column in table.columns:
                query = text(
                    f"SELECT coalesce(string_agg(\"{column.name}\"::text, chr(10)), '')"
                    f' FROM "{table.name}"'
                )
                found[f"{table.name}.{column.name}"] = session.execute(query).scalar_one().lower()
    return found


def holding(values: dict[str, str], *personal: str) -> list[str]:
    return [
        place for place, content in values.items() for one in personal if one.lower() in content
    ]


def settle() -> None:
    """All events have reached everybody."""
    with database.autocommit() as connection:
        connection.execute(text("UPDATE outbox SET sent_at = now()"))
        connection.execute(text("UPDATE delivery SET due_at = NULL, received_at = now()"))


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
    token = page.split('name="form_token" value="')[-1].split('"')[0]
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
    token = confirm.text.split('name="form_token" value="')[-1].split('"')[0]
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
        assert all(given.withdrawn_at for given in consents.of(session, person.id))
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


def test_after_an_erasure_no_column_of_any_table_knows_the_person(browser: Browser) -> None:
    meeting = open_meeting()
    own = register(
        browser, meeting, name=NAME, email=EMAIL, phone="0811 000 9876", diet="tanpa rebon"
    )
    person = registration(own)
    approve(meeting, person.id)
    jobs.keep_directory()
    _leave_traces(browser, own, person, meeting)
    asked(person.id, "correct", f"Nama saya {NAME}, surel {EMAIL}.")
    request_id = asked(person.id)
    personal = (NAME, plain_name(NAME), EMAIL, PHONE, NIK, "0009876", "tanpa rebon")
    places = holding(everything(), *personal)
    assert {place.partition(".")[0] for place in places} >= {
        *("registration", "person", "audit_entry", "outbox", "import_row", "library"),
        "data_request",
    }
    settle()
    with database.sessions.begin() as session:
        data_requests.carry_out(session, KEPRI, request_id)
    settle()
    jobs.forget_expired()
    assert (left := holding(everything(), *personal)) == [], left
    kept = get(Registration, person.id)
    assert (kept.name, kept.status, bool(kept.erased_at)) == ("—", "cancelled", True)
    assert get(Booth, person.id) is None
    with database.sessions.begin() as session:
        assert len(consents.of(session, person.id)) == 4
        query = text("SELECT count(*) FROM outbox WHERE type LIKE '%registration.erased%'")
        assert session.execute(query).scalar_one() >= 1
    assert browser.get(own).status_code == 404
    assert browser.get(f"{own}/data").status_code == 404
    assert browser.get(f"{own}/data/export.json").status_code == 404
    assert "Sudah dikerjakan" in Office(KEPRI).get(f"/privacy/requests/{request_id}").text


def _leave_traces(browser: Browser, own: str, person: Registration, meeting: Meeting) -> None:
    """The person in every corner: corrections, an import, a library's contact, lost links."""
    with database.sessions.begin() as session:
        seats.correct(session, person.id, {"position": "Kepala", "phone": PHONE})
        seats.approve(session, KEPRI, session.get_one(Meeting, meeting.id), [person.id])
        data_requests.look_at_nik(session, KEPRI, person.id, f"Ditanya {NAME}")
        name = f"Perpustakaan Jejak {next(numbers)}"
        session.add(
            Library(
                id=uuid7(),
                name=name,
                name_key=plain_name(name),
                kind="village",
                region_code=person.region_code,
                contact_name=NAME,
                email=EMAIL,
            )
        )
        job = ImportJob(
            id=uuid7(),
            kind="people",
            account="kepri",
            role="province",
            region_code="21",
            file_name="a.csv",
            stored="",
            state="done",
            finished_at=datetime.now(UTC),
        )
        session.add(job)
        session.flush()
        values = {"cells": {"name": NAME, "phone": "0811-000-9876"}, "fields": {}, "same": ""}
        session.add(ImportRow(job_id=job.id, number=2, values=values))
    jobs.keep_directory()
    shown = browser.get("/links").text
    token = shown.split('name="form_token" value="')[-1].split('"')[0]
    browser.ask("POST", "/links", data={"form_token": token, "contact": EMAIL})
    assert browser.get(own).status_code == 200


def test_an_erasure_comes_after_the_answer_and_holds_no_seat(browser: Browser) -> None:
    person = registration(register(browser, open_meeting()))
    request_id = asked(person.id)
    page = f"/privacy/requests/{request_id}"
    assert Office(KEPRI).fills(page, {"answer": "done"}).status_code == 303
    told = get(Registration, person.id)
    assert (told.status, told.erased_at) == ("cancelled", None)
    assert retention.work(datetime.now(UTC))
    assert get(Registration, person.id).erased_at
    assert get(DataRequest, request_id).done_by == KEPRI.name


def test_who_answers_second_changes_nothing(browser: Browser) -> None:
    person = registration(register(browser, open_meeting()))
    request_id = asked(person.id, "stop")
    told: list[str] = []

    def carry_out() -> None:
        with database.sessions.begin() as session:
            try:
                data_requests.carry_out(session, KEPRI, request_id)
            except data_requests.AlreadyAnswered:
                told.append("answered")

    second = threading.Thread(target=carry_out)
    with database.sessions.begin() as session:
        data_requests.decline(session, NATIONAL, request_id, "Masih diperlukan.")
        second.start()
        eventually(_somebody_waits, "the second waits")
    second.join()
    assert told == ["answered"]
    assert get(Registration, person.id).status == "submitted"


def _somebody_waits() -> bool:
    query = text("""
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'""")
    with database.autocommit() as connection:
        return bool(connection.execute(query).scalar_one())


def test_contacts_of_namesakes_and_of_those_who_stay_are_left(browser: Browser) -> None:
    meeting = open_meeting()
    name, email = f"Contoh Bernama {next(numbers)}", f"kantor{next(numbers)}@contoh.id"
    phone = f"+62811{next(numbers):07}"
    person = registration(register(browser, meeting, name=name, email=email, phone=phone))
    register(browser, meeting, email=email)  # a colleague with the address of the office
    near, far = person.region_code, "14.01.01.2001"
    own = library(near, contact_name=name.upper(), email=email, phone=phone)
    namesake = library(near, contact_name=name)
    distant = library(far, contact_name=name, email=email, phone=phone)
    with database.sessions.begin() as session:
        session.get_one(Registration, person.id).library_id = own
    with database.sessions.begin() as session:
        data_requests.carry_out(session, KEPRI, asked(person.id))
    assert retention.work(datetime.now(UTC))
    assert contact(own) == ("", email, None)
    assert contact(namesake) == (name, None, None)
    assert contact(distant) == (name, email, phone)
    with database.sessions.begin() as session:
        query = select(AuditEntry).where(AuditEntry.noun == "library")
        (entry,) = session.scalars(query.where(AuditEntry.noun_id == str(own)))
        assert entry.after == {"contact_name": "—", "phone": "—"}


def library(region_code: str, **values: Any) -> UUID:
    name, library_id = f"Perpustakaan Kontak {next(numbers)}", uuid7()
    known = {"id": library_id, "name": name, "name_key": plain_name(name), "kind": "village"}
    with database.sessions.begin() as session:
        session.add(Library(**known | {"region_code": region_code} | values))
    return library_id


def contact(library_id: UUID) -> tuple[str, str | None, str | None]:
    found = get(Library, library_id)
    return found.contact_name, found.email, found.phone


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


def test_a_certificate_can_still_be_checked_and_nothing_else_is_left(browser: Browser) -> None:
    meeting = open_meeting()
    name = f"Satria Bersertifikat {next(numbers)}"
    own = register(browser, meeting, name=name, email=f"s{next(numbers)}@contoh.id")
    person = registration(own)
    approve(meeting, person.id)
    with database.sessions.begin() as session:
        query = text("""
            INSERT INTO certificate (id, code, number, serial, meeting_id, registration_id, facts,
                issued_by)
            VALUES (uuidv7(), :code, :code, 1, :meeting, :id, CAST(:facts AS jsonb), 'host')""")
        facts = json.dumps({"name": name, "jp": 16})
        values = {"code": f"C-{next(numbers)}", "meeting": meeting.id, "id": person.id}
        session.execute(query, values | {"facts": facts})
    jobs.keep_directory()
    settle()
    with database.sessions.begin() as session:
        assert retention.erase(session, [person.id]) == 1
        assert retention.erase(session, [person.id]) == 0
    settle()
    jobs.forget_expired()
    jobs.keep_directory()
    assert holding(everything(), name) == ["certificate.facts"]


def test_a_person_with_another_registration_stays_in_the_directory(browser: Browser) -> None:
    first, second = open_meeting(), open_meeting()
    someone = {"name": f"Peserta Dua Kali {next(numbers)}", "email": f"d{next(numbers)}@contoh.id"}
    ids = [registration(register(browser, each, **someone)).id for each in (first, second)]
    approve(first, ids[0])
    approve(second, ids[1])
    jobs.keep_directory()
    person_id = get(Registration, ids[1]).person_id
    with database.sessions.begin() as session:
        retention.erase(session, [ids[0]])
    assert get(Registration, ids[1]).person_id == person_id
    with database.sessions.begin() as session:
        retention.erase(session, [ids[1]])
    assert someone["name"].lower() not in everything()["person.name"]


def test_files_go_with_the_person_unless_somebody_else_has_the_same(browser: Browser) -> None:
    meeting = open_meeting()
    owns = [register(browser, meeting) for _ in range(2)]
    ids = [registration(own).id for own in owns]
    with database.sessions.begin() as session:
        query = select(Upload).where(Upload.registration_id == ids[0], Upload.kind == "booth_photo")
        name = session.scalars(query).one().stored
    _make_old(name)
    with database.sessions.begin() as session:
        retention.erase(session, [ids[0]])
    assert files.path(name).is_file()
    with database.sessions.begin() as session:
        retention.erase(session, [ids[1]])
        assert files.path(name).is_file()  # until the commit
    shared = "SELECT count(*) FROM upload WHERE stored = :name"
    with database.sessions.begin() as session:
        others = session.execute(text(shared), {"name": name}).scalar_one()
    assert files.path(name).is_file() == bool(others)


def _make_old(name: str) -> None:
    long_ago = (datetime.now(UTC) - timedelta(days=2)).timestamp()
    os.utime(files.path(name), (long_ago, long_ago))


def test_meetings_whose_time_is_over_are_forgotten_batch_by_batch(browser: Browser) -> None:
    over, young = open_meeting(keep_days=5), open_meeting(keep_days=5)
    ids = [registration(register(browser, over)).id for _ in range(3)]
    stays = registration(register(browser, young)).id
    past = datetime.now(UTC) - timedelta(days=6)
    with database.sessions.begin() as session:
        meeting = session.get_one(Meeting, over.id)
        meeting.starts_at, meeting.ends_at = past - timedelta(days=1), past
    assert not retention.work(datetime.now(UTC), batch=2)  # no time is left after the first
    assert sum(get(Registration, each).erased_at is None for each in ids) == 1
    jobs.forget_expired()
    assert all(get(Registration, each).erased_at for each in ids)
    assert get(Registration, stays).erased_at is None
    with database.sessions.begin() as session:
        query = select(DataRequest).where(DataRequest.registration_id.in_(ids))
        assert list(session.scalars(query)) == []


def test_what_nobody_finished_and_what_is_over_is_swept(browser: Browser) -> None:
    with database.sessions.begin() as session:
        session.execute(
            text("""
            INSERT INTO upload (id, form_id, kind, name, media_type, size, stored, created_at)
            VALUES (uuidv7(), uuidv7(), 'booth_photo', 'a.jpg', 'image/jpeg', 1, 'x',
                    now() - interval '3 days')""")
        )
        session.execute(
            text("""
            INSERT INTO one_time_code (id, code_hash, expires_at)
            VALUES (uuidv7(), 'a code of long ago', now() - interval '31 days')""")
        )
    loose = files.put(b"nobody's", "pdf")
    _make_old(loose)
    jobs.forget_expired()
    values = everything()
    assert "a.jpg" not in values["upload.name"].split("\n")
    assert "a code of long ago" not in values["one_time_code.code_hash"]
    assert not files.path(loose).is_file()
    assert browser.get("/links").status_code == 200


def test_national_hosts_see_requests_of_every_region(browser: Browser) -> None:
    person = registration(register(browser, open_meeting()))
    asked(person.id)
    assert Office(NATIONAL).get("/privacy").status_code == 200
