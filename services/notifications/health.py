"""How the ways out and the queues are doing, for officials: no personal data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from services.notifications import archive
from services.notifications.console_schemas import MessageFilter
from services.notifications.models import Message, ProviderState
from services.notifications.providers import registry
from services.notifications.providers.base import Channel, Provider
from services.notifications.rules import CLASSES, WorkClass
from shared.security import Caller

log = structlog.get_logger()

CANARY_OLD_S = 60  # as `shared.http` has it: a worker that has not sung for so long is not working
UNKNOWN_DAYS = 7  # what is older was looked at, or nobody will
# What is due goes within seconds, but behind what was due before it.
LATE_S: Mapping[WorkClass, int] = {
    "code": 60,
    "transactional": 300,
    "reminder": 3600,
    "bulk": 6 * 3600,
    "digest": 6 * 3600,
}

BreakerState = Literal["closed", "open", "half_open"]

_OUTCOMES = text("""
    SELECT provider, outcome, count(*) AS day,
        count(*) FILTER (WHERE ended_at > now() - interval '1 hour') AS hour
    FROM attempt WHERE ended_at > now() - interval '1 day' AND provider IS NOT NULL
    GROUP BY provider, outcome""")

# What waits for a morning, for the next try or for a paused announcement is not due.
_QUEUES = text("""
    SELECT class, count(*) AS waiting, count(*) FILTER (WHERE next_attempt_at <= now()) AS due,
        extract(epoch FROM now() - min(next_attempt_at) FILTER (WHERE next_attempt_at <= now()))
            ::float AS oldest_due_s
    FROM message WHERE state = 'queued' GROUP BY class""")

_CANARIES = text("""
    SELECT queue, extract(epoch FROM now() - sung_at)::float AS age FROM canary ORDER BY queue""")

# Half-open: the next message tries it, and closes the breaker if it goes well.
_TRY_NOW = text("""
    UPDATE provider_state SET open_until = now() WHERE name = :name AND open_until > now()
    RETURNING name""")


class ProviderNotFound(LookupError):
    """There is no such way out."""


@dataclass(frozen=True, slots=True)
class WayOut:
    """A provider and its breaker. The shares count hand-overs by how they ended."""

    name: str
    channel: Channel
    weight: int
    state: BreakerState
    open_until: datetime | None = None
    last_ok_at: datetime | None = None
    last_failed_at: datetime | None = None
    last_error: str = ""
    last_hour: dict[str, int] = field(default_factory=dict)
    last_day: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits in one class of work. Ages are in seconds; None where there is nothing."""

    work_class: WorkClass
    waiting: int
    due: int
    oldest_due_s: float | None
    canary_s: float | None

    @property
    def is_late(self) -> bool:
        """Whether somebody should look into it."""
        silent = self.canary_s is None or self.canary_s > CANARY_OLD_S
        return (self.oldest_due_s or 0) > LATE_S[self.work_class] or (silent and self.due > 0)


def ways_out(session: Session) -> list[WayOut]:
    """Every way out that the settings name, by channel."""
    states = {row.name: row for row in session.scalars(select(ProviderState))}
    hours: dict[str, dict[str, int]] = {}
    days: dict[str, dict[str, int]] = {}
    for row in session.execute(_OUTCOMES):
        days.setdefault(row.provider, {})[row.outcome] = row.day
        if row.hour:
            hours.setdefault(row.provider, {})[row.outcome] = row.hour
    return [
        _way(one, states.get(one.name), hours.get(one.name, {}), days.get(one.name, {}))
        for one in registry.providers()
    ]


def queues(session: Session) -> list[Queue]:
    """What waits in each class of work, the most urgent first."""
    waiting = {row[0]: row for row in session.execute(_QUEUES)}
    sung = canaries(session)
    return [
        Queue(
            name,
            waiting[name].waiting if name in waiting else 0,
            waiting[name].due if name in waiting else 0,
            waiting[name].oldest_due_s if name in waiting else None,
            sung.get(name),
        )
        for name in CLASSES
    ]


def canaries(session: Session) -> dict[str, float]:
    """Seconds since a worker of each queue was last seen at work."""
    return {row.queue: row.age for row in session.execute(_CANARIES)}


def lately_unknown(session: Session, caller: Caller) -> tuple[int, MessageFilter]:
    """How many messages of the last week nobody knows about, and how the list is asked for them."""
    since = datetime.now(archive.CLOCK).date() - timedelta(days=UNKNOWN_DAYS)
    wanted = MessageFilter(state="unknown", since=since)
    query = select(func.count()).select_from(Message)
    return session.execute(query.where(*archive.conditions(wanted, caller))).scalar_one(), wanted


def try_now(session: Session, caller: Caller, name: str) -> None:
    """Use a provider again before its pause is over. Raises `ProviderNotFound`."""
    if registry.named(name) is None:
        raise ProviderNotFound(name)
    if session.execute(_TRY_NOW, {"name": name}).first():
        log.info("provider.tried_by_hand", provider=name, actor=caller.subject)


def _way(
    provider: Provider, state: ProviderState | None, hour: dict[str, int], day: dict[str, int]
) -> WayOut:
    if state is None:
        return WayOut(
            provider.name, provider.channel, provider.weight, "closed", last_hour=hour, last_day=day
        )
    breaker: BreakerState = "closed"
    if state.open_until:
        breaker = "open" if state.open_until > datetime.now(UTC) else "half_open"
    return WayOut(
        provider.name,
        provider.channel,
        provider.weight,
        breaker,
        state.open_until,
        state.last_ok_at,
        state.last_failed_at,
        state.last_error,
        hour,
        day,
    )
