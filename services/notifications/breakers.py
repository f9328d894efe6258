"""Which ways out are open. All workers see the same, and so does the console.

A provider that is away is left alone for a while, twice as long each time; then one worker tries it
with one message. A provider that goes on breaking on single messages counts as away.
"""

import time
from collections.abc import Collection, Iterable, Mapping
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
    UPDATE provider_state SET open_until = now() + make_interval(secs => :pause), probed_at = now(),
        openings = greatest(openings, 1)
    WHERE name = :name AND open_until <= now() RETURNING name""")

# Mostly nothing is to be written, and then no row is locked. A pause that a provider asked for (it
# is no opening) does not end because of what another worker had sent before it.
_OK = text("""
    INSERT INTO provider_state AS state (name, last_ok_at) SELECT :name, now()
    WHERE NOT EXISTS (
        SELECT FROM provider_state
        WHERE name = :name AND failures = 0 AND open_until IS NULL
          AND last_ok_at > now() - make_interval(secs => :stale))
    ON CONFLICT (name) DO UPDATE SET failures = 0, openings = 0, last_ok_at = now(),
        open_until = CASE WHEN state.openings = 0 THEN state.open_until END""")

# Spread, so that what was cut off together does not come back together.
_FAILED = text("""
    INSERT INTO provider_state AS state
        (name, failures, openings, open_until, last_failed_at, last_error)
    VALUES (:name, :failures, CASE WHEN :away OR :failures >= :enough THEN 1 ELSE 0 END,
        CASE WHEN :away OR :failures >= :enough
            THEN now() + make_interval(secs => :pause) END,
        now(), :error)
    ON CONFLICT (name) DO UPDATE SET
        failures = state.failures + :failures, last_failed_at = now(), last_error = :error,
        openings = state.openings
            + CASE WHEN :away OR state.failures + :failures >= :enough THEN 1 ELSE 0 END,
        open_until = CASE WHEN :away OR state.failures + :failures >= :enough
            THEN now() + least(:longest, :pause * 2 ^ least(state.openings, 10))
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


_SILENT = text("""
    SELECT count(*) FROM provider_state WHERE name = ANY (CAST(:names AS text[]))
      AND open_until > now()
      AND (last_ok_at IS NULL OR last_ok_at < now() - make_interval(secs => :seconds))""")


def have_been_away(session: Session, names: Collection[str], seconds: float) -> bool:
    """Whether each of these is away now, and has taken nothing for so long."""
    values = {"names": sorted(names), "seconds": seconds}
    return bool(session.execute(_SILENT, values).scalar_one() == len(names))


# When this process last noted that a provider is well: what is known need not be said each time.
_noted: dict[str, float] = {}
NOTED_S = 1.0


def probe(session: Session, name: str) -> bool:
    """Whether the caller may try a half-open provider, with one message."""
    _noted.pop(name, None)
    values = {"name": name, "pause": FIRST_PAUSE_S}
    return session.execute(_PROBE, values).first() is not None


def is_known_well(name: str) -> bool:
    """Whether there is nothing to note about a provider that took all it was given."""
    return time.monotonic() - _noted.get(name, -NOTED_S) < NOTED_S


def learn(session: Session, answers: Mapping[str, Iterable[Answer]]) -> None:
    """Take note of how hand-overs went, by provider."""
    for name, given in answers.items():
        _learn(session, name, list(given))


def _learn(session: Session, name: str, answers: list[Answer]) -> None:
    throttled = [answer for answer in answers if answer.outcome == "throttled"]
    bad = [answer for answer in answers if answer.away or answer.failing]
    away = any(answer.away for answer in bad)
    good = not away and any(_is_sign_of_life(answer) for answer in answers)
    if good and not is_known_well(name):
        _noted[name] = time.monotonic()
        session.execute(_OK, {"name": name, "stale": STALE_S})
    if throttled:
        seconds = max(answer.retry_after or FIRST_PAUSE_S for answer in throttled)
        error = throttled[-1].reply or throttled[-1].detail
        session.execute(_PAUSE, {"name": name, "seconds": seconds, "error": error[:500]})
    if bad and not good:
        _noted.pop(name, None)
        values = {
            "name": name,
            "failures": len(bad),
            "away": away,
            "enough": ENOUGH,
            "pause": FIRST_PAUSE_S,
            "longest": LONGEST_PAUSE_S,
            "error": (bad[-1].reply or bad[-1].detail)[:500],
        }
        row = session.execute(_FAILED, values).one()
        if row.open_until:
            log.warning("provider.away", provider=name, openings=row.openings)


def _is_sign_of_life(answer: Answer) -> bool:
    """A refusal is one as well; what failed on our side was no answer at all."""
    if answer.away or answer.failing or answer.outcome == "throttled":
        return False
    return answer.outcome == "accepted" or answer.code is not None
