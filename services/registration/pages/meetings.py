"""The public site: home, the meetings, one meeting with its gallery, and the certificate check."""

import re
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from services.registration import agenda, booths, checkins, meetings, uploads
from services.registration.api.meetings import quota_label
from services.registration.form_words import NO_CERTIFICATE_CODE
from services.registration.pages.common import pages
from services.registration.resources import Transaction
from shared import regions
from shared.files import send_file
from shared.security import CREW, Anyone, Staff, anyone
from shared.web import Form

router = APIRouter(dependencies=[Depends(anyone)], include_in_schema=False)

# Long enough for somebody who walks through a gallery, short enough for a consent withdrawn.
A_WHILE = "public, max-age=600"


@router.get("/home")
def home(request: Request, session: Transaction) -> Response:
    """The front page of the whole site, shown at `/`."""
    rows, _ = meetings.page(session)
    return pages.render(request, "home.html", meetings=rows[:3], form=Form())


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
def show_meeting(request: Request, slug: str, caller: Anyone, session: Transaction) -> Response:
    """One meeting: when and where, its agenda, its seats left; its host sees it as a draft, too."""
    meeting = meetings.find(session, slug, caller)
    on = meeting.status not in {"draft", "cancelled"}
    place = ", ".join(filter(None, (meeting.venue, meeting.address)))
    return pages.render(
        request,
        "meeting.html",
        meeting=meeting,
        days=agenda.by_day(agenda.of(session, meeting.id), meeting.zone),
        quotas=[row for row in meetings.quotas(session, meeting.id) if row.kind != "institution"],
        quota_label=quota_label,
        region=regions.get(meeting.province_code),
        map_url=f"https://www.openstreetmap.org/search?query={quote(place)}",
        gallery=booths.has_gallery(session, meeting.id),
        crew=on and caller.role in CREW and checkins.is_crew(caller, meeting),
        invitation=bool(meeting.letter.get("number")),  # without one it is not published
    )


@router.get("/meetings/{slug}/gallery")
def gallery(
    request: Request, slug: str, session: Transaction, after: UUID | None = None
) -> Response:
    """The lapak of those who agreed to be shown."""
    meeting = meetings.find(session, slug)
    stalls, following = booths.gallery(session, meeting.id, after)
    return pages.render(
        request,
        "gallery.html",
        meeting=meeting,
        stalls=stalls,
        regencies={stall.region_code: _regency(stall.region_code) for stall in stalls},
        following=following,
        after=after,
    )


@router.get("/photos/{upload_id}")
@router.get("/photos/{upload_id}/{size}")
def photo(upload_id: UUID, session: Transaction, size: str = "") -> Response:
    """A photo of a gallery, or its `small` one; 404 from the moment it is public no longer."""
    found = booths.photo(session, upload_id)
    if size not in {"", "small"}:
        raise HTTPException(404)
    stored = found.thumbnail if size and found.thumbnail else found.stored
    response = send_file(uploads.path(stored), found.media_type, f"{upload_id}.jpg")
    response.headers["Cache-Control"] = A_WHILE
    return response


@router.get("/uploads/{upload_id}")
def upload(caller: Staff, upload_id: UUID, session: Transaction) -> Response:
    """A file that a registrant of the caller's region sent."""
    found = uploads.of_staff(session, caller, upload_id)
    return send_file(uploads.path(found.stored), found.media_type, found.name)


@router.get("/certificates")
def check_certificate(
    request: Request, code: Annotated[str, Query(max_length=300)] = ""
) -> Response:
    """Where to type the code of a certificate; leads to what it proves."""
    if not code.strip():
        return pages.render(request, "certificates.html", form=Form())
    # Or the whole address, as a scanner of QR codes gives it.
    plain = re.sub(r"\s", "", code.rstrip("/").rpartition("/")[2]).upper()
    if not re.fullmatch(r"[0-9A-Z-]{4,40}", plain):
        errors = {"code": pages.gettext(request)(NO_CERTIFICATE_CODE)}
        return pages.render(request, "certificates.html", 422, form=Form({"code": code}, errors))
    return RedirectResponse(f"/registration/c/{plain}", 303)


def _regency(code: str) -> str:
    path = regions.get(code).path
    return path[min(1, len(path) - 1)].name
