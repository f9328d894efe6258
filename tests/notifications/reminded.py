"""A meeting far ahead, and who is reminded of it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from builders import meeting_facts
from notifications.mailroom import changed, deliver, messages, rows

from services.notifications import schedules
from services.notifications.rules import Rule
from shared.events import MeetingFacts, RegistrationApproved

# Far enough from now that nothing of it is too late for the database's own clock.
FIRST = datetime.now(UTC).date() + timedelta(days=400)
SLUG = "plm-2022-21"


def when(day: date, clock: str) -> datetime:
    """A moment such as `when(FIRST, "08:00+07:00")`."""
    return datetime.fromisoformat(f"{day.isoformat()}T{clock}")


def meeting(zone: str = "Asia/Jakarta", begins: str = "08:00+07:00", **more: Any) -> MeetingFacts:
    first = more.pop("first", FIRST)
    starts_at = when(first, begins)
    facts = {
        "zone": zone,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(days=1, hours=8),
        "days": (first, first + timedelta(days=1)),
    }
    return meeting_facts(**(facts | more))


def comes(facts: MeetingFacts, registration_id: UUID | None = None, **person: Any) -> UUID:
    """Somebody whose seat is certain."""
    registration_id = registration_id or uuid4()
    fields = facts.model_dump() | {"registration_id": registration_id} | person
    deliver(changed(RegistrationApproved, **fields))
    rows("DELETE FROM message WHERE rule = 'registration-approved'")
    return registration_id


def run(at: datetime) -> None:
    schedules.run_due(lambda _: None, at)


def told() -> list[str]:
    return sorted(f"{message.rule} {message.state}" for message in messages())


def due(rule: Rule, facts: MeetingFacts) -> datetime:
    return schedules.due_at(schedules.SCHEDULES[rule], facts)
