"""Certificates: who has earned one, issue, revoke, issue again, and prove one.

All that stands on a paper is kept as it was issued, so that a PDF can be made from it at any time,
always the same, and so that no later change of a meeting changes what somebody hung up. Serials of
a meeting have no gap: they are given under the lock of the meeting's row.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.registration import audit, meetings, registrations
from services.registration.audit import Change
from services.registration.documents.certificate import CertificateFacts, write_certificate
from services.registration.hosting_schemas import CertificateTerms
from services.registration.models import Certificate, Meeting, Registration
from services.registration.resources import bus
from services.registration.settings import settings
from shared import regions
from shared.database import like_literal
from shared.events import CertificateIssued, CertificateRevoked
from shared.security import Caller

PAGE = 50
STATES = ("ready", "issued", "revoked", "short")
"""Of a participant: has earned one, has one, had one, was not there long enough."""

_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32 of them, and nothing that one misreads
_CODE_LENGTH = 16  # 80 bits: the code is all that protects the page from being guessed
_DAYS = ("first_day", "last_day", "issued_on")


class NotOver(Exception):
    """The meeting's last day has not come: nobody has earned a certificate of it."""


class CertificateNotFound(LookupError):
    """No certificate has this id or code, or none that the caller may see."""


class CertificateRevokedBefore(Exception):
    """It is revoked or replaced already."""


class OwnerErased(Exception):
    """Its owner was forgotten: nobody is there to name on a new one."""


class NumberTaken(Exception):
    """The pattern of numbers made one that another meeting has given: it needs {meeting}."""


_STANDING = """
    SELECT registration.id, registration.name, registration.library_name, registration.code,
        present.days, latest.id AS certificate_id, latest.number,
        CASE WHEN latest.id IS NOT NULL THEN
                 CASE WHEN latest.revoked_at IS NULL THEN 'issued' ELSE 'revoked' END
             WHEN present.days >= :min_days THEN 'ready' ELSE 'short' END AS state
    FROM registration
    CROSS JOIN LATERAL (
        SELECT count(DISTINCT day) AS days FROM check_in
        WHERE registration_id = registration.id AND undone_at IS NULL) AS present
    LEFT JOIN LATERAL (
        SELECT id, number, revoked_at FROM certificate
        WHERE registration_id = registration.id ORDER BY serial DESC LIMIT 1) AS latest ON true
    WHERE registration.meeting_id = :meeting_id AND registration.erased_at IS NULL
      AND (registration.status = 'approved' OR latest.id IS NOT NULL)"""

_COUNTS = text(f"SELECT state, count(*) AS people FROM ({_STANDING}) AS standing GROUP BY state")

_PAGE = text(f"""
    SELECT * FROM ({_STANDING}) AS standing
    WHERE (:state = '' OR state = :state)
      AND (:words = '' OR name ILIKE :like OR library_name ILIKE :like OR number ILIKE :like
           OR code ILIKE :like)
      AND (CAST(:after AS uuid) IS NULL OR (name, id) > (
           SELECT a.name, a.id FROM registration a WHERE a.id = :after))
    ORDER BY name, id LIMIT :limit""")

_READY = text(f"""
    SELECT id FROM ({_STANDING}) AS standing WHERE state = 'ready'
    ORDER BY name, id LIMIT :limit""")

# Whoever gives serials or revokes waits here; a registration's foreign key does not.
_LOCK = text("SELECT FROM meeting WHERE id = :meeting_id FOR NO KEY UPDATE")

_LAST = text("SELECT coalesce(max(serial), 0) FROM certificate WHERE meeting_id = :meeting_id")

_PROOF = text("""
    SELECT certificate.*, EXISTS (
        SELECT FROM certificate AS newer WHERE newer.replaces = certificate.id) AS replaced
    FROM certificate WHERE code = :code""")


def terms(meeting: Meeting | Row[Any]) -> CertificateTerms:
    """What the host decided of the meeting's certificates."""
    return CertificateTerms.model_validate(meeting.certificate)


def hosted(session: Session, slug: str, caller: Caller) -> Meeting:
    """The meeting whose certificates the caller may issue. Raises `MeetingNotFound`."""
    meeting = session.scalars(select(Meeting).where(Meeting.slug == slug)).one_or_none()
    if meeting is None or meeting.status == "draft" or not caller.may_see(meeting.province_code):
        raise meetings.MeetingNotFound(slug)
    return meeting


def must_be_over(meeting: Meeting) -> None:
    """Raises `NotOver` before the meeting's last day, as the venue's calendar has it."""
    last_day = meetings.days(meeting.starts_at, meeting.ends_at, meeting.zone)[-1]
    if datetime.now(ZoneInfo(meeting.zone)).date() < last_day:
        raise NotOver


