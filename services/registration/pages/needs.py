"""Needs and answers of everybody at a meeting, as one sheet."""

from fastapi import APIRouter, Request, Response

from services.registration import desk, needs, spreadsheets
from services.registration.pages.common import pages
from services.registration.resources import Transaction
from shared.security import Host
from shared.web.languages import choose_language
from shared.web.pages import NOT_STORED

router = APIRouter(prefix="/desk/{slug}", include_in_schema=False)


@router.get("/needs.xlsx")
def download(request: Request, slug: str, caller: Host, session: Transaction) -> Response:
    """One row for each person who comes or waits."""
    meeting = desk.find_meeting(session, caller, slug)
    say, language = pages.gettext(request), choose_language(request)
    sheet = needs.table(session, caller, meeting, say, language)
    headers = {
        "Content-Disposition": f'attachment; filename="kebutuhan-{meeting.slug}.xlsx"',
        "Cache-Control": NOT_STORED,
        "X-Content-Type-Options": "nosniff",
    }
    data = spreadsheets.write_xlsx({say("Kebutuhan"): sheet})
    return Response(data, media_type=spreadsheets.XLSX, headers=headers)
