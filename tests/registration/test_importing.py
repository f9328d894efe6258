"""Spreadsheets of participants are taken: each row once, by whoever may, through any crash."""

import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from deskwork import (
    BINTAN,
    KEPRI,
    RIAU,
    Office,
    csv_sheet,
    row,
    submit,
    xlsx_sheet,
)
from registering import open_meeting, registered
from registration.handed_in import change, faults, hand_in, job, job_id, outcomes, read, take, work
from sites import ROOT, eventually, form_token
from sqlalchemy import text

from services.registration import importing, imports
from services.registration.meetings import QuotaPlan
from services.registration.models import ImportRow
from services.registration.resources import database
from shared.leases import Claim

pytestmark = pytest.mark.usefixtures("registration_database", "nothing_due")


def said(location: str) -> list[dict[str, Any]]:
    """What the other services hear of its ends."""
    query = text("""
        SELECT envelope -> 'data' AS data FROM outbox
        WHERE type = 'id.sejawat.import.finished.v1' AND envelope ->> 'subject' = :id
        ORDER BY id""")
    with database.sessions.begin() as session:
        return list(session.execute(query, {"id": str(job_id(location))}).scalars())


# --- taking --------------------------------------------------------------------------------


def test_the_same_file_twice_changes_nothing() -> None:
    meeting = open_meeting()
    data = csv_sheet([row() for _ in range(20)])
    take(read(meeting, data))
    again = read(meeting, data)
    take(again)
    assert outcomes(again) == {"already": 20}
    assert registered(meeting) == 20


def test_a_form_sent_twice_is_one_import() -> None:
    meeting = open_meeting()
    office, page = Office(KEPRI), f"/desk/{meeting.slug}/imports"
    fields = {"consent": "yes", "form_token": form_token(office.get(page).text)}
    files = {"file": ("a.csv", csv_sheet([row()]))}
    first, second = (office.post(page, data=fields, files=files) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]


def test_who_is_registered_who_waits_and_who_found_no_seat_is_told_row_by_row() -> None:
    meeting = open_meeting(3)
    submit(meeting, name="Sudah Ada", email="ada@contoh.id")
    rows = [row(), row(name="Sudah  ada", email="ada@contoh.id"), row(), row(), row()]
    location = read(meeting, csv_sheet(rows))
    take(location)
    assert outcomes(location) == {"taken": 2, "waiting": 2, "already": 1}
    page = Office(KEPRI).get(f"{location}/rows").text
    assert "Sudah terdaftar sebelumnya" in page
    assert "Masuk daftar tunggu" in page


def test_without_a_waiting_list_a_full_quota_is_an_outcome() -> None:
    meeting = open_meeting(10, QuotaPlan("region", "21.01", 1), waiting_list=False)
    location = read(meeting, csv_sheet([row(), row()]))
    take(location)
    assert outcomes(location) == {"taken": 1, "full": 1}


def test_only_the_chosen_rows_are_taken() -> None:
    meeting = open_meeting()
    location = read(meeting, csv_sheet([row() for _ in range(4)]))
    fields = {"shown": "2,3,4,5", "chosen": ["2", "5"], "action": "take"}
    answer = Office(KEPRI).fills(f"{location}/rows", fields)
    assert answer.status_code == 303
    work()
    assert outcomes(location) == {"taken": 2}
    assert registered(meeting) == 2


def test_consent_was_given_to_the_text_of_the_declaration() -> None:
    meeting = open_meeting()
    take(read(meeting, csv_sheet([row()])))
    query = text("""
        SELECT text_version, origin FROM consent
        JOIN registration ON registration.id = registration_id WHERE meeting_id = :id""")
    with database.sessions.begin() as session:
        found = session.execute(query, {"id": meeting.id}).one()
    assert found == ("delegation-2026-1", "import")


