"""Issue the certificates of a meeting in the background, and put them into files for printing.

    queued -> running -> done | failed | cancelled

A worker that takes a run gets a lease, and each step renews it in the step's own transaction. The
lease's end is what tells one worker from the next: a worker that slept through it, while another
took over, finds that its steps no longer commit. Who has a certificate is skipped, so a run that
was killed goes on where it stopped: nobody gets two, nobody none. A worker does so much of it as
fits into a shift, and rings for the rest.

What is printed are files of the serials 1-500, 501-1000 and so on, which no later certificate and
none that is revoked meanwhile moves from one file to another.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.registration import certificates
from services.registration.certificates import NumberTaken
from services.registration.documents.certificate import CertificateFacts, write_certificates
from services.registration.models import CertificateRun, Meeting
from services.registration.resources import database, printed
from shared.bus.queues import TooSlow
from shared.security import Caller

log = structlog.get_logger()

BATCH = 50
FILE = 500  # serials in one file for printing, which is made in a second or two
NO_FILE = "-"  # stands for serials of which none holds any more
LEASE_S = 30  # a batch takes less than one
KEEP_PRINTS = timedelta(days=7)  # a file of many names; it is made again in seconds
YOUNG = timedelta(hours=1)  # a file whose row may not be committed yet


class RunNotFound(LookupError):
    """No run has this id, or none that the caller may see."""


class Overtaken(Exception):
    """The run was cancelled, or is another worker's by now."""


_OPEN = text("""
    SELECT id FROM certificate_run
    WHERE meeting_id = :meeting_id AND state IN ('queued', 'running')""")

_CLAIM = text("""
    WITH due AS (
        SELECT id FROM certificate_run
        WHERE state = 'queued' OR (state = 'running' AND lease_until <= now())
        ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE certificate_run SET state = 'running',
        lease_until = clock_timestamp() + make_interval(secs => :lease)
    FROM due WHERE certificate_run.id = due.id
    RETURNING certificate_run.*, coalesce(
        (SELECT role FROM account WHERE account.id::text = certificate_run.account), 'national'
    ) AS role""")

_HELD = "WHERE id = :id AND state = 'running' AND lease_until = :lease_until"

_RENEW = text(f"""
    UPDATE certificate_run SET lease_until = clock_timestamp() + make_interval(secs => :lease)
    {_HELD} RETURNING lease_until""")

_COUNT = text("""
    UPDATE certificate_run SET done = done + :done, total = greatest(total, done + :done)
    WHERE id = :id""")

_RELEASE = text(f"UPDATE certificate_run SET lease_until = now() {_HELD} RETURNING id")

_PRINTED_SO_FAR = text("SELECT coalesce(stored, '') FROM certificate_run WHERE id = :id")

_LAST_SERIAL = text("""
    SELECT coalesce(max(serial), 0) FROM certificate WHERE meeting_id = :meeting_id""")

_HOLDING = text("""
    SELECT facts FROM certificate JOIN registration ON registration.id = registration_id
    WHERE certificate.meeting_id = :meeting_id AND revoked_at IS NULL
      AND serial > :after AND serial <= :after + :file
    ORDER BY name, registration.id""")

_ADD_FILE = text("""
    UPDATE certificate_run SET stored = ltrim(coalesce(stored, '') || ' ' || :name)
    WHERE id = :id""")

_END = text(f"""
    UPDATE certificate_run SET state = :state, error = :error, finished_at = now(),
        stored = CASE WHEN stored ~ '[^ -]' THEN stored END,
        done = CASE WHEN :state = 'done' THEN total ELSE done END
    {_HELD} RETURNING id""")

_CANCEL = text("""
    UPDATE certificate_run SET state = 'cancelled', finished_at = now()
    WHERE id = :id AND meeting_id = :meeting_id AND state IN ('queued', 'running')""")

_LATEST = text("""
    SELECT * FROM certificate_run WHERE meeting_id = :meeting_id ORDER BY id DESC LIMIT 1""")

_PRINTED = text("""
    SELECT * FROM certificate_run
    WHERE meeting_id = :meeting_id AND stored IS NOT NULL AND state = 'done'
    ORDER BY id DESC LIMIT 1""")

_SHOWN = text("""
    SELECT certificate_run.*, extract(epoch FROM now() - created_at)::float AS running_s
    FROM certificate_run WHERE id = :id AND meeting_id = :meeting_id""")


_FORGET = text("UPDATE certificate_run SET stored = NULL WHERE finished_at < now() - :keep")

_NAMED = text("SELECT stored FROM certificate_run WHERE stored IS NOT NULL")


@dataclass(frozen=True, slots=True)
class Print:
    """A file for printing: the valid certificates of these serials, by name."""

    number: int
    first: int
    last: int
    stored: str


@dataclass(slots=True)
class Claim:
    """A run in this worker's hands, until its lease is over."""

    run: Row[Any]
    lease_until: datetime

    @property
    def caller(self) -> Caller:
        """Who started it, as the certificates and the audit log name them."""
        return Caller(self.run.role, self.run.account_name, self.run.account)

    @contextmanager
    def step(self) -> Iterator[Session]:
        """One transaction that keeps the lease, with the run's row locked. Raises `Overtaken`."""
        values = {"id": self.run.id, "lease_until": self.lease_until, "lease": LEASE_S}
        with database.sessions.begin() as session:
            renewed = session.execute(_RENEW, values).scalar_one_or_none()
            if renewed is None:
                raise Overtaken
            yield session
        self.lease_until = renewed  # only now: what was rolled back left the old one


