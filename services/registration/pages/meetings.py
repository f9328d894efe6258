"""Home, the list of meetings, and one meeting."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from services.registration import meetings
from services.registration.api.meetings import quota_label
from services.registration.pages.common import pages
from services.registration.resources import database
from shared import regions
from shared.security import anyone

router = APIRouter(dependencies=[Depends(anyone)], include_in_schema=False)

Transaction = Annotated[Session, Depends(database.transaction, scope="function")]


@router.get("/home")
def home(request: Request, session: Transaction) -> Response:
    """The front page of the whole site, shown at `/`."""
    rows, _ = meetings.page(session)
    return pages.render(request, "home.html", meetings=rows[:3])


@router.get("/")
def list_meetings(
    request: Request,
    session: Transaction,
    q: Annotated[str, Query(max_length=100)] = "",
    after: Annotated[str | None, Query(max_length=100)] = None,
    show: str = "open",
) -> Response:
    """Open meetings, or all of them, with search and paging."""
    rows, following = meetings.page(session, words=q, open_only=show != "all", after=after)
    return pages.render(
        request,
        "meetings.html",
        meetings=rows,
        following=following,
        q=q,
        show=show,
        after=after,
    )


@router.get("/meetings/{slug}")
def show_meeting(request: Request, slug: str, session: Transaction) -> Response:
    """One meeting with its seats left."""
    meeting = meetings.find(session, slug)
    return pages.render(
        request,
        "meeting.html",
        meeting=meeting,
        quotas=meetings.quotas(session, meeting.id),
        quota_label=quota_label,
        region=regions.get(meeting.province_code),
    )
