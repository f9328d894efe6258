"""A registration's whole life, told in any order: its state, its certificate, its presence."""

import csv
import io
import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from reporting.builders import (
    EXAMPLE,
    KEPRI,
    Office,
    copies,
    facts_of,
    imported,
    person,
    submitted,
    tell,
)
from sqlalchemy import Row, text

from services.reporting import downloads, making, reports
from services.reporting.documents.common import Cancelled
from services.reporting.resources import bus, database
from services.reporting.settings import settings
from shared.events import (
    AttendanceChanged,
    CertificateIssued,
    CertificateRevoked,
    Event,
    RegistrationApproved,
    RegistrationCancelled,
    RegistrationCorrected,
    RegistrationErased,
    RegistrationReturned,
    SeatOffered,
)

ANI = submitted(person("Ani Contoh", "21.01"))
SUMMARY = f"/reporting/api/v1/meetings/{EXAMPLE}/summary"
DAY = date(2022, 8, 9)
EIGHT = datetime(2022, 8, 9, 1, tzinfo=UTC)


def rows(query: str) -> list[Row[Any]]:
    with database.sessions.begin() as session:
        return list(session.execute(text(query)))


def one(query: str) -> Row[Any]:
    [row] = rows(query)
    return row


def life() -> list[Event]:
    """From the form by a correction to the approval."""
    corrected = facts_of(ANI, 3, "submitted", name="Ani Contoh, S.Sos.", region_code="21.02")
    approved = facts_of(ANI, 4, "approved", name="Ani Contoh, S.Sos.", region_code="21.02")
    return [
        ANI,
        RegistrationReturned(registration=facts_of(ANI, 2, "needs_correction"), reason="Gelar?"),
        RegistrationCorrected(registration=corrected),
        RegistrationApproved(registration=approved),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_highest_version_holds_in_whatever_order_it_comes(
    empty: Path, order: tuple[int, ...]
) -> None:
    assert empty
    events = [life()[place] for place in order]
    for event in events[:2]:
        tell(event)
    tell(*events[2:])
    tell(*events)
    copy = one("SELECT * FROM participant")
    assert (copy.version, copy.status) == (4, "approved")
    assert (copy.name, copy.regency_code) == ("Ani Contoh, S.Sos.", "21.02")


def test_several_versions_in_one_batch_are_one_row(empty: Path) -> None:
    assert empty
    offers = [
        SeatOffered(registration=facts_of(ANI, version, "offered"), expires_at=EIGHT)
        for version in (5, 7, 6)
    ]
    tell(*offers)
    assert one("SELECT version FROM participant").version == 7


def test_a_cancelled_registration_leaves_the_list_and_an_approved_one_joins_it(
    empty: Path,
) -> None:
    assert empty
    budi = submitted(person("Budi Contoh", "21.01"))
    tell(*life(), budi)
    assert listed() == ["Ani Contoh, S.Sos."]
    tell(
        RegistrationApproved(registration=facts_of(budi, 2, "approved")),
        RegistrationCancelled(
            registration=facts_of(ANI, 5, "cancelled"), by="registrant", reason=""
        ),
    )
    assert listed() == ["Budi Contoh"]


def listed() -> list[str]:
    """The names on a new attendance list."""
    office = Office(KEPRI)
    content = office.get(
        office.report("csv", headers={"idempotency-key": str(uuid4())})["download"]
    )
    lines = list(csv.reader(io.StringIO(content.content.decode("utf-8-sig"))))
    return [line[1] for line in lines[1:-1]]


# --- presence ------------------------------------------------------------------------------


def scan(seconds: int, *, present: bool, session_id: UUID | None = None) -> AttendanceChanged:
    return AttendanceChanged(
        registration_id=ANI.registration_id,
        meeting_slug=EXAMPLE,
        day=DAY,
        session_id=session_id,
        present=present,
        changed_at=EIGHT + timedelta(seconds=seconds),
    )


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_later_fact_about_presence_holds_even_before_its_registration(
    empty: Path, order: tuple[int, ...]
) -> None:
    assert empty
    scans = [scan(0, present=True), scan(60, present=False), scan(120, present=True)]
    for place in order:
        tell(scans[place])
        tell(scans[place])
    assert one("SELECT present, changed_at FROM attendance") == (True, scans[2].changed_at)
    assert rows("SELECT FROM failed_event") == []


def test_a_batch_of_scans_is_settled_in_itself(empty: Path) -> None:
    assert empty
    tell(scan(60, present=False), scan(0, present=True), scan(30, present=True))
    assert one("SELECT present FROM attendance").present is False
    tell(scan(0, present=True, session_id=uuid4()))
    assert len(rows("SELECT FROM attendance")) == 2, "a session is not the day"


def test_two_facts_of_one_moment_end_the_same_in_both_orders(empty: Path) -> None:
    assert empty
    both = [scan(0, present=True), scan(0, present=False)]
    tell(both[0])
    tell(both[1])
    assert one("SELECT present FROM attendance").present is True
    with database.sessions.begin() as session:
        session.execute(text("DELETE FROM attendance"))
    tell(both[1])
    tell(both[0])
    assert one("SELECT present FROM attendance").present is True


# --- certificates --------------------------------------------------------------------------


def certificate(number: str, certificate_id: UUID) -> tuple[CertificateIssued, CertificateRevoked]:
    fields: dict[str, Any] = {
        "registration": facts_of(ANI, 4, "approved"),
        "certificate_id": certificate_id,
        "number": number,
    }
    issued = CertificateIssued(**fields, jp=16, verify_link="http://test/registration/c/K")
    return issued, CertificateRevoked(**fields, reason="Nama salah tulis.")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_revoked_certificate_stays_revoked_and_its_successor_is_valid(
    empty: Path, order: tuple[int, ...]
) -> None:
    assert empty
    issued, revoked = certificate("0001/PLM", uuid4())
    again, _ = certificate("0002/PLM", uuid4())
    events: list[Event] = [issued, revoked, again]
    for place in order:
        tell(events[place])
    assert rows("SELECT number, revoked FROM certificate ORDER BY number") == [
        ("0001/PLM", True),
        ("0002/PLM", False),
    ]
    assert one("SELECT status FROM participant").status == "approved"


# --- erasure -------------------------------------------------------------------------------


def assert_nobody_is_named(*names: str) -> None:
    kept = rows("SELECT participant::text FROM participant") + rows(
        "SELECT certificate::text FROM certificate"
    )
    assert not [name for name in names for row in kept if name in str(row)]


def test_who_is_erased_stays_in_the_counts_and_nowhere_else(example: Path) -> None:
    assert example
    issued, _ = certificate("0001/PLM", uuid4())
    tell(*life(), issued)
    before = Office(KEPRI).get(SUMMARY).json()
    assert before["total"] == 16
    tell(RegistrationErased(registration_id=ANI.registration_id))
    after = Office(KEPRI).get(SUMMARY).json()
    assert after["total"] == 16
    assert after["meeting"]["revision"] > before["meeting"]["revision"]
    erased = one("SELECT * FROM participant WHERE version = 4")
    assert (erased.name, erased.phone, erased.sort_name) == ("—", None, "")
    assert_nobody_is_named("Ani", "0001/PLM")
    assert listed().count("—") == 1


@pytest.mark.parametrize("place", range(5))
def test_what_comes_after_the_erasure_stays_nameless(empty: Path, place: int) -> None:
    assert empty
    issued, _ = certificate("0001/PLM", uuid4())
    told: list[Event] = [*life(), issued]
    told.insert(place, RegistrationErased(registration_id=ANI.registration_id))
    for event in told:
        tell(event)
    tell(RegistrationErased(registration_id=ANI.registration_id))
    tell(*life())
    copy = one("SELECT * FROM participant")
    assert (copy.status, copy.regency_code, copy.phone) == ("approved", "21.02", None)
    assert_nobody_is_named("Ani", "0001/PLM")


def test_an_erasure_and_a_registration_that_come_at_once_leave_no_name(empty: Path) -> None:
    assert empty
    people = [submitted(person(f"Calon {n}", "21.01")) for n in range(40)]
    gone = [RegistrationErased(registration_id=p.registration_id) for p in people]

    def deliver(events: list[Any]) -> None:
        for copy in copies(events):
            bus.inbox.deliver("registration", [copy])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(deliver, [people, gone]))
    assert rows("SELECT DISTINCT name FROM participant") == [("—",)]
    assert len(rows("SELECT FROM participant")) == 40


