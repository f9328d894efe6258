"""Certificates: earned by being there, numbered without a gap, one each, and provable."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from asking import ask
from psycopg.types.json import Jsonb
from pypdf import PdfReader
from sites import ROOT, eventually
from sqlalchemy import event, text
from uuid_utils.compat import uuid7

from services.registration import certificates, checkins, issuing, jobs, meetings, retention
from services.registration.attendance_schemas import Scan
from services.registration.meetings import QuotaPlan
from services.registration.models import Certificate, Meeting, Registration
from services.registration.registrations import new_code
from services.registration.resources import database, forms, own_links, printed
from services.registration.settings import settings
from shared.bus.queues import TooSlow
from shared.security import Caller, issue_token

pytestmark = pytest.mark.usefixtures("registration_database")

numbers = count(1)
DAYS = (date(2026, 6, 8), date(2026, 6, 9))
HOST = Caller("province", "Petugas Contoh", "host", "21")
NEIGHBOUR = Caller("province", "Petugas Tetangga", "neighbour", "14")
TERMS = {"jp": 16, "min_days": 2, "signer_name": "Nama Contoh", "city": "Tanjungpinang"}


def open_meeting(**terms: Any) -> Meeting:
    starts_at = datetime(2026, 6, 8, 1, 0, tzinfo=UTC)
    meeting = Meeting(
        slug=f"paper-{next(numbers)}",
        title="Pertemuan Contoh",
        province_code="21",
        venue="Gedung Contoh",
        zone="Asia/Jakarta",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(days=1, hours=8),
        closes_at=starts_at - timedelta(days=7),
        status="done",
        certificate=TERMS | terms,
    )
    with database.sessions.begin() as session:
        meetings.publish(session, meeting, [QuotaPlan("meeting", "", 500)])
    return meeting


def guests(meeting: Meeting, many: int, days: tuple[date, ...] = DAYS) -> list[UUID]:
    """So many participants who were there on these days."""
    people = [
        Registration(
            id=uuid7(),
            code=new_code(),
            meeting_id=meeting.id,
            status="approved",
            name=f"Peserta Contoh {number:03}",
            email="rahasia@contoh.id",
            person_key=str(uuid4()),
            language="id",
            participant_type="village_library",
            region_code="21.01",
            library_name="Perpustakaan Contoh",
            position="Pengelola",
            idempotency_key=str(uuid4()),
            request_hash="",
        )
        for number in range(many)
    ]
    with database.sessions.begin() as session:
        session.add_all(people)
    now = datetime.now(UTC)
    scans = [
        Scan(id=uuid4(), code=person.code, day=day, at=now) for person in people for day in days
    ]
    with database.autocommit() as connection:
        row = meetings.find(connection, meeting.slug)
        if scans:
            checkins.record(connection, HOST, row, scans)
    return [person.id for person in people]


def run_shifts() -> None:
    """Shift by shift, as the clock has it, until no run is open."""
    query = text("SELECT count(*) FROM certificate_run WHERE state IN ('queued', 'running')")
    open_runs = 1
    while open_runs:
        jobs.issue_certificates()
        with database.sessions.begin() as session:
            open_runs = session.execute(query).scalar_one()


def start(meeting: Meeting) -> UUID:
    with database.sessions.begin() as session:
        return issuing.start(session, HOST, meeting)


def run(meeting: Meeting, run_id: UUID) -> Any:
    with database.sessions.begin() as session:
        return issuing.find(session, meeting, run_id)


def issued(meeting: Meeting) -> list[Any]:
    query = text("SELECT * FROM certificate WHERE meeting_id = :id ORDER BY serial")
    with database.sessions.begin() as session:
        return list(session.execute(query, {"id": meeting.id}))


def issue_all(meeting: Meeting) -> list[Any]:
    with database.sessions.begin() as session:
        certificates.issue(session, HOST, meeting, limit=500)
    return issued(meeting)


def counts(meeting: Meeting) -> dict[str, int]:
    with database.sessions.begin() as session:
        return certificates.counts(session, meeting)


def told(meeting: Meeting, what: str) -> int:
    query = text("""
        SELECT count(*) FROM outbox WHERE type = :type
          AND envelope->'data'->'registration'->'meeting'->>'slug' = :slug""")
    with database.sessions.begin() as session:
        values = {"type": f"id.sejawat.certificate.{what}.v1", "slug": meeting.slug}
        return int(session.execute(query, values).scalar_one())


def http(method: str, path: str, caller: Caller | None = None, **options: Any) -> Any:
    from services.registration.app import app

    headers = {}
    if caller:
        token = issue_token(settings().token_private_key, caller, seconds=60)
        headers["Authorization"] = f"Bearer {token}"
    return ask(app, method, path, headers=headers, **options)


def desk(meeting: Meeting, what: str = "") -> str:
    return f"/desk/{meeting.slug}/certificates{what}"


# --- who gets one --------------------------------------------------------------------------


def test_who_was_there_on_enough_days_gets_one() -> None:
    meeting = open_meeting()
    there, short, never = guests(meeting, 2), guests(meeting, 1, DAYS[:1]), guests(meeting, 1, ())
    assert counts(meeting) == {"ready": 2, "issued": 0, "revoked": 0, "short": 2}
    rows = issue_all(meeting)
    assert {row.registration_id for row in rows} == set(there)
    assert counts(meeting) == {"ready": 0, "issued": 2, "revoked": 0, "short": 2}
    with database.sessions.begin() as session:
        listed, _ = certificates.page(session, meeting, state="short")
    assert [(row.id, row.days) for row in listed] == [(short[0], 1), (never[0], 0)]


def test_an_undone_check_in_is_no_attendance() -> None:
    meeting = open_meeting()
    guests(meeting, 1)
    with database.sessions.begin() as session:
        query = text("SELECT id FROM check_in WHERE meeting_id = :id AND day = :day")
        check_in = session.execute(query, {"id": meeting.id, "day": DAYS[0]}).scalar_one()
        checkins.undo(session, HOST, meeting.id, check_in)
    assert issue_all(meeting) == []


def test_numbers_have_no_gap_and_codes_are_long() -> None:
    meeting = open_meeting()
    guests(meeting, 120)
    rows = issue_all(meeting)
    assert [row.serial for row in rows] == list(range(1, 121))
    assert [row.facts["name"] for row in rows] == sorted(row.facts["name"] for row in rows)
    assert len({row.number for row in rows}) == len({row.code for row in rows}) == 120
    assert all(len(row.code.replace("-", "")) == 16 for row in rows)
    assert told(meeting, "issued") == 120


def test_a_pattern_that_makes_the_number_of_another_meeting_is_refused() -> None:
    first, second = (open_meeting(number_pattern="{serial:03}/PLM/SAMA") for _ in range(2))
    for meeting in (first, second):
        guests(meeting, 1)
    issue_all(first)
    run_id = start(second)
    run_shifts()
    assert (run(second, run_id).state, run(second, run_id).error) == ("failed", "number-taken")
    assert issued(second) == []


# --- in the background ---------------------------------------------------------------------


def test_a_run_issues_all_and_leaves_one_file_to_print() -> None:
    meeting = open_meeting()
    guests(meeting, 60)
    run_id = start(meeting)
    assert start(meeting) == run_id  # pressed twice
    run_shifts()
    ended = run(meeting, run_id)
    assert (ended.state, ended.done, ended.total) == ("done", 60, 60)
    assert len(PdfReader(printed.path(ended.stored)).pages) == len(issued(meeting)) == 60
    again = start(meeting)
    run_shifts()
    assert (again != run_id, run(meeting, again).state, len(issued(meeting))) == (True, "done", 60)


def test_two_workers_at_once_give_nobody_two() -> None:
    meeting = open_meeting()
    guests(meeting, 120)
    start(meeting)
    with database.sessions.begin() as session:
        taken = issuing.claim(session)
    assert taken
    threads = [threading.Thread(target=issuing.make, args=(taken, later()))]
    threads += [threading.Thread(target=issue_all, args=(meeting,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = issued(meeting)
    assert [row.serial for row in rows] == list(range(1, 121))
    assert len({row.registration_id for row in rows}) == 120


def test_a_cancelled_run_stops_and_keeps_what_is_issued() -> None:
    meeting = open_meeting()
    guests(meeting, 60)
    run_id = start(meeting)
    with database.sessions.begin() as session:
        taken = issuing.claim(session)
    assert taken
    issuing._issue_batch(taken)
    with database.sessions.begin() as session:
        issuing.cancel(session, meeting, run_id)
    assert not issuing.make(taken, later())
    assert (run(meeting, run_id).state, len(issued(meeting))) == ("cancelled", 50)


def test_a_worker_that_slept_through_its_lease_is_not_heard() -> None:
    meeting = open_meeting()
    guests(meeting, 60)
    run_id = start(meeting)
    with database.sessions.begin() as session:
        slept = issuing.claim(session)
    assert slept
    lease_is_over(run_id)
    run_shifts()
    before = run(meeting, run_id)
    assert not issuing.make(slept, later())
    after = run(meeting, run_id)
    assert (after.state, after.stored, after.done) == ("done", before.stored, 60)
    assert len(issued(meeting)) == 60


def later() -> datetime:
    """The end of a shift in which everything fits."""
    return datetime.now(UTC) + timedelta(hours=1)


def test_a_long_run_is_done_in_shifts_and_printed_in_several_files() -> None:
    meeting = open_meeting()
    guests(meeting, issuing.FILE + 20)
    run_id = start(meeting)
    shifts, left = 0, True
    while left:
        with database.sessions.begin() as session:
            taken = issuing.claim(session)
        assert taken
        left = issuing.make(taken, datetime.now(UTC))  # each shift is over after one step
        shifts += 1
        assert (run(meeting, run_id).state == "running") == left
    assert shifts > issuing.FILE / issuing.BATCH
    ended = run(meeting, run_id)
    assert (ended.state, ended.done, len(issued(meeting))) == ("done", 520, 520)
    files = issuing.prints(ended)
    assert [(file.first, file.last) for file in files] == [(1, 500), (501, 1000)]
    assert [len(PdfReader(printed.path(file.stored)).pages) for file in files] == [500, 20]
    page = http("GET", desk(meeting), HOST).text
    assert "Nomor urut 1 sampai 500" in page
    assert "Nomor urut 501 sampai 1.000" in page
    assert http("GET", desk(meeting, f"/runs/{run_id}.pdf?number=2"), HOST).status_code == 200
    assert http("GET", desk(meeting, f"/runs/{run_id}.pdf?number=3"), HOST).status_code == 404
    with database.sessions.begin() as session:
        issuing.sweep_prints(session)
    assert printed.path(files[0].stored).exists()


def test_files_whose_certificates_are_all_revoked_are_none() -> None:
    meeting = open_meeting()
    guests(meeting, 1)
    [row] = issue_all(meeting)
    with database.sessions.begin() as session:
        certificates.revoke(session, HOST, meeting, row.id, "Tidak hadir.")
    run_id = start(meeting)
    run_shifts()
    assert (run(meeting, run_id).state, run(meeting, run_id).stored) == ("done", None)


def test_a_run_that_is_too_slow_does_not_fail_but_goes_on() -> None:
    meeting = open_meeting()
    guests(meeting, 3)
    run_id = start(meeting)
    with database.sessions.begin() as session:
        taken = issuing.claim(session)
    assert taken
    with pytest.raises(TooSlow), too_slow():
        issuing.make(taken, later())
    assert run(meeting, run_id).state == "running"
    lease_is_over(run_id)
    run_shifts()
    assert (run(meeting, run_id).state, len(issued(meeting))) == ("done", 3)


@contextmanager
def too_slow() -> Iterator[None]:
    """Celery's soft limit comes as soon as a transaction begins."""

    def stop(*_: Any) -> None:
        raise TooSlow

    event.listen(database.engine, "begin", stop)
    try:
        yield
    finally:
        event.remove(database.engine, "begin", stop)


