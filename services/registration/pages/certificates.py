"""Certificates: the host's desk for them, the owner's paper, the public page that proves one."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from services.registration import attendance_words as words
from services.registration import certificates, issuing, jobs
from services.registration.api.certificates import PROVING, Code, detail
from services.registration.attendance_schemas import NewName
from services.registration.certificates import (
    CertificateNotFound,
    CertificateRevokedBefore,
    NumberTaken,
    OwnerErased,
)
from services.registration.models import Certificate, Meeting
from services.registration.pages.common import Typed, pages
from services.registration.resources import (
    Transaction,
    bus,
    forms,
    limiter,
    own_links,
    printed,
)
from shared.files import send_file
from shared.limits import client_address
from shared.security import Anyone, BadLink, Host
from shared.web import Form
from shared.web.pages import NOT_STORED

router = APIRouter(include_in_schema=False)
State = Literal["", "ready", "issued", "revoked", "short"]

REASON_LENGTH = 300
DESK = "/desk/{slug}/certificates"
_NO_NEW_ONE: dict[type[Exception], str] = {
    CertificateRevokedBefore: "revoked-before",
    OwnerErased: "owner-erased",
    NumberTaken: "number-taken",
}


@router.get("/c/{code}")
def prove(request: Request, code: Code, _caller: Anyone, session: Transaction) -> Response:
    """Whether a certificate is genuine and holds; no more than stands on the paper."""
    limiter.guard(PROVING, client_address(request))
    try:
        row, state = certificates.prove(session, code)
    except CertificateNotFound:
        typed = certificates.read_code(code)
        return pages.render(request, "certificate_unknown.html", 404, code=typed)
    facts = certificates.read_facts(row.facts)
    return pages.render(request, "certificate_proof.html", facts=facts, state=state)


@router.get("/r/{token}/certificate.pdf")
def own_paper(token: str, _caller: Anyone, session: Transaction) -> Response:
    """The paper, for who holds the registration's own link; 404 when there is none."""
    try:
        certificate = certificates.valid_of(session, UUID(own_links.read(token)))
    except (BadLink, ValueError):
        raise CertificateNotFound from None
    return _paper(certificate)


@router.get(DESK)
def show_desk(  # noqa: PLR0913, PLR0917 - what the address says
    request: Request,
    slug: str,
    caller: Host,
    session: Transaction,
    q: Annotated[str, Query(max_length=100)] = "",
    state: State = "",
    after: UUID | None = None,
) -> Response:
    """Who has earned one, who has one, and who not yet and why."""
    meeting = certificates.hosted(session, slug, caller)
    rows, following = certificates.page(session, meeting, state=state, words=q, after=after)

    def url(**changes: Any) -> str:
        query = {"q": q, "state": state} | changes
        return "?" + urlencode({name: value for name, value in query.items() if value})

    return pages.render(
        request,
        "certificate_desk.html",
        meeting=meeting,
        terms=certificates.terms(meeting),
        organiser=certificates.organiser(meeting),
        counts=certificates.counts(session, meeting),
        rows=rows,
        words=words,
        q=q,
        state=state,
        url=url,
        next_url=url(after=following) if following else "",
        first_url=url() if after else "",
        run=issuing.latest(session, meeting),
        made=(made := issuing.latest_print(session, meeting)),
        files=issuing.prints(made),
        token=forms.new_form(),
    )


@router.post(f"{DESK}/runs")
def start(slug: str, caller: Host, session: Transaction, data: Typed) -> Response:
    """Issue to all who earned one and have none, and make the file for printing."""
    meeting = certificates.hosted(session, slug, caller)
    forms.form_id(str(data.get("form_token", "")))
    certificates.must_be_over(meeting)
    run_id = issuing.start(session, caller, meeting)
    bus.wake(session, jobs.issue_certificates)
    return RedirectResponse(_desk(meeting, f"/runs/{run_id}"), 303)


@router.get(f"{DESK}/runs/{{run_id}}.pdf")
def print_all(
    slug: str, run_id: UUID, caller: Host, session: Transaction, number: int = 1
) -> Response:
    """All that held when the run printed, in one file, or in this one of several."""
    meeting = certificates.hosted(session, slug, caller)
    files = issuing.prints(issuing.find(session, meeting, run_id))
    for file in files:
        if file.number == number:
            name = f"sertifikat-{slug}-{number}.pdf" if len(files) > 1 else f"sertifikat-{slug}.pdf"
            return send_file(printed.path(file.stored), "application/pdf", name)
    raise HTTPException(404)


@router.get(f"{DESK}/runs/{{run_id}}")
def show_run(
    request: Request, slug: str, run_id: UUID, caller: Host, session: Transaction
) -> Response:
    """How far a run is."""
    meeting = certificates.hosted(session, slug, caller)
    run = issuing.find(session, meeting, run_id)
    return pages.render(
        request,
        "certificate_run.html",
        meeting=meeting,
        run=run,
        files=issuing.prints(run),
        job=detail(slug, run),
        words=words,
        keep_days=issuing.KEEP_PRINTS.days,
        token=forms.new_form(),
    )


