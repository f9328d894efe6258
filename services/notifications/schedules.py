"""What comes by the calendar of a meeting: reminders before it, thanks after it.

When is computed on the clock of the venue, each time anew from what the meeting is now: so all
moves when the meeting moves. `claims` then keeps the hours of each recipient's own zone. How far a
run has come is written down in the transaction that writes the messages; a crash undoes both, and
of two workers the second goes on where the first is, or finds it done.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic
from typing import Any, Protocol
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from services.notifications import messages, people
from services.notifications.intents import Intent, meeting_words, one_line
from services.notifications.models import Meeting, ScheduleRun
from services.notifications.resources import database
from services.notifications.rules import (
    ALL,
    CLOSES,
    REMINDER_DAY,
    REMINDER_MORNING,
    REMINDER_WEEK,
    Daily,
    Rule,
    Schedule,
)
from shared.events import MeetingFacts
from shared.tracing import new_traceparent
from shared.web.formats import ZONES

log = structlog.get_logger()

Wake = Callable[[Session], None]

WEST = ZoneInfo("Asia/Jakarta")  # where it gets eight o'clock last
LEAD = timedelta(hours=2)  # to read the reminder of the day, and to get there
THANKS_KEEP = timedelta(days=3)  # a thank-you may come so late, if no worker was there
LOOK_BACK = timedelta(days=14)  # what should have come earlier than that is nobody's news
LOOK_AHEAD = timedelta(days=9)

SCHEDULES = {rule: rule.trigger for rule in ALL if isinstance(rule.trigger, Schedule)}
FOLLOWED_BY = {REMINDER_WEEK: REMINDER_DAY, REMINDER_DAY: REMINDER_MORNING}

_NAMESPACE = UUID("6f0d6f2e-2d0c-4f0a-9d4e-5f2c3c0b7a11")

# Whoever has the row has the run, until the transaction ends.
_TAKE = text("""
    INSERT INTO schedule_run (rule, about, due_at) VALUES (:rule, :about, :due_at)
    ON CONFLICT (rule, about, due_at) DO UPDATE SET rule = excluded.rule RETURNING *""")
_PUT = text("""
    UPDATE schedule_run SET cursor = :cursor, messages = messages + :written,
        done_at = CASE WHEN :done THEN now() END
    WHERE rule = :rule AND about = :about AND due_at = :due_at""")
_SKIP = text("""
    UPDATE schedule_run SET late = true, done_at = now()
    WHERE rule = :rule AND about = :about AND due_at = :due_at""")


class Times(Protocol):
    """What of a meeting decides when somebody is told."""

    @property
    def zone(self) -> str:
        """The venue's, an IANA name."""

    @property
    def starts_at(self) -> datetime:
        """The beginning of its first day."""

    @property
    def ends_at(self) -> datetime:
        """The end of its last day."""


def due_at(schedule: Schedule, meeting: Times) -> datetime:
    """When a schedule's time comes for a meeting.

    Nobody is woken: a reminder goes out from eight o'clock on where its recipient lives, and in the
    west of the country that is two hours after the east. A meeting that begins less than two hours
    after eight o'clock in Jakarta would have begun, or nearly so, before some have read it; so its
    reminder comes in the evening before.
    """
    zone = ZoneInfo(meeting.zone)
    counted_from = meeting.ends_at if schedule.after_end else meeting.starts_at
    day = counted_from.astimezone(zone).date() + timedelta(days=schedule.days)
    if schedule.eve is not None and meeting.starts_at < _at(day, schedule.hour, WEST) + LEAD:
        return _at(day - timedelta(days=1), schedule.eve, zone)
    return _at(day, schedule.hour, zone)


def until(rule: Rule, meeting: Times) -> datetime:
    """Until when it may come late: the next reminder is there, or the meeting begins."""
    if rule in FOLLOWED_BY:
        return min(due_at(SCHEDULES[FOLLOWED_BY[rule]], meeting), meeting.starts_at)
    if SCHEDULES[rule].after_end:
        return due_at(SCHEDULES[rule], meeting) + THANKS_KEEP
    return meeting.starts_at


def run_due(wake: Wake, now: datetime | None = None, until: float = math.inf) -> bool:
    """Write down what is due by now; `wake` has it sent. False when `until` (monotonic) came first.

    Each chunk of people is a transaction of its own, which also says how far it has come: a large
    meeting holds nobody up, and a crash loses one chunk, which is then written again.
    """
    now = now or datetime.now(UTC)
    with database.sessions.begin() as session:
        todo = _todo(session, now)
    for rule, slug in todo:
        more = True
        while more:
            if monotonic() >= until:
                return False
            with database.sessions.begin() as session:
                written, more = _step(session, rule, slug, now)
                if written:
                    wake(session)
    return True


@dataclass(frozen=True, slots=True)
class Morning:
    """A day's turn of one zone: when it was due, and until when it is news."""

    zone: str
    now: datetime
    due: datetime
    until: datetime