def test_the_log_names_who_handed_the_file_in_and_the_file_as_they_called_it() -> None:
    meeting = open_meeting()
    location = hand_in(meeting, csv_sheet([row()]), "delegasi-bintan.csv")
    work()
    take(location)
    query = text("""
        SELECT actor_name, audit_entry.after ->> 'file' AS file FROM audit_entry
        WHERE noun = 'import' AND noun_id = :job OR action = 'registered' AND noun_id IN (
            SELECT id::text FROM registration WHERE meeting_id = :id)""")
    with database.sessions.begin() as session:
        rows = session.execute(query, {"job": str(job_id(location)), "id": meeting.id}).all()
    assert {row.actor_name for row in rows} == {KEPRI.name}
    assert {row.file for row in rows} == {"delegasi-bintan.csv", None}


def test_cancelled_is_cancelled_and_what_was_taken_stays() -> None:
    meeting = open_meeting()
    location = read(meeting, csv_sheet([row()]))
    answer = Office(KEPRI).fills(location, {"action": "cancel"})
    assert answer.status_code == 303
    answer = Office(KEPRI).post(
        location,
        data={
            "form_token": form_token(Office(KEPRI).get(f"/desk/{meeting.slug}/imports").text),
            "action": "take",
        },
    )
    assert answer.status_code == 409
    work()
    assert registered(meeting) == 0


# --- scope ---------------------------------------------------------------------------------


def test_a_regency_registers_its_own_people_only() -> None:
    meeting = open_meeting()
    location = read(meeting, csv_sheet([row(), row(region_code="21.71.01.1002")]), caller=BINTAN)
    assert "di luar wilayah akun Anda" in faults(location)[3][0][1]
    take(location, BINTAN)
    assert registered(meeting) == 1


def test_an_import_is_seen_by_its_region_and_by_nobody_else() -> None:
    meeting = open_meeting()
    by_province = hand_in(meeting, csv_sheet([row()]))
    by_regency = hand_in(meeting, csv_sheet([row()]), caller=BINTAN)
    assert Office(KEPRI).get(by_regency).status_code == 200
    for path in (by_province, f"{by_province}/rows", f"{by_province}/bad.xlsx"):
        assert Office(BINTAN).get(path).status_code == 404
        assert Office(RIAU).get(path).status_code == 404
    api = f"/api/v1/imports/{job_id(by_province)}"
    assert Office(KEPRI).get(api).json()["step"] == "reading"
    assert Office(RIAU).get(api).status_code == 404
    assert Office(RIAU).get(f"/desk/{meeting.slug}/imports").status_code == 404


# --- the engine ----------------------------------------------------------------------------


def claim() -> Claim:
    with database.sessions.begin() as session:
        held = importing.claim(session)
    assert held is not None
    return held


def twenty_seconds_later() -> None:
    """No test waits for a lease to run out: its end comes to us."""
    change("UPDATE import_job SET lease_until = now() WHERE state IN ('reading', 'taking')")


def test_a_worker_that_slept_through_its_lease_is_not_heard() -> None:
    meeting = open_meeting()
    location = hand_in(meeting, csv_sheet([row() for _ in range(3)]))
    sleeper = claim()
    twenty_seconds_later()
    work()
    assert job(location).state == "ready"
    assert importing.work(sleeper) is False
    assert (job(location).state, job(location).total) == ("ready", 3)
    assert len(faults(location)) == 0


def test_nobody_takes_what_another_worker_has_in_hand() -> None:
    hand_in(open_meeting(), csv_sheet([row()]))
    claim()
    with database.sessions.begin() as session:
        assert importing.claim(session) is None


def failed_unexpectedly(location: str) -> None:
    """As when the job's own code breaks: its kind is taken away for a moment."""
    kind = imports.KINDS.pop("registrations")
    try:
        work()
    finally:
        imports.add(kind)
    assert job(location).state == "failed"


def resume(location: str) -> None:
    assert "Lanjutkan" in Office(KEPRI).get(location).text
    assert Office(KEPRI).fills(location, {"action": "resume"}).status_code == 303


def test_a_job_that_failed_while_it_was_read_is_read_on_and_takes_nobody_unseen() -> None:
    meeting = open_meeting()
    location = hand_in(meeting, csv_sheet([row(name=f"Orang {number}") for number in range(6)]))
    held = claim()
    with database.sessions.begin() as session:  # two rows were read before
        values = {"cells": {}, "fields": {}, "same": ""}
        session.add_all(
            ImportRow(job_id=held.row.id, number=number, values=values, errors=[])
            for number in (2, 3)
        )
    twenty_seconds_later()
    failed_unexpectedly(location)
    resume(location)
    assert job(location).state == "reading"
    work()
    assert (job(location).state, job(location).total, job(location).done) == ("ready", 6, 6)
    assert registered(meeting) == 0
    with database.sessions.begin() as session:
        query = text("""
            SELECT count(*) FROM audit_entry
            WHERE action = 'import_resumed' AND noun_id = CAST(:id AS text)""")
        assert session.execute(query, {"id": str(job_id(location))}).scalar_one() == 1


