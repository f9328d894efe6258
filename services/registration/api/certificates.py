"""Certificates over JSON: prove one, and follow a run that issues many."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request
from sqlalchemy import Row

from services.registration import certificates, issuing, jobs
from services.registration.attendance_schemas import CertificateProof, CertificateRunDetail
from services.registration.resources import Transaction, bus, limiter
from shared.limits import Limit, client_address
from shared.security import Anyone, Host

router = APIRouter(prefix="/api/v1", tags=["certificates"])
Code = Annotated[str, Path(max_length=100)]

# A whole office may check from one address; who guesses at 80 bits gets nowhere anyway.
PROVING = Limit("certificate", 60, 60)


@router.get("/certificates/{code}")
def prove(request: Request, code: Code, _caller: Anyone, session: Transaction) -> CertificateProof:
    """Whether a certificate holds, and what stands on it; 404 when there is none with this code.

    One that was replaced or revoked does not tell by which or why.
    """
    limiter.guard(PROVING, client_address(request))
    row, status = certificates.prove(session, code)
    facts = certificates.read_facts(row.facts)
    return CertificateProof(
        status=status,
        number=facts.number,
        name=facts.name,
        role=facts.role_text,
        meeting=facts.meeting_title,
        organiser=facts.organiser,
        first_day=facts.first_day,
        last_day=facts.last_day,
        venue=facts.venue,
        jp=facts.jp,
        signer_name=facts.signer_name,
        signer_title=facts.signer_title,
        issued_on=facts.issued_on,
    )


@router.post("/meetings/{slug}/certificate-runs", status_code=202)
def start(slug: str, caller: Host, session: Transaction) -> CertificateRunDetail:
    """Issue certificates to all who earned one and have none; one run of a meeting at a time."""
    meeting = certificates.hosted(session, slug, caller)
    certificates.must_be_over(meeting)
    run_id = issuing.start(session, caller, meeting)
    bus.wake(session, jobs.issue_certificates)
    return detail(slug, issuing.find(session, meeting, run_id))


@router.get("/meetings/{slug}/certificate-runs/{run_id}")
def show(slug: str, run_id: UUID, caller: Host, session: Transaction) -> CertificateRunDetail:
    """How far a run is, and its files for printing when they are there."""
    meeting = certificates.hosted(session, slug, caller)
    return detail(slug, issuing.find(session, meeting, run_id))


def detail(slug: str, row: Row[Any]) -> CertificateRunDetail:
    """A run as its host sees it."""
    address = f"/registration/desk/{slug}/certificates/runs/{row.id}.pdf?number="
    files = [f"{address}{file.number}" for file in issuing.prints(row)]
    return CertificateRunDetail(
        id=row.id,
        status=row.state,
        total=row.total,
        done=row.done,
        seconds_left=issuing.seconds_left(row),
        download=files[0] if len(files) == 1 else None,
        files=files,
    )