def start(session: Session, caller: Caller, meeting: Meeting) -> UUID:
    """Have the certificates of a meeting issued; the run's id, or of the one that is on its way."""
    certificates.lock(session, meeting)
    running = session.execute(_OPEN, {"meeting_id": meeting.id}).scalars().first()
    if running:
        return UUID(str(running))
    run = CertificateRun(
        id=uuid7(),
        meeting_id=meeting.id,
        account=caller.subject,
        account_name=caller.name,
        total=certificates.counts(session, meeting)["ready"],
    )
    session.add(run)
    session.flush()
    return run.id


def find(session: Session, meeting: Meeting, run_id: UUID) -> Row[Any]:
    """One run of a meeting. Raises `RunNotFound`."""
    row = session.execute(_SHOWN, {"id": run_id, "meeting_id": meeting.id}).first()
    if row is None:
        raise RunNotFound(run_id)
    return row


def latest(session: Session, meeting: Meeting) -> Row[Any] | None:
    """The last run that was started."""
    return session.execute(_LATEST, {"meeting_id": meeting.id}).first()


def latest_print(session: Session, meeting: Meeting) -> Row[Any] | None:
    """The last run that left files for printing."""
    return session.execute(_PRINTED, {"meeting_id": meeting.id}).first()


def prints(row: Row[Any] | None) -> list[Print]:
    """The files for printing of a run that has come to its end."""
    if row is None or row.state != "done" or not row.stored:
        return []
    return [
        Print(number, (number - 1) * FILE + 1, number * FILE, name)
        for number, name in enumerate(row.stored.split(), start=1)
        if name != NO_FILE
    ]


def cancel(session: Session, meeting: Meeting, run_id: UUID) -> None:
    """Stop after the batch in hand; what is issued stays. One that has ended stays as it is."""
    session.execute(_CANCEL, {"id": run_id, "meeting_id": meeting.id})


def seconds_left(row: Row[Any]) -> float | None:
    """As long again as the certificates issued so far took, for those that are left."""
    if row.state != "running" or not row.done:
        return None
    left: float = row.running_s * (row.total - row.done) / row.done
    return round(left, 1)


def forget_prints(session: Session) -> None:
    """Let go of files for printing whose time is over; they are then nobody's."""
    session.execute(_FORGET, {"keep": KEEP_PRINTS})


def sweep_prints(session: Session) -> int:
    """Delete the files that no run names; returns how many."""
    named = {name for names in session.scalars(_NAMED) for name in names.split()}
    loose = [name for name in printed.names(older_than=YOUNG) if name not in named]
    return sum(printed.delete(name, older_than=YOUNG) for name in loose)


def claim(session: Session) -> Claim | None:
    """Take the oldest run that is due: new, or left behind by a worker whose lease is over."""
    row = session.execute(_CLAIM, {"lease": LEASE_S}).first()
    return None if row is None else Claim(row, row.lease_until)


def make(taken: Claim, until: datetime) -> bool:
    """Bring a run on until then, each step committed by itself; whether something is left of it."""
    try:
        # One step at least, however late it is: so every shift brings the run on.
        while _issue_batch(taken) or _print_file(taken):
            if datetime.now(UTC) >= until:
                return _release(taken)
        _end(taken, "done")
    except Overtaken:
        log.info("certificates.stopped", run=str(taken.run.id))
    except NumberTaken:
        _end(taken, "failed", error="number-taken")
    except (OperationalError, TooSlow):
        raise  # when the lease is over, somebody goes on
    except Exception:
        log.exception("certificates.error", run=str(taken.run.id))
        _end(taken, "failed", error="error")
    return False


def _issue_batch(taken: Claim) -> int:
    with taken.step() as session:
        meeting = session.get_one(Meeting, taken.run.meeting_id)
        done = certificates.issue(session, taken.caller, meeting, limit=BATCH)
        session.execute(_COUNT, {"id": taken.run.id, "done": done})
    return done


def _print_file(taken: Claim) -> bool:
    """Make the next file of those that hold; False when there is none left to make."""
    values = {"id": taken.run.id, "meeting_id": taken.run.meeting_id, "file": FILE}
    with taken.step() as session:
        values["after"] = FILE * len(session.execute(_PRINTED_SO_FAR, values).scalar_one().split())
        if values["after"] >= session.execute(_LAST_SERIAL, values).scalar_one():
            return False
        facts = [certificates.read_facts(kept) for kept in session.scalars(_HOLDING, values)]
    name = _written(taken, facts) if facts else NO_FILE
    with taken.step() as session:
        session.execute(_ADD_FILE, {"id": taken.run.id, "name": name})
    return True


def _written(taken: Claim, facts: list[CertificateFacts]) -> str:
    def hold(_done: int) -> None:
        with taken.step():
            pass

    file = BytesIO()
    write_certificates(file, facts, hold)
    return printed.put(file.getvalue(), "pdf")


def _release(taken: Claim) -> bool:
    """Leave the rest to whoever comes next; False if it is not this worker's any more."""
    values = {"id": taken.run.id, "lease_until": taken.lease_until}
    with database.sessions.begin() as session:
        return session.execute(_RELEASE, values).first() is not None


def _end(taken: Claim, state: str, *, error: str = "") -> None:
    """Say how it ended, if the run is still this worker's."""
    values = {"id": taken.run.id, "lease_until": taken.lease_until}
    values |= {"state": state, "error": error}
    with database.sessions.begin() as session:
        ended = session.execute(_END, values).first()
    log.info("certificates.ended", run=str(taken.run.id), state=state, held=ended is not None)
