"""The registrant's own page behind a signed link: status, ticket, calendar, accept, cancel."""

from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from sqlalchemy import Row
from sqlalchemy.orm import Session

from services.registration import (
    booths,
    certificates,
    meetings,
    own_links,
    questions,
    registrations,
    seats,
    uploads,
)
from services.registration.documents.booth_card import (
    BoothCardFacts,
    Product,
    write_booth_card,
)
from services.registration.documents.ticket import qr_svg
from services.registration.documents.ticket_card import TicketFacts, write_ticket
from services.registration.form_words import NEXT, REASONS, TICKET_QR
from services.registration.pages.common import Typed, pages
from services.registration.registrations import RegistrationNotFound
from services.registration.resources import Transaction, forms
from services.registration.resources import own_links as signer
from services.registration.seats import NotPossible
from services.registration.settings import settings
from services.registration.words import PARTICIPANT_TYPES, REFUSALS, STATUSES
from shared import regions
from shared.documents.calendar import CalendarFacts, ics
from shared.files import send_file
from shared.security import BadLink, anyone
from shared.web import Form, formats
from shared.web.languages import choose_language
from shared.web.pages import NOT_STORED

router = APIRouter(prefix="/r/{token}", dependencies=[Depends(anyone)], include_in_schema=False)

CORRECTABLE = ("submitted", "needs_correction", "approved", "waiting")
REASON_MOST = 300


class LinkOver(Exception):
    """The own link is forged or over."""


class Forgotten(LinkOver):
    """The data of this registration was deleted."""


@dataclass(frozen=True, slots=True)
class Own:
    """The registration that a link opens, with its meeting."""

    token: str
    registration: Row[Any]
    meeting: Row[Any]

    @property
    def address(self) -> str:
        """The own page's path."""
        return f"/registration/r/{self.token}"

    @property
    def may_change(self) -> bool:
        """The meeting goes on, and has not begun."""
        return self.meeting.status not in seats.ENDED and datetime.now(UTC) < self.meeting.starts_at


def opened(token: str, session: Transaction) -> Own:
    """What a link opens. Raises `LinkOver`."""
    try:
        registration = registrations.find(session, UUID(signer.read(token)))
        if registration.erased_at:
            raise Forgotten
        return Own(token, registration, meetings.find(session, registration.slug))
    except (BadLink, ValueError, RegistrationNotFound, meetings.MeetingNotFound) as error:
        raise LinkOver from error


Opened = Annotated[Own, Depends(opened)]


@router.get("")
def own(request: Request, opened: Opened, session: Transaction) -> Response:
    """Where the registration stands, and all that can be done with it."""
    return _page(request, opened, session)


@router.post("/accept")
def accept(request: Request, opened: Opened, data: Typed, session: Transaction) -> Response:
    """Take the offered seat."""
    try:
        forms.form_id(str(data.get("form_token", "")))
        with session.begin_nested():
            seats.accept(session, opened.registration.id)
    except (BadLink, NotPossible) as refusal:
        return _page(request, opened, session, refusal)
    return RedirectResponse(opened.address, 303)


@router.get("/cancel")
def ask_to_cancel(request: Request, opened: Opened) -> Response:
    """Whether one is sure, as the seat is given on at once."""
    return _cancel_page(request, opened, Form())


@router.post("/cancel")
def cancel(request: Request, opened: Opened, data: Typed, session: Transaction) -> Response:
    """Give the seat up."""
    reason = " ".join(str(data.get("reason", "")).split())[:REASON_MOST]
    say = pages.gettext(request)
    try:
        forms.form_id(str(data.get("form_token", "")))
        with session.begin_nested():
            seats.cancel(session, opened.registration.id, reason)
    except BadLink:
        form = Form({"reason": reason}, {"": say(REFUSALS["form-expired"])})
        return _cancel_page(request, opened, form, 422)
    except NotPossible as refusal:
        return _page(request, opened, session, refusal)
    return RedirectResponse(opened.address, 303)


@router.get("/calendar.ics")
def calendar(request: Request, opened: Opened) -> Response:
    """The meeting for one's calendar; a later file changes or cancels the same entry."""
    person, meeting = opened.registration, opened.meeting
    ended = person.status in {"rejected", "cancelled"} or meeting.status == "cancelled"
    facts = CalendarFacts(
        registration_id=person.id,
        sequence=meeting.version + person.version,
        status="CANCELLED"
        if ended
        else "CONFIRMED"
        if person.status == "approved"
        else "TENTATIVE",
        title=meeting.title,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        zone=meeting.zone,
        venue=", ".join(filter(None, (meeting.venue, meeting.address))),
        changed_at=datetime.now(UTC),
        url=f"{settings().base_url}{opened.address}",
        organiser=meeting.organiser,
        language=choose_language(request),
    )
    headers = {
        "Content-Disposition": f'attachment; filename="{meeting.slug}.ics"',
        "Cache-Control": NOT_STORED,
        "X-Content-Type-Options": "nosniff",
    }
    return Response(ics(facts), media_type="text/calendar; charset=utf-8", headers=headers)


