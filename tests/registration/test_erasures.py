"""A person is forgotten: on request, or when the time is over; and nothing else is."""

import json
import os
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from deskwork import KEPRI, NATIONAL, Office
from registering import (
    Browser,
    numbers,
    open_meeting,
    registration,
)
from registration.personal_data import NIK, approve, asked, get, register
from sites import eventually, form_token
from sqlalchemy import select, text
from uuid_utils.compat import uuid7

from services.registration import (
    consents,
    data_requests,
    jobs,
    retention,
    seats,
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

NAME, EMAIL, PHONE = "Wicaksana Terlupakan, S.Pd.", "wicaksana@contoh.id", "+628110009876"


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
    token = form_token(shown)
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
