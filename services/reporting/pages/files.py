"""Finished files by signed link; see `downloads` for who may follow one."""

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from services.reporting import downloads
from services.reporting.pages.common import pages
from services.reporting.resources import Transaction
from shared.security import Anyone, BadLink

log = structlog.get_logger()

router = APIRouter(include_in_schema=False)

_MEDIA_TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "geojson": "application/geo+json",
}


@router.get("/files/{token}")
def download(request: Request, token: str, caller: Anyone, session: Transaction) -> Response:
    """The file; 404 with the reason for a link that is forged, over, or not for this reader."""
    try:
        file = downloads.follow(session, token, caller)
    except BadLink:
        return pages.render(request, "link_over.html", 404)
    log.info("report.downloaded", report=file.path.name, by=caller.subject)
    return FileResponse(
        file.path,
        media_type=_MEDIA_TYPES[file.format],
        filename=file.name,
        headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"},
    )