@router.get("/booth-card.pdf")
def booth_card(request: Request, opened: Opened, session: Transaction) -> Response:
    """The card for the table of an accepted booth; 404 for any other."""
    booth = booths.of(session, opened.registration.id)
    if booth is None or booth.state != "accepted":
        raise booths.BoothNotFound
    language = choose_language(request)
    products = [
        Product(one["name"], formats.rupiah(one["price"], lang=language) if one["price"] else "")
        for one in booth.products
    ]
    facts = BoothCardFacts(
        library=opened.registration.library_name,
        region=regions.get(opened.registration.region_code).label,
        meeting_title=opened.meeting.title,
        products=tuple(products),
        gallery_url=f"{settings().base_url}/registration/meetings/{opened.meeting.slug}/gallery",
        number=booth.number,
        language=language,
    )
    file = BytesIO()
    write_booth_card(file, facts)
    return _pdf(file, "kartu-lapak.pdf")


@router.get("/ticket.pdf")
def ticket(request: Request, opened: Opened) -> Response:
    """The ticket of an approved registration, to keep or to print; 404 for any other."""
    person, meeting = opened.registration, opened.meeting
    if person.status != "approved":
        raise HTTPException(404)
    language = choose_language(request)
    facts = TicketFacts(
        name=person.name,
        meeting_title=meeting.title,
        days=formats.date_range(meeting.starts_at, meeting.ends_at, meeting.zone, lang=language),
        hours=formats.time(meeting.starts_at, meeting.zone, lang=language),
        venue=", ".join(filter(None, (meeting.venue, meeting.address))),
        url=_ticket_url(person.code),
        code=person.code,
        language=language,
    )
    file = BytesIO()
    write_ticket(file, facts)
    return _pdf(file, f"tiket-{person.code}.pdf")


@router.get("/uploads/{upload_id}")
def upload(opened: Opened, upload_id: UUID, session: Transaction) -> Response:
    """One's own file."""
    found = uploads.of_owner(session, opened.registration.id, upload_id)
    return send_file(uploads.path(found.stored), found.media_type, found.name)


def link_over(request: Request, error: Exception) -> Response:
    """404 for a link that is forged or over, with where to get another; or for deleted data."""
    erased = isinstance(error, Forgotten)
    return pages.render(request, "own_link_over.html", 404, erased=erased)


def _pdf(file: BytesIO, name: str) -> Response:
    """A file that is saved and not shown, and kept by nobody on the way."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": NOT_STORED,
        "X-Content-Type-Options": "nosniff",
    }
    return Response(file.getvalue(), media_type="application/pdf", headers=headers)


def _ticket_url(code: str) -> str:
    return f"{settings().base_url}/registration/t/{code}"


def _page(
    request: Request, opened: Own, session: Session, refusal: Exception | None = None
) -> Response:
    say = pages.gettext(request)
    person = registrations.find(session, opened.registration.id)
    title, tone, what_next = NEXT[person.status]
    code = "form-expired" if isinstance(refusal, BadLink) else "not-possible"
    address = _ticket_url(person.code)
    page = pages.render(
        request,
        "own.html",
        409 if refusal else 200,
        own=opened.address,
        registration=person,
        meeting=opened.meeting,
        form=Form({}, {"": say(REFUSALS[code])} if refusal else {}),
        token=forms.new_form(),
        title=title,
        tone=tone,
        what_next=what_next,
        reason=REASONS.get(person.reason, person.reason),
        status_label=STATUSES[person.status],
        participant_type=PARTICIPANT_TYPES[person.participant_type][0],
        region=regions.get(person.region_code),
        line=own_links.place_in_line(session, person.id),
        ticket=Markup(qr_svg(address, say(TICKET_QR))) if person.status == "approved" else "",  # noqa: S704 - our own drawing
        may_change=opened.may_change,
        may_correct=opened.may_change and person.status in CORRECTABLE,
        may_cancel=opened.may_change and person.status in seats.LIVE,
        left=questions.left(
            questions.asked(session, person.meeting_id), person.participant_type, person.answers
        ),
        # Who registered them knew their contacts only, see `registrations.BY_OTHERS`.
        needs_unasked=person.origin in registrations.BY_OTHERS and not person.needs,
        files=uploads.of(session, person.id),
        booth=booths.of(session, person.id),
        certificate=_certificate(session, person.id),
    )
    page.headers["Cache-Control"] = NOT_STORED
    return page


def _certificate(session: Session, registration_id: UUID) -> str:
    try:
        return certificates.valid_of(session, registration_id).code
    except certificates.CertificateNotFound:
        return ""


def _cancel_page(request: Request, opened: Own, form: Form, status: int = 200) -> Response:
    page = pages.render(
        request,
        "own_cancel.html",
        status,
        own=opened.address,
        registration=opened.registration,
        meeting=opened.meeting,
        form=form,
        token=forms.new_form(),
        reason_most=REASON_MOST,
    )
    page.headers["Cache-Control"] = NOT_STORED
    return page
