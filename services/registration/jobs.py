"""Work started by the clock, or by a ring when there is something to do."""

from datetime import UTC, datetime, timedelta

from services.registration import delegations as _delegations  # noqa: F401 - a kind of import
from services.registration import directory_imports as _directory_imports  # noqa: F401 - two kinds
from services.registration import (
    hosting,
    importing,
    imports,
    issuing,
    libraries,
    retention,
    seats,
    tellings,
    training,
    uploads,
)
from services.registration.models import Meeting
from services.registration.resources import bus, database

# Less than the supervisor's grace: a worker that is told to stop finishes its shift.
SHIFT = timedelta(seconds=5)


@bus.job("jobs", every=15)
def expire_offers() -> None:
    """End offers whose time is over, meeting by meeting, and give their seats on."""
    with database.sessions.begin() as session:
        late = seats.late_offers(session)
    for meeting_id in late:
        with database.sessions.begin() as session:
            seats.expire_offers(session, session.get_one(Meeting, meeting_id))


@bus.job("imports", every=15)
def run_imports() -> None:
    """Read or take the rows of the import that is due, if any, for one slice of time."""
    with database.sessions.begin() as session:
        held = importing.claim(session)
        if held is None:
            return
        bus.wake(session, run_imports)  # another worker may take the next one meanwhile
    if importing.work(held):
        with database.sessions.begin() as session:
            bus.wake(session, run_imports)


@bus.job("jobs", every=3600)
def purge_imports() -> None:
    """Forget imports, and the people in their rows, after their time."""
    with database.sessions.begin() as session:
        imports.purge(session)


@bus.job("jobs", every=5)
def tell_libraries() -> None:
    """Tell the other services what changed in the directory, whichever way."""
    with database.sessions.begin() as session:
        if libraries.tell(session) == libraries.TOLD_AT_ONCE:
            bus.wake(session, tell_libraries)


@bus.job("jobs", every=60)
def advance_meetings() -> None:
    """Let meetings begin and end by the clock."""
    with database.sessions.begin() as session:
        hosting.advance(session)


@bus.job("jobs", every=5)
def tell_registrations() -> None:
    """Tell everybody of a meeting that was moved or called off; rings again when there is more."""
    if not tellings.work(datetime.now(UTC) + SHIFT):
        with database.sessions.begin() as session:
            bus.wake(session, tell_registrations)


@bus.job("certificates", every=15)
def issue_certificates() -> None:
    """Issue and print certificates of the run that is due, if any, for one slice of time."""
    with database.sessions.begin() as session:
        taken = issuing.claim(session)
        if taken is None:
            return
        bus.wake(session, issue_certificates)  # another worker may take the next one meanwhile
    if issuing.make(taken, datetime.now(UTC) + SHIFT):
        with database.sessions.begin() as session:
            bus.wake(session, issue_certificates)


@bus.job("jobs", every=3600)
def purge_prints() -> None:
    """Delete files for printing after their time: certificates themselves are made when asked."""
    with database.sessions.begin() as session:
        issuing.forget_prints(session)
    # Only now, as a file must not go before its row has.
    with database.sessions.begin() as session:
        issuing.sweep_prints(session)


@bus.job("jobs", every=300)
def keep_directory() -> None:
    """Link approved registrations to people and libraries, and keep what people learned."""
    with database.sessions.begin() as session:
        training.keep(session)


@bus.job("jobs", every=3600)
def forget_expired() -> None:
    """Forget who asked for it, the people of old meetings, and whatever nobody needs any more."""
    if not retention.work(datetime.now(UTC) + SHIFT):
        with database.sessions.begin() as session:
            bus.wake(session, forget_expired)
    for step in (
        retention.forget_letters,
        retention.forget_sign_ins,
        uploads.forget_unfinished,
        uploads.sweep,  # the last, as a file must not go before its row has
    ):
        with database.sessions.begin() as session:
            step(session)
