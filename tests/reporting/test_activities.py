"""Reports with history and stages: who may decide what, and what a stale hand may not."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from reporting.libraries import (
    BINTAN,
    KEPRI,
    NATIONAL,
    RIAU,
    SENDER,
    TODAY,
    handed,
    library,
)
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.reporting import activities, own_reports
from services.reporting.activities import ActivityNotFound, Conflict
from services.reporting.models import Activity
from services.reporting.own_reports import Verified
from services.reporting.resources import database
from shared.security import Caller


@pytest.fixture
def session(empty: Path) -> Iterator[Session]:
    assert empty
    with database.sessions.begin() as session:
        yield session


def submitted(session: Session, region_code: str = "21.01.06.2001") -> Activity:
    of = library(region_code)
    written, _ = activities.submit(session, of, handed(), SENDER, TODAY)
    return session.get_one(Activity, written)


def stage(session: Session, activity: Activity) -> int:
    session.refresh(activity)
    return activity.stage


def test_it_is_verified_up_the_tree_and_each_step_is_history(session: Session) -> None:
    report = submitted(session)
    for caller, reached in ((BINTAN, 1), (KEPRI, 2), (NATIONAL, 3)):
        assert activities.verify(session, caller, [report.id]) == [report.id]
        assert stage(session, report) == reached
    told = [(one.action, one.role) for one in activities.history(session, report.id)]
    assert told == [
        ("submitted", "library"),
        ("verified", "regency"),
        ("verified", "province"),
        ("verified", "national"),
    ]


def test_nobody_undoes_what_somebody_above_said(session: Session) -> None:
    report = submitted(session)
    assert activities.verify(session, KEPRI, [report.id])
    assert activities.verify(session, BINTAN, [report.id]) == []
    assert activities.send_back(session, BINTAN, [report.id], "Kembali") == []
    assert activities.send_back(session, NATIONAL, [report.id], "Kembali") == [report.id]
    assert stage(session, report) == -1
    assert activities.verify(session, BINTAN, [report.id]) == []


@pytest.mark.parametrize("stranger", [RIAU, Caller("regency", "Tetangga", "karimun", "21.02")])
def test_no_neighbour_decides_or_sees(session: Session, stranger: Caller) -> None:
    report = submitted(session)
    assert activities.verify(session, stranger, [report.id]) == []
    assert activities.send_back(session, stranger, [report.id], "Kembali") == []
    with pytest.raises(ActivityNotFound):
        activities.find(session, stranger, report.id)
    assert activities.find(session, BINTAN, report.id) is report


def test_an_edit_tells_what_was_and_starts_verification_anew(session: Session) -> None:
    report = submitted(session)
    activities.send_back(session, BINTAN, [report.id], "Jumlah?")
    session.refresh(report)
    new = handed(people="30", male="10", adults="30")
    activities.edit(session, report, new, SENDER, TODAY, revision=report.revision)
    assert report.stage == 0
    last = activities.history(session, report.id)[-1]
    assert (last.before, last.after) == (
        {"people": 24, "male": 4, "adults": 24},
        {"people": 30, "male": 10, "adults": 30},
    )


def test_a_stale_edit_is_a_conflict(session: Session) -> None:
    report = submitted(session)
    activities.edit(session, report, handed(title="Satu"), SENDER, TODAY, revision=1)
    with pytest.raises(Conflict) as conflict:
        activities.edit(session, report, handed(title="Dua"), SENDER, TODAY, revision=1)
    assert conflict.value.existing.title == "Satu"
    assert conflict.value.offered.title == "Dua"


def test_the_same_reference_is_one_report_however_many_copies_race(empty: Path) -> None:
    assert empty
    mine, one = library(), handed(ref=uuid7())

    def submit(_: int) -> tuple[UUID, bool]:
        with database.sessions.begin() as session:
            return activities.submit(session, mine, one, SENDER, TODAY)

    with ThreadPoolExecutor(8) as racers:
        results = list(racers.map(submit, range(8)))
    assert len({report for report, _ in results}) == 1
    assert sum(new for _, new in results) == 1


def test_the_same_reference_with_other_content_is_a_conflict(session: Session) -> None:
    mine, ref = library(), uuid7()
    first, _ = activities.submit(session, mine, handed(ref=ref), SENDER, TODAY)
    with pytest.raises(Conflict) as conflict:
        activities.submit(session, mine, handed(ref=ref, title="Lain"), SENDER, TODAY)
    assert conflict.value.existing.id == first


def test_another_library_may_use_the_same_reference(session: Session) -> None:
    ref = uuid7()
    made = {
        activities.submit(session, of, handed(ref=ref), SENDER, TODAY)
        for of in (library(), library(name="Perpustakaan Tetangga"))
    }
    assert len(made) == 2


def test_a_deleted_report_comes_back_unverified(session: Session) -> None:
    report = submitted(session)
    activities.verify(session, BINTAN, [report.id])
    session.refresh(report)
    activities.delete(session, report, SENDER)
    assert activities.verify(session, KEPRI, [report.id]) == []
    activities.restore(session, report, SENDER)
    assert report.stage == 0
    assert report.deleted_at is None


def test_a_library_changes_what_nobody_verified(session: Session) -> None:
    report = submitted(session)
    own = report.library_id
    assert own_reports.to_change(session, own, report.id) is report
    with pytest.raises(ActivityNotFound):
        own_reports.to_change(session, library(name="Tetangga"), report.id)
    activities.verify(session, BINTAN, [report.id])
    session.refresh(report)
    with pytest.raises(Verified):
        own_reports.to_change(session, own, report.id)