def lease_is_over(run_id: UUID) -> None:
    """No test waits for a lease to run out: its end comes to us."""
    with database.sessions.begin() as session:
        statement = text("UPDATE certificate_run SET lease_until = now() WHERE id = :id")
        session.execute(statement, {"id": run_id})


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own that takes the run that is due."""
    program = "from services.registration import jobs; jobs.issue_certificates()"
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=os.environ)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def test_after_kill_9_nobody_has_two_and_nobody_none() -> None:
    meeting = open_meeting()
    guests(meeting, 160)
    run_id = start(meeting)
    with worker() as process:
        eventually(lambda: issued(meeting), "the first batch")
        with database.sessions.begin() as session:
            certificates.lock(session, meeting)  # it is stopped before its next batch
            process.send_signal(signal.SIGKILL)
            process.wait()
    half = len(issued(meeting))
    assert 0 < half < 160
    assert half % issuing.BATCH == 0
    lease_is_over(run_id)
    run_shifts()
    rows = issued(meeting)
    assert [row.serial for row in rows] == list(range(1, 161))
    assert len({row.registration_id for row in rows}) == 160
    ended = run(meeting, run_id)
    assert (ended.state, ended.done) == ("done", 160)
    assert told(meeting, "issued") == 160
    assert len(PdfReader(printed.path(ended.stored)).pages) == 160


# --- revoke, issue again, prove ------------------------------------------------------------


def test_who_lost_a_certificate_gets_none_by_the_next_run() -> None:
    meeting = open_meeting()
    guests(meeting, 2)
    first, _ = issue_all(meeting)
    with database.sessions.begin() as session:
        certificates.revoke(session, HOST, meeting, first.id, "Tidak hadir.")
    assert len(issue_all(meeting)) == 2
    assert counts(meeting) == {"ready": 0, "issued": 1, "revoked": 1, "short": 0}
    assert told(meeting, "revoked") == 1
    with database.sessions.begin() as session, pytest.raises(certificates.CertificateRevokedBefore):
        certificates.revoke(session, HOST, meeting, first.id, "Lagi.")


def test_a_corrected_name_is_a_new_paper_and_the_old_page_does_not_tell_it() -> None:
    meeting = open_meeting()
    guests(meeting, 1)
    [old] = issue_all(meeting)
    with database.sessions.begin() as session:
        new = certificates.reissue(session, HOST, meeting, old.id, "Nama Yang Benar")
    assert (new.serial, new.replaces, new.facts["name"]) == (2, old.id, "Nama Yang Benar")
    assert new.code != old.code
    page = http("GET", f"/c/{old.code}").text
    assert "Nama Yang Benar" not in page
    assert new.code not in page
    assert new.number not in page
    assert http("GET", f"/api/v1/certificates/{old.code}").json()["status"] == "replaced"
    with database.sessions.begin() as session, pytest.raises(certificates.CertificateRevokedBefore):
        certificates.reissue(session, HOST, meeting, old.id, "Nama Lain")


def test_nobody_gets_a_new_paper_in_the_name_of_the_forgotten() -> None:
    meeting = open_meeting()
    [person] = guests(meeting, 1)
    [old] = issue_all(meeting)
    with database.sessions.begin() as session:
        retention.erase(session, [person])
    refused = post(meeting, f"/{old.id}/reissue", name="Nama Yang Benar")
    assert (refused.status_code, "sudah dihapus" in refused.text) == (409, True)
    assert [one.revoked_at for one in issued(meeting)] == [None]


def test_a_number_that_is_taken_is_told_and_the_old_paper_still_holds() -> None:
    first, second = (open_meeting() for _ in range(2))
    guests(first, 2)
    guests(second, 1)
    issue_all(first)
    [old] = issue_all(second)
    with database.sessions.begin() as session:
        query = text("UPDATE meeting SET certificate = certificate || :terms WHERE id = :id")
        terms = Jsonb({"number_pattern": "{serial:03}/PLM/KEMBAR"})
        session.execute(query, {"terms": terms, "id": second.id})
        query = text("UPDATE certificate SET number = '002/PLM/KEMBAR' WHERE id = :id")
        session.execute(query, {"id": issued(first)[1].id})
    refused = post(second, f"/{old.id}/reissue", name="Nama Yang Benar")
    assert (refused.status_code, "dipakai pertemuan lain" in refused.text) == (409, True)
    assert [one.revoked_at for one in issued(second)] == [None]


def test_the_public_page_says_whether_it_holds_and_no_more_than_the_paper() -> None:
    meeting = open_meeting()
    guests(meeting, 1)
    [row] = issue_all(meeting)
    typed = row.code.lower().replace("-", "")
    answers = [http("GET", f"/c/{typed}").text, http("GET", f"/api/v1/certificates/{typed}").text]
    with database.sessions.begin() as session:
        person = session.get_one(Registration, row.registration_id)
    for answer in answers:
        assert row.facts["name"] in answer
        for secret in ("rahasia@contoh.id", person.code, str(person.id), "21.01"):
            assert secret not in answer
    assert http("GET", f"/api/v1/certificates/{typed}").json()["status"] == "valid"
    with database.sessions.begin() as session:
        certificates.revoke(session, HOST, meeting, row.id, "Alasan yang tidak umum.")
    assert "Alasan yang tidak umum" not in http("GET", f"/c/{row.code}").text
    assert http("GET", f"/api/v1/certificates/{typed}").json()["status"] == "revoked"
    assert http("GET", "/c/AAAA-BBBB-CCCC-DDDD").status_code == 404
    assert http("GET", "/api/v1/certificates/AAAABBBBCCCCDDDD").status_code == 404


def test_the_paper_is_for_its_owner_and_its_host() -> None:
    meeting = open_meeting()
    guests(meeting, 1)
    [row] = issue_all(meeting)
    token = own_links.sign(str(row.registration_id), seconds=60)
    own = http("GET", f"/r/{token}/certificate.pdf")
    host = http("GET", desk(meeting, f"/{row.id}.pdf"), HOST)
    assert own.content == host.content
    assert row.facts["name"] in PdfReader(BytesIO(own.content)).pages[0].extract_text()
    assert http("GET", "/r/falsch/certificate.pdf").status_code == 404
    assert (
        http("GET", f"/r/{own_links.sign(str(uuid4()), seconds=60)}/certificate.pdf").status_code
        == 404
    )
    assert http("GET", desk(meeting, f"/{row.id}.pdf"), NEIGHBOUR).status_code == 404
    elsewhere = open_meeting()
    assert http("GET", desk(elsewhere, f"/{row.id}.pdf"), HOST).status_code == 404


# --- the desk's pages ----------------------------------------------------------------------


def test_the_host_issues_revokes_and_issues_again_by_forms() -> None:
    meeting = open_meeting()
    guests(meeting, 3)
    guests(meeting, 1, DAYS[:1])
    assert "Peserta Contoh 001" in http("GET", desk(meeting), HOST).text
    answer = post(meeting, "/runs")
    progress = answer.headers["location"].removeprefix("/registration")
    run_shifts()
    assert 'data-state="done"' in http("GET", progress, HOST).text
    api = f"/api/v1/meetings/{meeting.slug}/certificate-runs/{progress.rpartition('/')[2]}"
    ready = http("GET", api, HOST).json()
    assert (ready["state"], ready["done"]) == ("done", 3)
    file = http("GET", ready["download_url"].removeprefix("/registration"), HOST)
    assert len(PdfReader(BytesIO(file.content)).pages) == 3

    first, second, _ = issued(meeting)
    assert post(meeting, f"/{first.id}/revoke", reason="  ").status_code == 422
    answer = post(meeting, f"/{first.id}/revoke", reason="Tidak hadir.")
    assert answer.headers["location"].endswith(str(first.id))
    assert "Tidak hadir." in http("GET", desk(meeting, f"/{first.id}"), HOST).text
    assert post(meeting, f"/{second.id}/reissue", name="x").status_code == 422
    answer = post(meeting, f"/{second.id}/reissue", name="Nama Yang Benar")
    new = answer.headers["location"].rpartition("/")[2]
    with database.sessions.begin() as session:
        assert session.get_one(Certificate, UUID(new)).facts["name"] == "Nama Yang Benar"


def post(meeting: Meeting, what: str, **fields: str) -> Any:
    return http("POST", desk(meeting, what), HOST, data=fields | {"form_token": forms.new_form()})


def test_a_neighbour_sees_no_certificates() -> None:
    meeting = open_meeting()
    guests(meeting, 1)
    [row] = issue_all(meeting)
    for what in ("", f"/{row.id}", f"/{row.id}/revoke", f"/{row.id}/reissue", f"/runs/{uuid4()}"):
        assert http("GET", desk(meeting, what), NEIGHBOUR).status_code == 404
    assert http("GET", desk(meeting), Caller("regency", "PIC", "pic", "21.01")).status_code == 403


def test_files_for_printing_go_after_a_week() -> None:
    meeting = open_meeting()
    guests(meeting, 1)
    run_id = start(meeting)
    run_shifts()
    assert run(meeting, run_id).stored
    with database.sessions.begin() as session:
        old = text("UPDATE certificate_run SET finished_at = now() - interval '8 days'")
        session.execute(old)
    jobs.purge_prints()
    assert run(meeting, run_id).stored is None
