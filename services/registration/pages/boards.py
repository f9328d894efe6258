"""A meeting at a glance: quotas and coverage, participants, attendance. Only to read."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response

from services.registration import boards, checkins, desk, desk_words, needs
from services.registration.pages.common import count_requests, pages
from services.registration.resources import Transaction
from services.registration.words import PARTICIPANT_TYPES, QUOTA_KINDS
from shared import regions
from shared.security import HOSTS, Staff

router = APIRouter(
    prefix="/desk/{slug}", dependencies=[Depends(count_requests)], include_in_schema=False
)
Words = Annotated[str, Query(max_length=100)]


@router.get("/quotas")
def show_quotas(request: Request, slug: str, caller: Staff, session: Transaction) -> Response:
    """How full each quota is, and the kab/kota that nobody comes from."""
    meeting = desk.find_meeting(session, caller, slug)
    full, full_total = boards.full_institutions(session, caller, meeting)
    bars = [*boards.quotas(session, meeting), *full]
    return pages.render(
        request,
        "desk_quotas.html",
        meeting=meeting,
        groups=[
            (label, [bar for bar in bars if bar.kind == kind])
            for kind, label in QUOTA_KINDS.items()
        ],
        unshown=full_total - len(full),
        full_total=full_total,
        uncovered=boards.uncovered(session, caller, meeting),
        is_host=caller.role in HOSTS,
    )


@router.get("/participants")
def list_participants(  # noqa: PLR0913, PLR0917 - what a list is asked by
    request: Request,
    slug: str,
    caller: Staff,
    session: Transaction,
    q: Words = "",
    after: UUID | None = None,
) -> Response:
    """Who is approved, by name."""
    meeting = desk.find_meeting(session, caller, slug)
    rows, following = desk.participants(session, caller, meeting, q, after)
    return pages.render(
        request,
        "desk_participants.html",
        meeting=meeting,
        rows=rows,
        total=desk.status_counts(session, caller, meeting)["approved"],
        needed=needs.sums(session, caller, meeting) if caller.role in HOSTS else None,
        q=q,
        participant_types=PARTICIPANT_TYPES,
        region_of=regions.get,
        words=desk_words,
        next_url=_query(q=q, after=following) if following else "",
        first_url=_query(q=q) if after else "",
    )


@router.get("/attendance")
def show_attendance(  # noqa: PLR0913, PLR0917 - what a list is asked by
    request: Request,
    slug: str,
    caller: Staff,
    session: Transaction,
    day: date | None = None,
    at: UUID | None = None,
    only: str = "",
    after: UUID | None = None,
) -> Response:
    """Who was there, by day and by session (`at`)."""
    meeting = desk.find_meeting(session, caller, slug)
    days, sessions = boards.days(meeting), boards.sessions(session, meeting)
    of_day = {
        item.id: item.starts_at.astimezone(ZoneInfo(meeting.zone)).date() for item in sessions
    }
    chosen = at if at in of_day else None
    shown = day if day and day in days else _nearest(days, meeting.zone)
    shown = of_day[chosen] if chosen else shown
    only = only if only in {"present", "absent"} else ""
    rows, following = boards.attendance(
        session, caller, meeting, day=shown, session_id=chosen, only=only, after=after
    )
    here: dict[str, Any] = {"at": chosen} if chosen else {"day": shown}
    return pages.render(
        request,
        "desk_attendance.html",
        meeting=meeting,
        days=days,
        sessions=[item for item in sessions if of_day[item.id] == shown],
        day=shown,
        chosen=chosen,
        total=desk.status_counts(session, caller, meeting)["approved"],
        present=boards.present(session, caller, meeting),
        rows=rows,
        only=only,
        here=here,
        may_undo=checkins.is_crew(caller, meeting),
        region_of=regions.get,
        next_url=_query(**here, only=only, after=following) if following else "",
        first_url=_query(**here, only=only) if after else "",
    )


def _nearest(days: Sequence[date], zone: str) -> date:
    """Today while the meeting runs, else its first day, or its last when it is over."""
    today = datetime.now(ZoneInfo(zone)).date()
    return min(max(today, days[0]), days[-1])


def _query(**values: Any) -> str:
    return "?" + urlencode({name: str(value) for name, value in values.items() if value})
