"""Certificates: earned by being there, numbered without a gap, one each, and provable."""

from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from hosts import HOST, NEIGHBOUR
from psycopg.types.json import Jsonb
from pypdf import PdfReader
from registration.certified import (
    DAYS,
    desk,
    guests,
    http,
    issue_all,
    issued,
    open_meeting,
    run,
    run_shifts,
    start,
    told,
)
from sqlalchemy import text

from services.registration import certificates, checkins, jobs, retention
from services.registration.models import Certificate, Meeting, Registration
from services.registration.resources import database, forms, own_links
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("registration_database")


def counts(meeting: Meeting) -> dict[str, int]:
    with database.sessions.begin() as session:
        return certificates.counts(session, meeting)


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
    assert "Peserta Contoh 0001" in http("GET", desk(meeting), HOST).text
    answer = post(meeting, "/runs")
    progress = answer.headers["location"].removeprefix("/registration")
    run_shifts()
    assert 'data-state="done"' in http("GET", progress, HOST).text
    api = f"/api/v1/meetings/{meeting.slug}/certificate-runs/{progress.rpartition('/')[2]}"
    ready = http("GET", api, HOST).json()
    assert (ready["status"], ready["done"]) == ("done", 3)
    file = http("GET", ready["download"].removeprefix("/registration"), HOST)
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
