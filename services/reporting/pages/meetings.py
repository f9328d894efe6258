"""The meetings of one's province, and what came together for one of them."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Row
from sqlalchemy.orm import Session

from services.reporting import meetings, reports, words
from services.reporting.pages.common import pages
from services.reporting.report_kinds import KINDS
from services.reporting.resources import Transaction, forms
from shared import regions
from shared.security import Caller, Staff
from shared.web import Form
from shared.web.languages import choose_language

router = APIRouter(include_in_schema=False)

RECENT = 5  # reports on the front page


@router.get("/")
def home(
    request: Request,
    caller: Staff,
    session: Transaction,
    q: Annotated[str, Query(max_length=100)] = "",
    after: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """Meetings with search and paging, and the reader's latest reports."""
    rows, following = meetings.page(session, caller, words=q, after=after)

    def url(**more: str) -> str:
        return "?" + urlencode({"q": q} | more)

    return pages.render(
        request,
        "home.html",
        meetings=rows,
        region_name=meetings.region_name,
        reports=reports.page(session, caller, limit=RECENT)[0],
        about=lambda row: reports.about(row, choose_language(request)),
        words=words,
        q=q,
        next_url=url(after=following) if following else "",
        first_url=url() if after else "",
    )


@router.get("/meetings/{slug}")
def show_meeting(request: Request, slug: str, caller: Staff, session: Transaction) -> Response:
    """One meeting in figures, and the form that orders its attendance list."""
    return meeting_page(
        request,
        session,
        caller,
        meetings.find(session, slug, caller),
        Form({"format": "pdf", "language": "id"}),
    )


def meeting_page(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    session: Session,
    caller: Caller,
    meeting: Row[Any],
    form: Form,
    status: int = 200,
) -> Response:
    """The page of a meeting, with the order form as it was filled in."""
    own = regions.find(caller.region_code)
    say = pages.gettext(request)
    return pages.render(
        request,
        "meeting.html",
        status,
        meeting=meeting,
        province=meetings.region_name(meeting.province_code),
        counts=meetings.summarise(session, meeting, caller),
        own=own if own and own.level > 1 else None,
        region_name=meetings.region_name,
        words=words,
        formats=[
            (key, *(words.FORMATS[key][0], say(words.FORMATS[key][1])))
            for key in KINDS["attendance_list"].formats
        ],
        form=form,
        token=forms.new_form(),
        token_of_proceedings=forms.new_form(),
    )
