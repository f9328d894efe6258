"""Events in: what libraries are to be told, so that those who can be reached are."""

from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.registration.models import Library
from services.registration.resources import bus
from shared.bus import Envelope
from shared.events import (
    ActivityReturned,
    LibraryReminderDue,
    LibraryReportReturned,
    LibrarySilent,
)

log = structlog.get_logger()

FOR_THE_LIBRARY = (1, 2)  # later steps are for others


@bus.on(LibrarySilent)
def remind(session: Session, envelopes: list[Envelope[LibrarySilent]]) -> None:
    """Say how to reach them; who left neither address nor number is counted in the log."""
    silent = [envelope.data for envelope in envelopes if envelope.data.step in FOR_THE_LIBRARY]
    found = _libraries(session, {event.library_id for event in silent})
    due = [
        _reminder(event, library)
        for event in silent
        if (library := found.get(event.library_id)) and (library.email or library.phone)
    ]
    bus.publish(session, *due)
    log.info("libraries.reminded", reminders=len(due), without_contact=len(silent) - len(due))


@bus.on(ActivityReturned)
def tell_returned(session: Session, envelopes: list[Envelope[ActivityReturned]]) -> None:
    """Say how to reach the library that has to correct a report."""
    reports = [envelope.data.report for envelope in envelopes]
    found = _libraries(session, {report.library_id for report in reports})
    told = [
        LibraryReportReturned(
            report=report,
            name=library.contact_name,
            email=library.email,
            phone=library.phone,
            language="id",
        )
        for report in reports
        if (library := found.get(report.library_id)) and (library.email or library.phone)
    ]
    bus.publish(session, *told)
    log.info("libraries.returned", told=len(told), without_contact=len(reports) - len(told))


def _libraries(session: Session, ids: set[UUID]) -> dict[UUID, Library]:
    """By the id that was told: one that was merged meanwhile is the one that it became."""
    some = {one.id: one for one in session.scalars(select(Library).where(Library.id.in_(ids)))}
    merged = {one.merged_into for one in some.values() if one.merged_into}
    kept = {one.id: one for one in session.scalars(select(Library).where(Library.id.in_(merged)))}
    return {told: kept[one.merged_into] if one.merged_into else one for told, one in some.items()}


def _reminder(event: LibrarySilent, library: Library) -> LibraryReminderDue:
    return LibraryReminderDue(
        library_id=library.id,
        library_name=library.name,
        name=library.contact_name,
        email=library.email,
        phone=library.phone,
        language="id",
        region_code=library.region_code,
        month=event.month,
        step=1 if event.step == 1 else 2,
        deadline=event.deadline,
        link=event.link,
    )