def test_a_finished_list_that_names_the_erased_is_taken_back(empty: Path) -> None:
    tell(*life(), imported(person("Budi Contoh", "21.02")))
    office = Office(KEPRI)
    report = office.report("csv")
    assert "Ani Contoh" in office.get(report["download"]).text
    tell(RegistrationErased(registration_id=ANI.registration_id))
    assert office.get(report["download"]).status_code == 404
    page = office.get(f"/reporting/reports/{report['id']}").text
    assert "data salah satu pesertanya dihapus" in page
    assert list(empty.iterdir())
    for file in empty.iterdir():
        os.utime(file, (0, 0))  # long ago
    with database.sessions.begin() as session:
        assert downloads.purge(session) == 1
    assert list(settings().reports.iterdir()) == []
    assert listed() == ["—", "Budi Contoh"]


def test_a_list_that_is_being_made_begins_again(empty: Path) -> None:
    assert empty
    tell(*life())
    Office(KEPRI).order("csv")
    with database.sessions.begin() as session:
        taken = making.claim(session)
    assert taken
    tell(RegistrationErased(registration_id=ANI.registration_id))
    with pytest.raises(Cancelled):
        making.renew(taken)
    with database.sessions.begin() as session:
        again = making.claim(session)
    assert again
    assert again.row.attempt == 2
    assert reports.order_of(again.row).params.model_dump()["meeting"] == EXAMPLE


def test_an_erasure_of_nobody_we_know_is_remembered_all_the_same(empty: Path) -> None:
    assert empty
    tell(RegistrationErased(registration_id=uuid4()))
    assert rows("SELECT FROM failed_event") == []
    assert len(rows("SELECT FROM erased")) == 1