def counts(session: Session, meeting: Meeting) -> dict[str, int]:
    """How many participants are in each of `STATES`."""
    found = {row.state: row.people for row in session.execute(_COUNTS, _standing(meeting))}
    return {state: found.get(state, 0) for state in STATES}


def page(
    session: Session,
    meeting: Meeting,
    *,
    state: str = "",
    words: str = "",
    after: UUID | None = None,
) -> tuple[list[Row[Any]], UUID | None]:
    """Participants by name with their `state` and `days`, and the id after which to go on."""
    values = _standing(meeting) | {
        "state": state,
        "words": words,
        "like": f"%{like_literal(words)}%",
        "after": after,
        "limit": PAGE + 1,
    }
    rows = list(session.execute(_PAGE, values))
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def issue(session: Session, caller: Caller, meeting: Meeting, *, limit: int) -> int:
    """Issue to so many who have earned one and never had one; returns how many there were.

    Raises `NumberTaken`, and then has changed nothing.
    """
    lock(session, meeting)
    ids = session.scalars(_READY, _standing(meeting) | {"limit": limit}).all()
    people = session.scalars(
        select(Registration)
        .where(Registration.id.in_(ids))
        .order_by(Registration.name, Registration.id)
    ).all()
    _issue(session, caller, meeting, people)
    return len(people)


def revoke(
    session: Session, caller: Caller, meeting: Meeting, certificate_id: UUID, reason: str
) -> Certificate:
    """Declare a certificate invalid. Raises `CertificateNotFound`, `CertificateRevokedBefore`."""
    lock(session, meeting)
    certificate = find(session, meeting, certificate_id)
    if certificate.revoked_at:
        raise CertificateRevokedBefore(certificate_id)
    _revoke(session, caller, meeting, certificate, reason)
    return certificate


def reissue(
    session: Session, caller: Caller, meeting: Meeting, certificate_id: UUID, name: str
) -> Certificate:
    """Issue again with this name, by today's terms, under a new number and code.

    A valid one is revoked by it, and one that was revoked is replaced. Raises
    `CertificateNotFound`, `OwnerErased`, `NumberTaken`, or `CertificateRevokedBefore` when its
    owner has a newer one, and then has changed nothing.
    """
    lock(session, meeting)
    old = find(session, meeting, certificate_id)
    newer = select(Certificate.id).where(
        Certificate.registration_id == old.registration_id, Certificate.serial > old.serial
    )
    if session.scalars(newer.limit(1)).first():
        raise CertificateRevokedBefore(certificate_id)
    # Shared: an erasure waits for it, or has come before.
    person = session.get_one(
        Registration, old.registration_id, with_for_update={"read": True}, populate_existing=True
    )
    if person.erased_at:
        raise OwnerErased(certificate_id)
    with session.begin_nested():
        if not old.revoked_at:
            _revoke(session, caller, meeting, old, "")
        return _issue(session, caller, meeting, [person], name=name, replaces=old)[0]


def find(session: Session, meeting: Meeting, certificate_id: UUID) -> Certificate:
    """One certificate of the meeting. Raises `CertificateNotFound`."""
    found = session.get(Certificate, certificate_id, populate_existing=True)
    if found is None or found.meeting_id != meeting.id:
        raise CertificateNotFound(certificate_id)
    return found


def valid_of(session: Session, registration_id: UUID) -> Certificate:
    """The certificate of a registration that holds now. Raises `CertificateNotFound`."""
    query = select(Certificate).where(
        Certificate.registration_id == registration_id, Certificate.revoked_at.is_(None)
    )
    found = session.scalars(query).one_or_none()
    if found is None:
        raise CertificateNotFound(registration_id)
    return found


def valid(session: Session, meeting: Meeting) -> list[CertificateFacts]:
    """All certificates of a meeting that hold now, by name."""
    query = (
        select(Certificate.facts)
        .join(Registration, Registration.id == Certificate.registration_id)
        .where(Certificate.meeting_id == meeting.id, Certificate.revoked_at.is_(None))
        .order_by(Registration.name, Registration.id)
    )
    return [read_facts(kept) for kept in session.scalars(query)]


def prove(session: Session, code: str) -> tuple[Row[Any], str]:
    """The certificate with this code, however typed, and whether it is valid, revoked, replaced.

    Raises `CertificateNotFound`.
    """
    row = session.execute(_PROOF, {"code": read_code(code)}).first()
    if row is None:
        raise CertificateNotFound
    state = "valid" if row.revoked_at is None else "replaced" if row.replaced else "revoked"
    return row, state


def read_code(typed: str) -> str:
    """A code as it is kept, from any spelling: XXXX-XXXX-XXXX-XXXX."""
    plain = re.sub(r"[^0-9A-Z]", "", typed.upper())[:_CODE_LENGTH]
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def read_facts(kept: dict[str, Any]) -> CertificateFacts:
    """What stands on a paper, from `Certificate.facts`."""
    known = {field.name for field in fields(CertificateFacts)}
    told = {name: value for name, value in kept.items() if name in known}
    return CertificateFacts(**told | {name: date.fromisoformat(told[name]) for name in _DAYS})