@router.post(f"{DESK}/runs/{{run_id}}/cancel")
def cancel(slug: str, run_id: UUID, caller: Host, session: Transaction, data: Typed) -> Response:
    """Stop a run; what is issued stays."""
    meeting = certificates.hosted(session, slug, caller)
    forms.form_id(str(data.get("form_token", "")))
    issuing.cancel(session, meeting, run_id)
    return RedirectResponse(_desk(meeting, f"/runs/{run_id}"), 303)


@router.get(f"{DESK}/{{certificate_id}}.pdf")
def paper(slug: str, certificate_id: UUID, caller: Host, session: Transaction) -> Response:
    """The paper as it was issued, also when it no longer holds."""
    meeting = certificates.hosted(session, slug, caller)
    return _paper(certificates.find(session, meeting, certificate_id))


@router.get(f"{DESK}/{{certificate_id}}")
def show_one(
    request: Request, slug: str, certificate_id: UUID, caller: Host, session: Transaction
) -> Response:
    """One certificate, and what can be done with it."""
    return _one(request, session, caller, slug, certificate_id, "certificate_one.html", Form())


@router.get(f"{DESK}/{{certificate_id}}/{{step}}")
def ask(  # noqa: PLR0913, PLR0917 - what the address says
    request: Request,
    slug: str,
    certificate_id: UUID,
    step: Literal["revoke", "reissue"],
    caller: Host,
    session: Transaction,
) -> Response:
    """Ask why, or for the right name, before it is revoked or issued again."""
    template = f"certificate_{step}.html"
    return _one(request, session, caller, slug, certificate_id, template, Form())


@router.post(f"{DESK}/{{certificate_id}}/revoke")
def revoke(  # noqa: PLR0913, PLR0917 - what FastAPI hands in
    request: Request,
    slug: str,
    certificate_id: UUID,
    caller: Host,
    session: Transaction,
    data: Typed,
) -> Response:
    """Declare it invalid, with a reason for its owner."""
    meeting = certificates.hosted(session, slug, caller)
    reason = str(data.get("reason", "")).strip()[:REASON_LENGTH]
    again = (request, session, caller, slug, certificate_id, "certificate_revoke.html")
    if refused := _refused(request, data, {} if reason else {"reason": "reason"}):
        return _one(*again, refused, 422)
    try:
        certificates.revoke(session, caller, meeting, certificate_id, reason)
    except CertificateRevokedBefore:
        return _one(*again, _told(request, data, {"": "revoked-before"}), 409)
    return RedirectResponse(_desk(meeting, f"/{certificate_id}"), 303)


@router.post(f"{DESK}/{{certificate_id}}/reissue")
def reissue(  # noqa: PLR0913, PLR0917 - what FastAPI hands in
    request: Request,
    slug: str,
    certificate_id: UUID,
    caller: Host,
    session: Transaction,
    data: Typed,
) -> Response:
    """Issue it again with the right name; the old one no longer holds."""
    meeting = certificates.hosted(session, slug, caller)
    again = (request, session, caller, slug, certificate_id, "certificate_reissue.html")
    try:
        name, wrong = NewName.model_validate({"name": data.get("name")}).name, {}
    except ValidationError:
        name, wrong = "", {"name": "name"}
    if refused := _refused(request, data, wrong):
        return _one(*again, refused, 422)
    try:
        new = certificates.reissue(session, caller, meeting, certificate_id, name)
    except (CertificateRevokedBefore, OwnerErased, NumberTaken) as refused_by:
        return _one(*again, _told(request, data, {"": _NO_NEW_ONE[type(refused_by)]}), 409)
    return RedirectResponse(_desk(meeting, f"/{new.id}"), 303)


def _refused(request: Request, data: FormData, wrong: dict[str, str]) -> Form | None:
    try:
        forms.form_id(str(data.get("form_token", "")))
    except BadLink:
        wrong = {"": "form-expired"} | wrong
    return _told(request, data, wrong) if wrong else None


def _told(request: Request, data: FormData, wrong: dict[str, str]) -> Form:
    say = pages.gettext(request)
    values = {name: str(value) for name, value in data.items()}
    return Form(values, {name: say(words.REFUSALS[code]) for name, code in wrong.items()})


def _one(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    session: Session,
    caller: Host,
    slug: str,
    certificate_id: UUID,
    template: str,
    form: Form,
    status: int = 200,
) -> Response:
    meeting = certificates.hosted(session, slug, caller)
    certificate = certificates.find(session, meeting, certificate_id)
    _, state = certificates.prove(session, certificate.code)
    facts = certificates.read_facts(certificate.facts)
    return pages.render(
        request,
        template,
        status,
        meeting=meeting,
        certificate=certificate,
        facts=facts,
        state=state,
        form=Form({"name": facts.name} | dict(form.values), form.errors),
        token=forms.new_form(),
    )


def _paper(certificate: Certificate) -> Response:
    """A file that is saved and not shown, and kept by nobody on the way."""
    name = f"sertifikat-{certificate.code}.pdf"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": NOT_STORED,
        "X-Content-Type-Options": "nosniff",
    }
    return Response(certificates.pdf(certificate), media_type="application/pdf", headers=headers)


def _desk(meeting: Meeting, what: str = "") -> str:
    return f"/registration/desk/{meeting.slug}/certificates{what}"