def run_daily(
    rule: Rule, write: Callable[[Session, Morning], int], wake: Wake, now: datetime | None = None
) -> None:
    """Carry out a `Daily` rule: in each zone from its hour on until nobody is told any more.

    `write` says how many messages it wrote down; `wake` has them sent.
    """
    if not isinstance(rule.trigger, Daily):
        raise TypeError(f"{rule.name} does not come once a day")
    now = now or datetime.now(UTC)
    for name in ZONES.values():
        zone = ZoneInfo(name)
        today = now.astimezone(zone).date()
        morning = Morning(name, now, _at(today, rule.trigger.hour, zone), _at(today, CLOSES, zone))
        with database.sessions.begin() as session:
            if _write_morning(session, rule, morning, write):
                wake(session)


def _write_morning(
    session: Session, rule: Rule, morning: Morning, write: Callable[[Session, Morning], int]
) -> bool:
    messages.join_writers(session)
    if morning.now < morning.due:
        return False
    if (run := take_run(session, rule, morning.zone, morning.due)) is None:
        return False
    if morning.now >= morning.until:
        skip_run(session, run)
        return False
    written = write(session, morning)
    put_run(session, run, written, cursor="", done=True)
    return written > 0


def take_run(session: Session, rule: Rule, about: str, due: datetime) -> Row[Any] | None:
    """Have one date of a schedule until the transaction ends; None when it is done already."""
    values = {"rule": rule.name, "about": about, "due_at": due}
    run = session.execute(_TAKE, values).one()
    return run if run.done_at is None else None


def put_run(session: Session, run: Row[Any], written: int, *, cursor: str, done: bool) -> None:
    """Say how far it has come, and whether that was all."""
    session.execute(_PUT, _key(run) | {"written": written, "cursor": cursor, "done": done})


def skip_run(session: Session, run: Row[Any]) -> None:
    """Say that its time was over before all was written."""
    log.warning("schedule.late", rule=run.rule, about=run.about, due_at=run.due_at.isoformat())
    session.execute(_SKIP, _key(run))


def latest_runs(session: Session, rule: str, most: int = 20) -> Sequence[ScheduleRun]:
    """When a schedule was last carried out, newest first."""
    query = select(ScheduleRun).where(ScheduleRun.rule == rule)
    return session.scalars(query.order_by(ScheduleRun.due_at.desc()).limit(most)).all()


def identity(rule: Rule, about: object, due: datetime) -> UUID:
    """The same for the same person, rule and date; so a message of it is written once."""
    return uuid5(_NAMESPACE, f"{rule.name} {about} {due.astimezone(UTC).isoformat()}")


def _key(run: Row[Any]) -> dict[str, Any]:
    return {"rule": run.rule, "about": run.about, "due_at": run.due_at}


def _todo(session: Session, now: datetime) -> list[tuple[Rule, str]]:
    meetings = session.scalars(
        select(Meeting).where(
            ~Meeting.cancelled,
            Meeting.starts_at < now + LOOK_AHEAD,
            Meeting.ends_at > now - LOOK_BACK,
        )
    ).all()
    slugs = [meeting.slug for meeting in meetings]
    query = select(ScheduleRun.rule, ScheduleRun.about, ScheduleRun.due_at).where(
        ScheduleRun.about.in_(slugs), ScheduleRun.done_at.is_not(None)
    )
    done = {tuple(row) for row in session.execute(query)}
    return [
        (rule, meeting.slug)
        for rule, schedule in SCHEDULES.items()
        for meeting in meetings
        if (due := due_at(schedule, meeting)) <= now
        and due > now - LOOK_BACK
        and (rule.name, meeting.slug, due) not in done
    ]


def _step(session: Session, rule: Rule, slug: str, now: datetime) -> tuple[int, bool]:
    """Write the next chunk of one; returns how many messages, and whether there is more to do.

    The meeting is held meanwhile. Who moves it waits, and then finds the messages and takes back
    what is not sent.
    """
    messages.join_writers(session)
    query = select(Meeting).where(Meeting.slug == slug, ~Meeting.cancelled)
    meeting = session.scalars(query.with_for_update()).one_or_none()
    if meeting is None:
        return 0, False
    due = due_at(SCHEDULES[rule], meeting)
    if due > now or (run := take_run(session, rule, slug, due)) is None:
        return 0, False
    if now >= until(rule, meeting):
        skip_run(session, run)
        return 0, False
    facts = MeetingFacts.model_validate(meeting.facts)
    attended = SCHEDULES[rule].after_end
    some = people.coming(session, slug, attended=attended, after=run.cursor)
    trace = new_traceparent()
    intents = [_intent(rule, person, facts, due, trace) for person in some]
    written = messages.write(session, rule, intents)
    more = len(some) == people.CHUNK
    cursor = str(some[-1].registration_id) if some else run.cursor
    put_run(session, run, written, cursor=cursor, done=not more)
    return written, more


def _intent(rule: Rule, person: Row[Any], facts: MeetingFacts, due: datetime, trace: str) -> Intent:
    return Intent(
        event_id=identity(rule, person.registration_id, due),
        about=str(person.registration_id),
        version=person.version,
        traceparent=trace,
        email=person.email,
        phone=person.phone,
        language=person.language,
        region_code=person.region_code,
        expires_at=until(rule, facts),
        values={
            "name": one_line(person.name),
            "code": person.code,
            "own_link": person.own_link,
            **meeting_words(facts, person.language),
        },
        person=person.name,
        meeting_slug=person.meeting_slug,
    )


def _at(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), zone)
