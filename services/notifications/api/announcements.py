"""Announcements over JSON, for officials; each sees those of the region."""

from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.notifications import announcements, announcing, jobs
from services.notifications.announcement_schemas import (
    AnnouncementDetail,
    AnnouncementForm,
    AnnouncementList,
    AnnouncementPreview,
    AnnouncementProgress,
    AnnouncementStart,
    AnnouncementState,
    AnnouncementSummary,
)
from services.notifications.models import Announcement
from services.notifications.resources import Transaction, bus
from services.notifications.schemas import Beginning
from shared.security import Caller, Staff

router = APIRouter(prefix="/api/v1/announcements", tags=["announcements"])

# One that is paused waits for a decision: whoever watches looks at its page again.
_SHOWN = {"writing": "running", "sending": "running", "cancelled": "cancelled", "draft": "queued"}


@router.get("")
def list_announcements(
    caller: Staff,
    session: Transaction,
    q: Beginning = "",
    state: AnnouncementState | None = None,
    after: UUID | None = None,
) -> AnnouncementList:
    """Newest first. `q` is a part of the subject."""
    states = (state,) if state else ()
    rows, following = announcements.page(session, caller, words=q, states=states, after=after)
    items = [AnnouncementSummary.model_validate(row) for row in rows]
    return AnnouncementList(items=items, next=following)


@router.post("", status_code=201)
def create(
    caller: Staff, session: Transaction, form: AnnouncementForm, response: Response
) -> AnnouncementDetail:
    """Keep a draft; nothing is sent yet."""
    draft_id = UUID(str(uuid7()))
    announcements.create(session, caller, draft_id, form)
    response.headers["Location"] = f"/notifications{router.prefix}/{draft_id}"
    return AnnouncementDetail.model_validate(announcements.find(session, caller, draft_id))


@router.get("/{announcement_id}")
def show(announcement_id: UUID, caller: Staff, session: Transaction) -> AnnouncementDetail:
    """One announcement as a whole."""
    return AnnouncementDetail.model_validate(announcements.find(session, caller, announcement_id))


@router.get("/{announcement_id}/preview")
def preview(announcement_id: UUID, caller: Staff, session: Transaction) -> AnnouncementPreview:
    """Whom it would reach now, and what that costs; figures only, never who they are."""
    return counted(session, announcements.find(session, caller, announcement_id))


@router.post("/{announcement_id}/start")
def start(
    announcement_id: UUID, body: AnnouncementStart, caller: Staff, session: Transaction
) -> AnnouncementProgress:
    """Have it sent, as it was in its preview; asked twice, it is sent once."""
    found = announcements.find(session, caller, announcement_id)
    begin(session, caller, found, body.version)
    return progress(session, found)


@router.post("/{announcement_id}/pause")
def pause(announcement_id: UUID, caller: Staff, session: Transaction) -> AnnouncementProgress:
    """Send no more of it until it is resumed."""
    found = announcements.find(session, caller, announcement_id)
    announcements.pause(session, caller, found)
    bus.wake(session, jobs.write_announcements)
    return progress(session, found)


@router.post("/{announcement_id}/resume")
def resume(announcement_id: UUID, caller: Staff, session: Transaction) -> AnnouncementProgress:
    """Go on where it was paused."""
    found = announcements.find(session, caller, announcement_id)
    go_on(session, caller, found)
    return progress(session, found)


@router.post("/{announcement_id}/cancel")
def cancel(announcement_id: UUID, caller: Staff, session: Transaction) -> AnnouncementProgress:
    """Send no more of it; what was sent stays sent."""
    found = announcements.find(session, caller, announcement_id)
    announcements.cancel(session, caller, found)
    bus.wake(session, jobs.write_announcements)
    return progress(session, found)


@router.get("/{announcement_id}/progress")
def show_progress(
    announcement_id: UUID, caller: Staff, session: Transaction, response: Response
) -> AnnouncementProgress:
    """How far it is; `progress.js` asks once a second. `done` is also when it is paused."""
    response.headers["Cache-Control"] = "private, no-store"
    return progress(session, announcements.find(session, caller, announcement_id))


def begin(session: Session, caller: Caller, found: Announcement, version: int) -> None:
    """Start the version that was looked at, and have its messages written."""
    told = counted(session, found)
    figures = (told.recipients, told.cost)
    if announcements.start(session, caller, found, *figures, version=version):
        bus.wake(session, jobs.write_announcements)


def go_on(session: Session, caller: Caller, found: Announcement) -> None:
    """Resume it, and have the rest written and sent."""
    announcements.resume(session, caller, found)
    bus.wake(session, jobs.write_announcements)
    bus.wake(session, jobs.send_bulk)


def counted(session: Session, found: Announcement) -> AnnouncementPreview:
    """Whom it would reach now."""
    told = announcements.count(session, found)
    parts, cost = announcing.cost(session, found, told)
    return AnnouncementPreview(
        version=found.version,
        recipients=told.recipients,
        channels=dict(told.channels),
        unreachable=told.unreachable,
        unsubscribed=told.unsubscribed,
        suppressed=told.suppressed,
        areas=dict(sorted(told.areas.items())),
        sms_parts=parts,
        cost=cost,
    )


def progress(session: Session, found: Announcement) -> AnnouncementProgress:
    """How far it is, as the progress bar shows it."""
    told = announcements.progress(session, found)
    return AnnouncementProgress.model_validate(
        {
            "status": _SHOWN.get(found.state, "done"),
            "step": found.state,
            "done": told.done,
            "total": told.total,
            "seconds_left": told.seconds_left,
            "goes_on_at": told.goes_on_at,
            "counts": dict(told.counts),
        }
    )
