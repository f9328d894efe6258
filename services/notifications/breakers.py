"""Which ways out are open. All workers see the same, and so does the console.

A provider that is away is left alone for a while, twice as long each time; then one worker tries it
with one message. A provider that goes on breaking on single messages counts as away.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from services.notifications.providers.base import Answer

log = structlog.get_logger()

ENOUGH = 5  # failures one after another
FIRST_PAUSE_S = 10.0
LONGEST_PAUSE_S = 60.0
STALE_S = 10  # how old `last_ok_at` may become; each answer need not write it

_CLOSED = text("""
    SELECT name, open_until IS NULL AS closed, open_until > now() AS open FROM provider_state
    WHERE name = ANY (CAST(:names AS text[]))""")

# One worker tries; while it does, the others see the provider as away.
_PROBE = text("""
    UPDATE provider_state SET open_until = now() + make_interval(secs => :pause), probed_at = now()
    WHERE name = :name AND open_until <= now() RETURNING name""")

_OK = text("""
    INSERT INTO provider_state AS state (name, last_ok_at) VALUES (:name, now())
    ON CONFLICT (name) DO UPDATE
    SET failures = 0, openings = 0, open_until = NULL, last_ok_at = now()
    WHERE state.failures > 0 OR state.open_until IS NOT NULL OR state.last_ok_at IS NULL
       OR state.last_ok_at < now() - make_interval(secs => :stale)""")

# Spread, so that what was cut off together does not come back together.
_FAILED = text("""
    INSERT INTO provider_state AS state
        (name, failures, openings, open_until, last_failed_at, last_error)
    VALUES (:name, :failures, CASE WHEN :away THEN 1 ELSE 0 END,
        CASE WHEN :away THEN now() + make_interval(secs => :pause) END, now(), :error)
    ON CONFLICT (name) DO UPDATE SET
        failures = state.failures + :failures, last_failed_at = now(), last_error = :error,
        openings = state.openings
            + CASE WHEN :away OR state.failures + :failures >= :enough THEN 1 ELSE 0 END,
        open_until = CASE WHEN :away OR state.failures + :failures >= :enough
            THEN now() + least(:longest, :pause * 2 ^ state.openings)
                         * (0.8 + 0.4 * random()) * interval '1 second'
            ELSE state.open_until END
    RETURNING open_until, openings""")

_PAUSE = text("""
    INSERT INTO provider_state AS state (name, open_until, last_failed_at, last_error)
    VALUES (:name, now() + make_interval(secs => :seconds), now(), :error)
    ON CONFLICT (name) DO UPDATE SET
        open_until = greatest(state.open_until, excluded.open_until),
        last_failed_at = now(), last_error = :error""")


@dataclass(frozen=True, slots=True)
class Open:
    """`whole`: for any number of messages. `half`: for one, after `probe`."""

    whole: frozenset[str]
    half: frozenset[str]


def look(session: Session, names: Iterable[str]) -> Open:
    """Which of these may be used now."""
    wanted = set(names)
    rows = session.execute(_CLOSED, {"names": sorted(wanted)}).all()
    broken = {row.name for row in rows if not row.closed}
    half = {row.name for row in rows if not row.closed and not row.open}
    return Open(frozenset(wanted - broken), frozenset(half))


def probe(session: Session, name: str) -> bool:
    """Whether the caller may try a half-open provider, with one message."""
    values = {"name": name, "pause": FIRST_PAUSE_S}
    return session.execute(_PROBE, values).first() is not None


def learn(session: Session, answers: Mapping[str, Iterable[Answer]]) -> None:
    """Take note of how hand-overs went, by provider."""
    for name, given in answers.items():
        _learn(session, name, list(given))


def _learn(session: Session, name: str, answers: list[Answer]) -> None:
    throttled = [answer for answer in answers if answer.outcome == "throttled"]
    bad = [answer for answer in answers if answer.away or answer.failing]
    good = len(answers) - len(bad) - len(throttled)
    if good and not any(answer.away for answer in bad):
        session.execute(_OK, {"name": name, "stale": STALE_S})
    if throttled:
        seconds = max(answer.retry_after or FIRST_PAUSE_S for answer in throttled)
        error = throttled[-1].reply or throttled[-1].detail
        session.execute(_PAUSE, {"name": name, "seconds": seconds, "error": error[:500]})
    if bad and not (good and not any(answer.away for answer in bad)):
        values = {
            "name": name,
            "failures": len(bad),
            "away": any(answer.away for answer in bad),
            "enough": ENOUGH,
            "pause": FIRST_PAUSE_S,
            "longest": LONGEST_PAUSE_S,
            "error": (bad[-1].reply or bad[-1].detail)[:500],
        }
        row = session.execute(_FAILED, values).one()
        if row.open_until:
            log.warning("provider.away", provider=name, openings=row.openings)
