"""Open data, explained: what there is, under which licence, and what each column means."""

from fastapi import APIRouter, Request, Response

from services.reporting import dashboard_words, open_data
from services.reporting.pages.common import pages
from services.reporting.streams import STREAMS
from shared.security import Anyone

router = APIRouter(include_in_schema=False)


@router.get("/open")
def show(request: Request, _caller: Anyone) -> Response:
    """The page that stays."""
    return pages.render(
        request,
        "open_data.html",
        datasets=open_data.DATASETS,
        words=dashboard_words,
        streams=STREAMS,
        licence=open_data.LICENCE,
        licence_url=open_data.LICENCE_URL,
    )
