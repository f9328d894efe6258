"""What stands on a meeting's papers: the letter of invitation, and the certificates."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.registration import certificates, hosting, letters, meetings
from services.registration.documents.certificate import CertificateFacts, write_certificate
from services.registration.documents.invitation_letter import write_invitation
from services.registration.hosting_schemas import CertificateTerms, LetterTerms
from services.registration.hosting_words import PREFIXES
from services.registration.meetings import MeetingNotFound
from services.registration.models import Meeting
from services.registration.pages.common import pages
from services.registration.pages.hosting import (
    REFUSALS_OF_FORMS,
    Refusal,
    Typed,
    page,
    read,
    refusal,
    values_of,
    version_of,
)
from services.registration.resources import Transaction
from services.registration.settings import settings
from services.registration.words import PARTICIPANT_TYPES
from shared.security import Anyone, Caller, Host
from shared.web import PAGE_HEADERS, Form
from shared.web.languages import choose_language

router = APIRouter(prefix="/meetings/{slug}", include_in_schema=False)

Save = Callable[[Session, Caller, Meeting, Any], None]


@router.get("/letter")
def show_letter(request: Request, slug: str, caller: Host, session: Transaction) -> Response:
    """The terms of the letter."""
    meeting = hosting.find(session, caller, slug)
    return _page(request, meeting, "host_letter.html", Form(_letter(meeting)))


@router.post("/letter")
def save_letter(
    request: Request, slug: str, caller: Host, session: Transaction, data: Typed
) -> Response:
    """Save the terms of the letter."""
    meeting = hosting.find(session, caller, slug, lock=True)
    values = values_of(data)
    try:
        terms = read(LetterTerms, values)
        hosting.expect(session, meeting, version_of(values), ("letter_changed",))
        letters.set_letter(session, caller, meeting, terms)
    except REFUSALS_OF_FORMS as error:
        return _again(request, meeting, "host_letter.html", values, error)
    done = "saved" if letters.is_public(meeting) else "kept"
    return RedirectResponse(f"letter?done={done}", 303)


@router.get("/certificate-terms")
def show_certificate(request: Request, slug: str, caller: Host, session: Transaction) -> Response:
    """The terms of the certificates."""
    meeting = hosting.find(session, caller, slug)
    return _page(request, meeting, "host_certificate.html", Form(_certificate(meeting)))


@router.post("/certificate-terms")
def save_certificate(
    request: Request, slug: str, caller: Host, session: Transaction, data: Typed
) -> Response:
    """Save the terms of the certificates."""
    meeting = hosting.find(session, caller, slug, lock=True)
    values = values_of(data)
    try:
        terms = read(CertificateTerms, values)
        hosting.expect(session, meeting, version_of(values), ("certificate_changed",))
        letters.set_certificate(session, caller, meeting, terms)
    except REFUSALS_OF_FORMS as error:
        return _again(request, meeting, "host_certificate.html", values, error)
    return RedirectResponse("certificate-terms?done=kept", 303)


@router.get("/invitation.pdf")
def invitation(request: Request, slug: str, caller: Anyone, session: Transaction) -> Response:
    """The letter: for everybody once it is numbered and the meeting is public, for hosts always."""
    meeting = session.scalars(select(Meeting).where(Meeting.slug == slug)).first()
    if meeting is None or not (
        letters.is_public(meeting) or meetings.may_host(caller, meeting.province_code)
    ):
        raise MeetingNotFound(slug)
    file = BytesIO()
    write_invitation(file, letters.invitation(session, meeting, choose_language(request)))
    return _pdf(file, f"undangan-{slug}.pdf")


@router.get("/certificate-sample.pdf")
def certificate_sample(slug: str, caller: Host, session: Transaction) -> Response:
    """A certificate of nobody, to see how the terms look on paper."""
    meeting = hosting.find(session, caller, slug)
    terms = certificates.terms(meeting)
    days = meetings.days(meeting.starts_at, meeting.ends_at, meeting.zone)
    file = BytesIO()
    facts = CertificateFacts(
        number=terms.number(0, meeting.slug, meeting.province_code, days[-1]),
        name="Nama Peserta (contoh)",
        role_text=terms.role_text("village_library"),
        meeting_title=meeting.title,
        organiser=certificates.organiser(meeting),
        first_day=days[0],
        last_day=days[-1],
        venue=meeting.venue,
        place=terms.city,
        jp=terms.jp,
        signer_name=terms.signer_name,
        signer_title=terms.signer_title,
        issued_on=days[-1],
        verification_url=f"{settings().base_url}/registration/",
        code="CONTOH",
        signer_prefix=terms.signer_prefix,
        on_behalf_of=terms.signer_office,
        signer_nip=terms.signer_nip,
    )
    write_certificate(file, facts)
    return _pdf(file, f"contoh-sertifikat-{slug}.pdf")


def _pdf(file: BytesIO, name: str) -> Response:
    headers = {
        "Content-Disposition": f'inline; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": PAGE_HEADERS["Cache-Control"],
        "Vary": PAGE_HEADERS["Vary"],
    }
    return Response(file.getvalue(), media_type="application/pdf", headers=headers)


def _again(
    request: Request, meeting: Meeting, template: str, values: dict[str, str], error: Exception
) -> Response:
    refused = refusal(error, meeting, request)
    values["version"] = str(meeting.version)
    return _page(request, meeting, template, Form(values, refused.errors), refused)


def _page(
    request: Request,
    meeting: Meeting,
    template: str,
    form: Form,
    refused: Refusal | None = None,
) -> Response:
    say = pages.gettext(request)
    return page(
        request,
        template,
        meeting,
        form,
        refused.status if refused else 200,
        entries=refused.entries if refused else None,
        prefixes=[(code, say(text), "") for code, text in PREFIXES.items()],
        types=[(code, say(words[0])) for code, words in PARTICIPANT_TYPES.items()],
        is_public=letters.is_public(meeting),
        organiser=certificates.organiser(meeting),
    )


def _letter(meeting: Meeting) -> dict[str, str]:
    return _values(letters.letter_terms(meeting)) | {"version": str(meeting.version)}


def _certificate(meeting: Meeting) -> dict[str, str]:
    terms = certificates.terms(meeting)
    roles = {f"role_texts.{code}": text for code, text in terms.role_texts.items()}
    values = {name: value for name, value in _values(terms).items() if name != "role_texts"}
    return values | roles | {"version": str(meeting.version)}


def _values(terms: BaseModel) -> dict[str, str]:
    """As they stand in a form: lists with one entry a line."""
    return {
        name: "\n".join(value) if isinstance(value, list) else "" if value is None else str(value)
        for name, value in terms.model_dump().items()
    }
