"""Workers that write reminders die, race or sleep: nothing is doubled, nothing lost."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from notifications.mailroom import changed, deliver, messages, rows, sealed, states
from notifications.reminded import FIRST, SLUG, comes, due, meeting, run, told
from sqlalchemy.orm import Session

from services.notifications import people, schedules
from services.notifications.resources import database
from services.notifications.rules import REMINDER_DAY, REMINDER_MORNING, REMINDER_WEEK
from shared.events import MeetingFacts, MeetingPublished, RegistrationApproved

pytestmark = pytest.mark.usefixtures("empty", "nobody")


def many(facts: MeetingFacts, count: int) -> None:
    fields = facts.model_dump()
    deliver(
        *(changed(RegistrationApproved, email=f"p{n}@contoh.id", **fields) for n in range(count))
    )
    rows("DELETE FROM message")


def test_a_run_whose_time_is_over_says_that_there_is_more() -> None:
    facts = meeting()
    comes(facts)
    at = due(REMINDER_WEEK, facts)
    assert not schedules.run_due(lambda _: None, at, until=0)
    assert told() == []
    assert schedules.run_due(lambda _: None, at)
    assert len(told()) == 1


class Crash(Exception):
    """What a test throws into the middle."""


def crash(_: Session) -> None:
    raise Crash


def test_a_crash_in_between_doubles_and_loses_nothing() -> None:
    facts = meeting()
    comes(facts)
    with pytest.raises(Crash):
        schedules.run_due(crash, due(REMINDER_WEEK, facts))
    assert (messages(), rows("SELECT FROM schedule_run")) == ([], [])
    run(due(REMINDER_WEEK, facts))
    run(due(REMINDER_WEEK, facts))
    assert told() == ["reminder-week queued"]


def test_a_crash_in_the_middle_of_many_goes_on_where_it_was() -> None:
    facts = meeting()
    many(facts, people.CHUNK * 2 + 10)
    chunks = iter((False, True))

    def crash_at_the_second(session: Session) -> None:
        if next(chunks):
            crash(session)

    with pytest.raises(Crash):
        schedules.run_due(crash_at_the_second, due(REMINDER_WEEK, facts))
    assert states() == {"queued": people.CHUNK}
    run(due(REMINDER_WEEK, facts))
    assert states() == {"queued": people.CHUNK * 2 + 10}
    with database.sessions.begin() as session:
        [done] = schedules.latest_runs(session, "reminder-week")
    assert (done.messages, done.late) == (people.CHUNK * 2 + 10, False)


def test_what_is_forgotten_of_a_run_still_doubles_nothing() -> None:
    facts = meeting()
    comes(facts)
    run(due(REMINDER_WEEK, facts))
    rows("DELETE FROM schedule_run")
    run(due(REMINDER_WEEK, facts))
    assert told() == ["reminder-week queued"], "the message's identity holds the date"


def test_of_several_workers_at_once_one_does_it() -> None:
    facts = meeting()
    many(facts, 600)
    threads = [threading.Thread(target=run, args=[due(REMINDER_WEEK, facts)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states() == {"queued": 600}
    [done] = rows("SELECT rule, about, messages FROM schedule_run")
    assert tuple(done) == ("reminder-week", SLUG, 600)


def test_a_late_worker_reminds_until_the_next_reminder_and_then_says_so() -> None:
    facts = meeting()
    comes(facts)
    run(due(REMINDER_DAY, facts) - timedelta(minutes=1))
    assert told() == ["reminder-week queued"]
    assert messages()[0].expires_at == due(REMINDER_DAY, facts)
    run(facts.starts_at)
    assert told() == ["reminder-week queued"], "the meeting has begun"
    with database.sessions.begin() as session:
        missed = [
            schedules.latest_runs(session, rule.name)[0].late
            for rule in (REMINDER_DAY, REMINDER_MORNING)
        ]
    assert missed == [True, True]


def test_a_meeting_of_long_ago_is_no_news() -> None:
    facts = meeting(first=date(2022, 8, 9))
    comes(facts)
    run(datetime.now(UTC))
    assert rows("SELECT FROM schedule_run") == []


def test_the_copies_are_held_while_reminders_are_written() -> None:
    """Who moves the meeting at that moment comes before or after, and the date is right."""
    facts = meeting()
    comes(facts)
    moved = meeting(first=FIRST + timedelta(days=30), version=2)

    def move(_: Session) -> None:
        thread = threading.Thread(
            target=deliver, args=[sealed(MeetingPublished(meeting=moved))], daemon=True
        )
        thread.start()
        waiting.append(thread)

    waiting: list[threading.Thread] = []
    schedules.run_due(move, due(REMINDER_WEEK, facts))
    waiting[0].join()
    assert told() == ["reminder-week expired"]
    with database.sessions.begin() as session:
        assert len(people.coming(session, SLUG, attended=False)) == 1