def pdf(certificate: Certificate) -> bytes:
    """The paper; the same certificate gives the same bytes."""
    file = BytesIO()
    write_certificate(file, read_facts(certificate.facts))
    return file.getvalue()


def verify_link(code: str) -> str:
    """The public page that proves a certificate."""
    return f"{settings().base_url}/registration/c/{code}"


def lock(session: Session, meeting: Meeting) -> None:
    """Wait until nobody else gives serials of this meeting, or takes a certificate back."""
    session.execute(_LOCK, {"meeting_id": meeting.id})


def _standing(meeting: Meeting) -> dict[str, Any]:
    return {"meeting_id": meeting.id, "min_days": terms(meeting).min_days}


def _issue(  # noqa: PLR0913 - what may differ on a paper
    session: Session,
    caller: Caller,
    meeting: Meeting,
    people: Sequence[Registration],
    *,
    name: str = "",
    replaces: Certificate | None = None,
) -> list[Certificate]:
    serial = session.execute(_LAST, {"meeting_id": meeting.id}).scalar_one()
    made = []
    for number, person in enumerate(people, start=serial + 1):
        facts = _facts(meeting, person, number, name or person.name)
        certificate = Certificate(
            id=uuid7(),
            code=facts.code,
            number=facts.number,
            serial=number,
            meeting_id=meeting.id,
            registration_id=person.id,
            facts=asdict(facts) | {day: getattr(facts, day).isoformat() for day in _DAYS},
            issued_by=caller.subject,
            replaces=replaces and replaces.id,
        )
        made.append(certificate)
    try:
        with session.begin_nested():
            session.add_all(made)
    except IntegrityError as error:
        if "uq_certificate_number" in str(error.orig):
            raise NumberTaken from error
        raise
    old = replaces.number if replaces else ""
    _tell_issued(session, caller, meeting, list(zip(made, people, strict=True)), old)
    return made


def _tell_issued(
    session: Session,
    caller: Caller,
    meeting: Meeting,
    issued: Sequence[tuple[Certificate, Registration]],
    replaces: str,
) -> None:
    changes = (
        Change("registration", str(person.id), person.region_code, after={"number": one.number})
        for one, person in issued
    )
    audit.record(session, caller, "certificate_issued", *changes)
    events = (
        CertificateIssued(
            registration=registrations.facts(person, meeting),
            certificate_id=one.id,
            number=one.number,
            jp=one.facts["jp"],
            verify_link=one.facts["verification_url"],
            replaces=replaces,
        )
        for one, person in issued
    )
    bus.publish(session, *events)


def _revoke(
    session: Session, caller: Caller, meeting: Meeting, certificate: Certificate, reason: str
) -> None:
    certificate.revoked_at, certificate.revoke_reason = datetime.now(UTC), reason
    session.flush()  # before its owner gets another: only one may be valid
    person = session.get_one(Registration, certificate.registration_id)
    said = {"number": certificate.number, "reason": reason}
    change = Change("registration", str(person.id), person.region_code, after=said)
    audit.record(session, caller, "certificate_revoked", change)
    event = CertificateRevoked(
        registration=registrations.facts(person, meeting),
        certificate_id=certificate.id,
        number=certificate.number,
        reason=reason,
    )
    bus.publish(session, event)


def _facts(meeting: Meeting, person: Registration, serial: int, name: str) -> CertificateFacts:
    said = terms(meeting)
    days = meetings.days(meeting.starts_at, meeting.ends_at, meeting.zone)
    today = datetime.now(UTC).astimezone(ZoneInfo(meeting.zone)).date()
    code = read_code("".join(secrets.choice(_SIGNS) for _ in range(_CODE_LENGTH)))
    return CertificateFacts(
        number=said.number(serial, meeting.slug, meeting.province_code, today),
        name=name,
        role_text=said.role_text(person.participant_type),
        meeting_title=meeting.title,
        organiser=organiser(meeting),
        first_day=days[0],
        last_day=days[-1],
        venue=meeting.venue,
        place=said.city,
        jp=said.jp,
        signer_name=said.signer_name,
        signer_title=said.signer_title,
        issued_on=today,
        verification_url=verify_link(code),
        code=code,
        signer_prefix=said.signer_prefix,
        on_behalf_of=said.signer_office,
        signer_nip=said.signer_nip,
    )


def organiser(meeting: Meeting) -> str:
    """Who holds the meeting; if it does not say, its province's library."""
    province = regions.get(meeting.province_code).name
    return meeting.organiser or f"Dinas Perpustakaan dan Kearsipan Provinsi {province}"