def test_a_job_that_failed_while_its_rows_were_taken_goes_on_taking() -> None:
    meeting = open_meeting()
    location = read(meeting, csv_sheet([row(name=f"Orang {number}") for number in range(3)]))
    assert Office(KEPRI).fills(location, {"action": "take"}).status_code == 303
    failed_unexpectedly(location)
    assert registered(meeting) == 0
    resume(location)
    assert job(location).state == "taking"
    work()
    assert (job(location).state, outcomes(location)) == ("done", {"taken": 3})
    assert [(end["state"], end["taken"]) for end in said(location)] == [("failed", 0), ("done", 3)]


def test_who_handed_it_in_hears_its_end_once_and_nothing_before() -> None:
    location = read(open_meeting(), csv_sheet([row(), row(), row(name="")]))
    assert said(location) == []
    assert Office(KEPRI).fills(location, {"action": "take"}).status_code == 303
    sleeper = claim()
    twenty_seconds_later()
    work()
    assert importing.work(sleeper) is False, "it ended in another worker's hands"
    [end] = said(location)
    assert end["link"].endswith(location)
    assert end["link"].startswith("http")
    told = ("state", "kind", "requested_by", "region_code", "file_name")
    assert [end[name] for name in told] == ["done", "registrations", "kepri", "21", "tabel.csv"]
    counted = ("taken", "waiting", "completed", "already", "refused", "faulty")
    assert [end[name] for name in counted] == [2, 0, 0, 0, 0, 1]


def test_a_sheet_that_cannot_be_read_is_an_end_and_a_cancelled_one_is_no_news() -> None:
    meeting = open_meeting()
    unreadable = read(meeting, b"a,b\n1,2\n")
    assert [end["state"] for end in said(unreadable)] == ["failed"]
    cancelled = read(meeting, csv_sheet([row()]))
    assert Office(KEPRI).fills(cancelled, {"action": "cancel"}).status_code == 303
    assert said(cancelled) == []


def test_five_thousand_rows_survive_the_death_of_their_worker() -> None:
    """Killed while it reads and while it takes; nothing is lost and nothing doubled."""
    meeting = open_meeting(10_000)
    rows = [row(name="" if number % 100 == 0 else f"Orang {number}") for number in range(5000)]
    location = hand_in(meeting, xlsx_sheet(rows), "besar.xlsx")
    killed_at(location, 500)
    assert 0 < job(location).done < 5000
    twenty_seconds_later()
    work()
    assert (job(location).state, job(location).total, job(location).done) == ("ready", 5000, 5000)
    assert len(faults(location)) == 50

    assert Office(KEPRI).fills(location, {"action": "take"}).status_code == 303
    killed_at(location, 500)
    assert job(location).state == "taking"
    assert 0 < registered(meeting) < 4950
    twenty_seconds_later()
    work()
    assert (job(location).state, job(location).done) == ("done", 4950)
    assert outcomes(location) == {"taken": 4950}
    assert [(end["taken"], end["faulty"]) for end in said(location)] == [(4950, 50)]
    assert registered(meeting) == 4950
    with database.sessions.begin() as session:
        query = text("SELECT taken FROM quota WHERE meeting_id = :id")
        assert session.execute(query, {"id": meeting.id}).scalar_one() == 4950


def killed_at(location: str, done: int) -> None:
    """A worker's process of its own, killed by force once so many rows are done."""
    before = job(location).done
    code = "from services.registration import jobs; jobs.run_imports()"
    worker = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=os.environ)
    eventually(lambda: job(location).done >= done and job(location).done != before, "rows", 150)
    worker.send_signal(signal.SIGKILL)
    assert worker.wait() == -signal.SIGKILL
