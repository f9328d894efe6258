"""Those who come to the same meeting, for whoever is approved for it."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from services.registration import peers
from services.registration.pages.common import pages
from services.registration.pages.own import Opened
from services.registration.resources import Transaction
from shared import regions
from shared.security import anyone
from shared.web.pages import NOT_STORED

router = APIRouter(
    prefix="/r/{token}/peers", dependencies=[Depends(anyone)], include_in_schema=False
)
REGENCY = len("21.01")


@router.get("")
def list_peers(
    request: Request,
    opened: Opened,
    session: Transaction,
    q: Annotated[str, Query(max_length=100)] = "",
    after: UUID | None = None,
) -> Response:
    """Who agreed to be seen by the others; 404 for whoever is not approved."""
    viewer = opened.registration
    if viewer.status != "approved":
        raise HTTPException(404)
    rows, following = peers.page(session, viewer, q, after)
    page = pages.render(
        request,
        "own_peers.html",
        own=opened.address,
        meeting=opened.meeting,
        rows=rows,
        is_shown=peers.is_shown(session, viewer),
        regency_of=lambda code: regions.get(code[:REGENCY]).label,
        q=q,
        next_url=_query(q=q, after=following) if following else "",
        first_url=_query(q=q) if after else "",
    )
    page.headers["Cache-Control"] = NOT_STORED
    page.headers["X-Robots-Tag"] = "noindex"
    return page


def _query(**values: object) -> str:
    return "?" + urlencode({name: str(value) for name, value in values.items() if value})
