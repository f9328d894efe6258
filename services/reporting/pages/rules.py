"""The rule by which libraries are scored, for everybody to read: every version of it."""

from fastapi import APIRouter, Request, Response

from services.reporting import dashboard_words, kpi
from services.reporting.pages.common import pages
from services.reporting.settings import settings
from services.reporting.streams import STREAMS
from shared.security import Anyone

router = APIRouter(include_in_schema=False)


@router.get("/rules")
def show(request: Request, _caller: Anyone) -> Response:
    """The newest version first, with its arithmetic and the edges of the colours."""
    edges = settings()
    return pages.render(
        request,
        "rules.html",
        rules=sorted(kpi.RULES.values(), key=lambda rule: -rule.version),
        green=edges.kpi_green_above,
        yellow=edges.kpi_yellow_above,
        step=kpi.STEP,
        streams=STREAMS,
        words=dashboard_words,
    )
