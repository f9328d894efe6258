"""A library's own page: what is asked of it now, what is missing, what came back, its past."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.reporting import completeness, own_reports
from services.reporting.own_reports import Month
from services.reporting.pages.common import pages
from services.reporting.pages.own_common import Opened, own_page, render
from services.reporting.resources import Transaction
from services.reporting.streams import STREAMS
from shared import regions
from shared.security import Anyone

router = APIRouter()

RECENT = 5


@router.get("/own/start", include_in_schema=False)
def start(request: Request, caller: Anyone) -> Response:
    """How to get to one's own page; who is signed in for a library goes straight there."""
    if caller.library:
        return RedirectResponse("/reporting/own", 303)
    return pages.render(request, "own_start.html", signed_in=not caller.is_anonymous)


@own_page(router, "")
def home(request: Request, own: Opened, session: Transaction) -> Response:
    """The own page."""
    months = own_reports.months(session, own.library)
    recent, more = own_reports.page(session, own.library.id, limit=RECENT)
    region = regions.find(own.library.region_code)
    return render(
        request,
        own,
        "own.html",
        region=region.label if region else "",
        streams=own_reports.streams_of(own.library),
        months=months,
        now=months[-1],
        asked=completeness.STREAMS,
        overdue=[month for month in reversed(months[:-1]) if month.missing],
        deadline=completeness.deadline(own.today),
        charts=_charts(months),
        score=own_reports.score(months),
        returned=own_reports.returned(session, own.library.id),
        recent=recent,
        more=more,
        every=STREAMS,
    )


@own_page(router, "/activities")
def reports(  # noqa: PLR0913, PLR0917 - what a list can be asked for
    request: Request,
    own: Opened,
    session: Transaction,
    q: Annotated[str, Query(max_length=100)] = "",
    stream: Annotated[str, Query(max_length=20)] = "",
    after: UUID | None = None,
) -> Response:
    """All reports of the library, newest first."""
    rows, following = own_reports.page(session, own.library.id, stream=stream, words=q, after=after)

    def url(**more: str) -> str:
        return "?" + urlencode({"q": q, "stream": stream} | more)

    return render(
        request,
        own,
        "own_list.html",
        rows=rows,
        q=q,
        stream=stream,
        chips=[
            (url(stream="" if each.name == stream else each.name), each.label, each.name == stream)
            for each in own_reports.streams_of(own.library)
        ],
        next_url=url(after=str(following)) if following else "",
        first_url=url() if after else "",
        every=STREAMS,
    )


def _charts(months: list[Month]) -> list[tuple[str, list[int]]]:
    """What the charts show: a key of the template's captions, and a number for each month."""
    return [
        ("visitors", [month.of("pengunjung").people for month in months]),
        ("activities", [month.of("pelibatan").reports for month in months]),
        ("people", [month.of("pelibatan").people for month in months]),
    ]
