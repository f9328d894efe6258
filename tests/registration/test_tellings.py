"""Whoever registered is told of a new venue and of the end of a meeting, each once."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hosts import (
    guests,
    http,
    open_meeting,
    post,
    published,
    told,
)
from registration.meeting_forms import path, save, telling
from sites import ROOT, eventually
from sqlalchemy import select, text

from services.registration import jobs, tellings
from services.registration.meetings import QuotaPlan
from services.registration.models import Quota, Registration
from services.registration.resources import database

pytestmark = pytest.mark.usefixtures("registration_database")


def due() -> None:
    """Whatever is to be told is due now."""
    with database.sessions.begin() as session:
        session.execute(text("UPDATE telling SET due_at = now() WHERE finished_at IS NULL"))


def test_a_new_venue_reaches_each_who_comes_exactly_once() -> None:
    meeting = open_meeting()
    coming = guests(meeting, 3) + guests(
        meeting, 1, status="waiting", waiting_since=datetime.now(UTC)
    )
    guests(meeting, 2, status="cancelled")
    assert save(meeting, venue="Gedung Baru").status_code == 303
    assert (telling(meeting).total, telling(meeting).done) == (4, 0)
    due()
    jobs.tell_registrations()
    jobs.tell_registrations()
    assert told(meeting, "rescheduled") == {str(person): 1 for person in coming}
    assert telling(meeting).done == 4
    assert telling(meeting).finished_at
    assert http("GET", path(meeting, "telling")).json()["status"] == "done"


def test_a_second_change_overtakes_the_first() -> None:
    meeting = open_meeting()
    coming = guests(meeting, 2)
    save(meeting, venue="Gedung Kedua")
    save(meeting, venue="Gedung Ketiga")
    due()
    jobs.tell_registrations()
    assert told(meeting, "rescheduled") == {str(person): 1 for person in coming}


def test_one_that_is_overtaken_while_it_is_told_stops() -> None:
    meeting = open_meeting()
    coming = guests(meeting, 6)
    save(meeting, venue="Gedung Kedua")
    due()
    with database.sessions.begin() as session:
        first = tellings.latest(session, meeting.id)
        assert first
        assert tellings.tell_some(session, first.id, batch=2)
    save(meeting, venue="Gedung Ketiga")
    due()
    with database.sessions.begin() as session:
        assert not tellings.tell_some(session, first.id, batch=2)
    jobs.tell_registrations()
    assert sum(told(meeting, "rescheduled").values()) == 2 + len(coming)


def test_calling_off_ends_each_registration_and_frees_each_seat() -> None:
    meeting = open_meeting(QuotaPlan("meeting", "", 50), QuotaPlan("region", "21.01", 50))
    coming = guests(meeting, 5)
    assert post(path(meeting, "cancel"), reason="").status_code == 422
    answer = post(path(meeting, "cancel"), reason="Gedung kebanjiran.")
    assert answer.status_code == 303
    assert post(path(meeting, "cancel"), reason="Gedung kebanjiran.").status_code == 303
    assert [event["reason"] for event in published(meeting, "cancelled")] == ["Gedung kebanjiran."]
    jobs.tell_registrations()
    assert told(meeting, "cancelled") == {str(person): 1 for person in coming}
    with database.sessions.begin() as session:
        query = select(Registration).where(Registration.meeting_id == meeting.id)
        people = list(session.scalars(query))
        taken = session.scalars(select(Quota.taken).where(Quota.meeting_id == meeting.id))
        assert set(taken) == {0}
    assert {(each.status, each.reason) for each in people} == {("cancelled", "Gedung kebanjiran.")}
    assert "Gedung kebanjiran." in http("GET", path(meeting)).text


def test_who_registered_while_the_meeting_was_called_off_is_told_as_well() -> None:
    meeting = open_meeting()
    guests(meeting, 1)
    post(path(meeting, "cancel"), reason="Gedung kebanjiran.")
    jobs.tell_registrations()
    (late,) = guests(meeting, 1)
    jobs.tell_registrations()
    assert told(meeting, "cancelled")[str(late)] == 1


def test_a_killed_worker_leaves_nobody_untold_and_tells_nobody_twice() -> None:
    meeting = open_meeting()
    coming = guests(meeting, 1200)
    post(path(meeting, "cancel"), reason="Gedung kebanjiran.")
    with database.sessions() as session:
        # The second batch waits for this person, with half of its work done.
        query = select(Registration).where(Registration.id == coming[700]).with_for_update()
        session.scalars(query).one()
        program = "from services.registration import jobs; jobs.tell_registrations()"
        worker = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=os.environ)
        eventually(lambda: telling(meeting).done == 500, "the first batch is told")
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait(10)
        session.rollback()
    assert len(told(meeting, "cancelled")) == 500
    jobs.tell_registrations()
    assert told(meeting, "cancelled") == {str(person): 1 for person in coming}
    assert (telling(meeting).done, telling(meeting).total) == (1200, 1200)
