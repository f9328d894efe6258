"""Own copies of meetings, participants, presence, officials: right in any order, once or often."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from notifications.mailroom import changed, coming_meeting, deliver, registered, rows, sealed

from services.notifications import people
from services.notifications.resources import database
from shared.bus.envelope import Envelope
from shared.events import (
    AccountChanged,
    AttendanceChanged,
    MeetingCancelled,
    MeetingPublished,
    RegistrationApproved,
    RegistrationCancelled,
    RegistrationErased,
    RegistrationImported,
    RegistrationRescheduled,
)

pytestmark = pytest.mark.usefixtures("empty", "nobody")


def account(**changes: Any) -> Envelope[Any]:
    fields = {
        "account_id": uuid4(),
        "version": 1,
        "name": "PIC Contoh",
        "email": "pic@contoh.id",
        "phone": None,
        "language": "id",
        "role": "regency",
        "region_code": "21.01",
        "active": True,
    }
    return sealed(AccountChanged.model_validate(fields | changes))


def presence(registration_id: Any, *, present: bool, minute: int, day: int = 9) -> Envelope[Any]:
    return sealed(
        AttendanceChanged(
            registration_id=registration_id,
            meeting_slug="plm-2022-21",
            day=date(2027, 3, day),
            session_id=None,
            present=present,
            changed_at=datetime(2027, 3, day, 1, minute, tzinfo=UTC),
        )
    )


def attending() -> list[str]:
    with database.sessions.begin() as session:
        there = people.coming(session, "plm-2022-21", attended=True)
    return [str(row.registration_id) for row in there]


def test_a_meeting_keeps_the_highest_version_that_was_told() -> None:
    first, second = coming_meeting(), coming_meeting(version=2, title="Judul baru", venue="Aula")
    deliver(sealed(MeetingPublished(meeting=second)))
    deliver(sealed(MeetingPublished(meeting=first)), registered(first))
    [meeting] = rows("SELECT * FROM meeting")
    assert (meeting.version, meeting.title, meeting.cancelled) == (2, "Judul baru", False)
    assert meeting.facts["venue"] == "Aula"
    assert meeting.starts_at == second.starts_at


def test_a_cancelled_meeting_stays_cancelled_whatever_comes_late() -> None:
    off = MeetingCancelled(meeting=coming_meeting(version=2), reason="Banjir.")
    deliver(sealed(off))
    deliver(sealed(MeetingPublished(meeting=coming_meeting(version=3))))
    [meeting] = rows("SELECT * FROM meeting")
    assert (meeting.version, meeting.cancelled) == (3, True)


def test_a_registration_keeps_the_highest_version_in_any_order() -> None:
    came = registered()
    one = {"registration_id": came.data.registration_id}
    deliver(
        changed(RegistrationCancelled, version=4, status="cancelled", by="host", reason="x", **one)
    )
    deliver(changed(RegistrationApproved, version=2, **one), came)
    [person] = rows("SELECT * FROM participant")
    assert (person.version, person.status) == (4, "cancelled")
    deliver(changed(RegistrationRescheduled, version=5, status="approved", name="Nama Baru", **one))
    [person] = rows("SELECT * FROM participant")
    assert (person.version, person.status, person.name) == (5, "approved", "Nama Baru")


def test_since_when_somebody_waits_is_not_moved_by_other_news() -> None:
    came = registered()
    one = {"registration_id": came.data.registration_id}
    deliver(came)
    deliver(changed(RegistrationRescheduled, version=2, status="submitted", **one))
    [person] = rows("SELECT since, version FROM participant")
    assert (person.since, person.version) == (came.data.submitted_at, 2)


def test_who_stands_on_a_paper_list_is_known_but_told_nothing() -> None:
    event = registered().data
    fields = event.model_dump(exclude={"own_link"})
    deliver(sealed(RegistrationImported.model_validate(fields)))
    [person] = rows("SELECT status, own_link FROM participant")
    assert (person.status, person.own_link) == ("approved", "")
    with database.sessions.begin() as session:
        assert people.coming(session, "plm-2022-21", attended=False) == []


def test_an_erasure_takes_the_copy_and_keeps_later_news_out() -> None:
    one = {"registration_id": uuid4()}
    came = changed(RegistrationApproved, **one)
    deliver(came, presence(one["registration_id"], present=True, minute=1))
    rows("INSERT INTO preference (address, class) VALUES ('peserta@contoh.id', 'bulk')")
    deliver(sealed(RegistrationErased(**one)))
    deliver(came, replay=1)
    deliver(changed(RegistrationCancelled, version=9, by="host", reason="x", **one))
    deliver(presence(one["registration_id"], present=True, minute=2))
    assert rows("SELECT FROM participant") == []
    assert rows("SELECT FROM attendance") == []
    assert len(rows("SELECT FROM preference")) == 1, "a no outlives the data"


def test_who_was_there_is_told_by_the_latest_fact_of_each_day() -> None:
    one = {"registration_id": uuid4()}
    there = one["registration_id"]
    deliver(presence(there, present=False, minute=5), presence(there, present=True, minute=1))
    deliver(changed(RegistrationApproved, **one))
    assert attending() == [], "it was undone, though that came first"
    deliver(presence(there, present=True, minute=1, day=10))
    assert attending() == [str(there)], "one day is enough"


def test_an_account_keeps_the_highest_version_that_was_told() -> None:
    off = account(version=3, active=False)
    deliver(off)
    deliver(account(account_id=off.data.account_id, version=2))
    [official] = rows("SELECT * FROM official")
    assert (official.version, official.active) == (3, False)
    assert official.email is None, "of a closed account nothing is kept by which to reach somebody"
