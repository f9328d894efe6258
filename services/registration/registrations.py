"""Register for a meeting: seats, registration, consents and event in one statement."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.registration import meetings, nik
from services.registration.audit import REGISTRANT
from services.registration.models import Registration
from services.registration.resources import bus, own_links
from services.registration.schemas import RegistrationForm
from services.registration.settings import settings
from shared import regions
from shared.events import (
    Participant,
    RegistrationFacts,
    RegistrationSubmitted,
    RegistrationWaitlisted,
)
from shared.names import plain_name
from shared.security import Caller
from shared.tracing import current_traceparent, trace_id

CONSENT_VERSION = "2026-4"
LINK_AFTER_MEETING = timedelta(days=180)  # how long the own link serves afterwards
LINK_AT_LEAST = timedelta(days=30)  # one that is sent later than that
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that one misreads
PERSON_INDEX = "uq_registration_person"


class Closed(Exception):
    """The meeting takes no registrations (any more)."""


class RegionOutside(Exception):
    """The region does not lie in the meeting's province."""


class KeyReused(Exception):
    """The idempotency key came before with another content."""


class AlreadyRegistered(Exception):
    """This person, by name and contact, has a place at this meeting or waits for one."""


class QuotaFull(Exception):
    """No seat left; `kinds` names the full quotas: meeting, participant_type, region, institution.

    `may_wait` tells whether the meeting has a waiting list to join.
    """

    def __init__(self, kinds: list[str], *, may_wait: bool = False) -> None:
        super().__init__(", ".join(kinds))
        self.kinds = kinds
        self.may_wait = may_wait


class RegistrationNotFound(LookupError):
    """No registration has this id, or none that the caller may see."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """A registration that was taken, now or by an earlier request with the same key."""

    id: UUID
    code: str
    status: str
    own_link: str


@dataclass(frozen=True, slots=True)
class Origin:
    """How a registration came: form, api, delegation or import; and by whose hand.

    `form_id` is the form whose uploads belong to it; `actor` is who did it, for the audit log.
    """

    kind: str = "form"
    account_id: UUID | None = None
    form_id: UUID | None = None
    consent_version: str = CONSENT_VERSION  # of the text that was agreed to
    actor: Caller = REGISTRANT


BY_FORM = Origin()
BY_OTHERS = ("delegation", "import")  # kinds of origin: the person was asked nothing but contacts

# A quota of their own for each institution, when the meeting limits them.
_INSTITUTION = text("""
    INSERT INTO quota (meeting_id, kind, key, capacity)
    SELECT id, 'institution', :institution, per_institution FROM meeting
    WHERE id = :meeting_id AND per_institution IS NOT NULL ON CONFLICT DO NOTHING""")

# The quotas that apply are locked, the meeting's own always first, tested together and taken
# together: nested quotas cannot deadlock, oversell, or keep a seat that was refused. Who finds no
# seat joins the waiting list under the same locks, so no seat can come free in between and pass
# them by. A statement sees what was there when it began: when it had to wait for a host who added
# or removed quotas meanwhile (`layout`), or an institution's quota is missing, it does nothing and
# goes again. One statement on an autocommit connection: measured at 1,085/s where three in a
# transaction made 473/s.
_SUBMIT = text("""
    WITH open_meeting AS (
        SELECT id, waiting_list, per_institution FROM meeting
        WHERE id = :meeting_id AND status = 'published' AND now() < closes_at
    ), wanted AS (
        SELECT quota.id, quota.kind, quota.layout, quota.taken < quota.capacity AS has_room
        FROM quota
        WHERE quota.meeting_id = (SELECT id FROM open_meeting)
          AND (quota.kind, quota.key) IN (
              ('meeting', ''), ('participant_type', :participant_type), ('region', :regency_code),
              ('institution', :institution))
          AND (quota.kind <> 'institution'
               OR (SELECT per_institution FROM open_meeting) IS NOT NULL)
        ORDER BY quota.kind <> 'meeting', quota.id FOR UPDATE
    ), stale AS (
        SELECT FROM open_meeting
        WHERE (SELECT layout FROM wanted WHERE kind = 'meeting') IS DISTINCT FROM (
                SELECT layout FROM quota WHERE meeting_id = open_meeting.id AND kind = 'meeting')
           OR (per_institution IS NOT NULL
               AND NOT EXISTS (SELECT FROM wanted WHERE kind = 'institution'))
    ), full_quota AS (
        SELECT kind FROM wanted WHERE NOT has_room
    ), place AS (
        SELECT CASE WHEN NOT EXISTS (SELECT FROM full_quota) THEN 'submitted'
                    WHEN :join_waiting_list AND waiting_list THEN 'waiting' END AS status
        FROM open_meeting WHERE NOT EXISTS (SELECT FROM stale)
    ), seat AS (
        UPDATE quota SET taken = quota.taken + 1 FROM wanted
        WHERE quota.id = wanted.id AND (SELECT status FROM place) = 'submitted'
    ), registered AS (
        INSERT INTO registration (id, code, meeting_id, status, name, email, phone, language,
            participant_type, region_code, library_name, library_id, institution, position,
            person_key, needs, answers, nik, nik_fingerprint, origin, delegated_by,
            idempotency_key, request_hash, submitted_at, waiting_since)
        SELECT :id, :code, :meeting_id, status, :name, :email, :phone, :language,
            :participant_type, :region_code, :library_name,
            (SELECT library.id FROM library WHERE library.id = CAST(:library_id AS uuid)),
            :institution, :position,
            :person_key, CAST(:needs AS jsonb), CAST(:answers AS jsonb), :nik, :nik_fingerprint,
            :origin, :delegated_by, :key, :request_hash, :submitted_at,
            CASE WHEN status = 'waiting' THEN clock_timestamp() END
        FROM place WHERE status IS NOT NULL
        RETURNING id, status
    ), consented AS (
        INSERT INTO consent (registration_id, purpose, text_version)
        SELECT id, purpose, :consent_version
        FROM registered, unnest(CAST(:purposes AS text[])) AS given(purpose)
    ), booth_wanted AS (
        INSERT INTO booth (registration_id, title, description, products, is_public)
        SELECT id, title, description, products, is_public
        FROM registered, jsonb_to_record(CAST(:booth AS jsonb))
            AS wish(title text, description text, products jsonb, is_public boolean)
        WHERE title IS NOT NULL
    ), attached AS (
        UPDATE upload SET registration_id = registered.id, form_id = NULL
        FROM registered WHERE upload.form_id = CAST(:form_id AS uuid)
    ), logged AS (
        INSERT INTO audit_entry (actor, actor_name, actor_role, action, noun, noun_id, region_code,
            after, trace_id)
        SELECT :actor, :actor_name, :actor_role, 'registered', 'registration', id::text,
            :region_code, jsonb_build_object('status', status, 'origin', CAST(:origin AS text)),
            :trace_id
        FROM registered
    ), published AS (
        INSERT INTO outbox (id, type, envelope)
        SELECT :event_id,
            CASE status WHEN 'waiting' THEN :waiting_type ELSE :submitted_type END,
            CASE status WHEN 'waiting' THEN CAST(:waiting AS json) ELSE CAST(:submitted AS json) END
        FROM registered
    )
    SELECT EXISTS (SELECT FROM stale) AS stale,
           (SELECT waiting_list FROM open_meeting) AS waiting_list,
           (SELECT status FROM registered) AS status,
           (SELECT array_agg(kind ORDER BY kind) FROM full_quota) AS full_kinds""")

_EARLIER = text("""
    SELECT id, code, status, request_hash FROM registration
    WHERE meeting_id = :meeting_id AND idempotency_key = :key""")

_REGISTERED = text("""
    SELECT 1 FROM registration
    WHERE meeting_id = :meeting_id AND person_key = :person_key
      AND status NOT IN ('rejected', 'cancelled')""")

_FIND = text("""
    SELECT registration.*, meeting.slug FROM registration
    JOIN meeting ON meeting.id = registration.meeting_id WHERE registration.id = :id""")


def submit(
    connection: Connection,
    meeting: Row[Any],
    form: RegistrationForm,
    key: str,
    origin: Origin = BY_FORM,
) -> Submitted:
    """Take a seat, or a place on the waiting list, once per `key`; messages follow from the event.

    `connection` commits each statement, and all that counts is one statement. Raises `Closed`,
    `QuotaFull`, `RegionOutside`, `AlreadyRegistered` or `KeyReused`, and then has changed nothing.
    """
    if not regions.is_within(form.region_code, meeting.province_code):
        raise RegionOutside
    values = _values(meeting, form, key, origin)
    if meeting.per_institution:
        connection.execute(_INSTITUTION, values)
    try:
        outcome = connection.execute(_SUBMIT, values).one()
        while outcome.stale:
            connection.execute(_INSTITUTION, values)
            outcome = connection.execute(_SUBMIT, values).one()
    except IntegrityError as error:
        # The key or the person is there: the whole statement, seats included, was undone.
        earlier = _earlier(connection, meeting, key, values["request_hash"])
        if earlier is None:
            if PERSON_INDEX in str(error.orig):
                raise AlreadyRegistered from error
            raise
        return earlier
    if outcome.status is None:
        # Who has a registration under this key is told so, also when the last seat was theirs.
        earlier = _earlier(connection, meeting, key, values["request_hash"])
        if earlier:
            return earlier
        raise _refusal(connection, outcome, values)
    bus.outbox.ring_now()
    return Submitted(values["id"], values["code"], outcome.status, values["own_link"])


def _refusal(connection: Connection, outcome: Row[Any], values: dict[str, Any]) -> Exception:
    if outcome.waiting_list is None:
        return Closed()
    # Their own seat may be what filled the quota: nobody is sent to wait for what they have.
    if connection.execute(_REGISTERED, values).first():
        return AlreadyRegistered()
    return QuotaFull(outcome.full_kinds, may_wait=outcome.waiting_list)


def find(session: Session, registration_id: UUID) -> Row[Any]:
    """One registration with its meeting's slug. Raises `RegistrationNotFound`."""
    row = session.execute(_FIND, {"id": registration_id}).first()
    if row is None:
        raise RegistrationNotFound(registration_id)
    return row


def own_link(registration_id: UUID, meeting_ends_at: datetime) -> str:
    """The registrant's own signed page, as an absolute address.

    It serves until `LINK_AFTER_MEETING`, and for `LINK_AT_LEAST` from now.
    """
    serves = max(meeting_ends_at + LINK_AFTER_MEETING - datetime.now(UTC), LINK_AT_LEAST)
    token = own_links.sign(str(registration_id), seconds=int(serves.total_seconds()))
    return f"{settings().base_url}/registration/r/{token}"


def facts(registration: Registration | Row[Any], meeting: Any) -> RegistrationFacts:
    """What other services are told of a registration after a change."""
    fields = {name: getattr(registration, name) for name in Participant.model_fields}
    return RegistrationFacts(
        registration_id=registration.id,
        code=registration.code,
        version=registration.version,
        status=registration.status,
        meeting=meetings.facts(meeting),
        participant=Participant(**fields),
        own_link=own_link(registration.id, meeting.ends_at),
    )


def person_key(name: str, email: str | None, phone: str | None, region_code: str) -> str:
    """One person comes once to a meeting; colleagues may share an address.

    A contact is not proven, so nobody is known again in another province by name and contact.
    """
    return f"{plain_name(name)}|{(email or phone or '').lower()}|{region_code[:2]}"


def institution_key(library_name: str, region_code: str) -> str:
    """One library of a kab/kota, however its name is typed; the key of its quota."""
    return f"{plain_name(library_name)}@{region_code[:5]}"


def new_code() -> str:
    """A code for a ticket that nobody guesses: 32^10, 50 bits."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    return f"{code[:5]}-{code[5:]}"


def _values(meeting: Row[Any], form: RegistrationForm, key: str, origin: Origin) -> dict[str, Any]:
    """All that `_SUBMIT` binds."""
    event = _submitted(meeting, form, origin)
    row = bus.outbox.row(event)
    waiting = bus.outbox.row(_waitlisted(event))
    consents = {
        "registration": True,
        "photo": form.photo_consent,
        "directory": form.directory_consent,
        "gallery": form.booth is not None and form.booth.is_public,
    }
    return event.participant.model_dump() | {
        "id": event.registration_id,
        "code": event.code,
        "own_link": event.own_link,
        "meeting_id": meeting.id,
        "regency_code": form.region_code[:5],
        "library_id": form.library_id,
        "institution": institution_key(form.library_name, form.region_code),
        "person_key": person_key(form.name, form.email, form.phone, form.region_code),
        # What nobody was asked stays open, see `questions.left`.
        "needs": "{}" if origin.kind in BY_OTHERS else form.needs.model_dump_json(),
        "answers": json.dumps(form.answers),
        "nik": nik.encrypt(form.nik) if form.nik else None,
        "nik_fingerprint": nik.fingerprint(form.nik) if form.nik else None,
        "booth": form.booth.model_dump_json() if form.booth else "{}",
        "join_waiting_list": form.join_waiting_list,
        "origin": origin.kind,
        "delegated_by": origin.account_id,
        "form_id": origin.form_id,
        "actor": origin.actor.subject,
        "actor_name": origin.actor.name,
        "actor_role": origin.actor.role,
        "trace_id": trace_id(current_traceparent()),
        "key": key,
        "request_hash": _fingerprint(form),
        "submitted_at": event.submitted_at,
        "purposes": [purpose for purpose, given in consents.items() if given],
        "consent_version": origin.consent_version,
        "event_id": row["id"],
        "submitted_type": row["type"],
        "submitted": row["envelope"],
        "waiting_type": waiting["type"],
        "waiting": waiting["envelope"],
    }


def _submitted(meeting: Row[Any], form: RegistrationForm, origin: Origin) -> RegistrationSubmitted:
    registration_id = uuid7()
    return RegistrationSubmitted(
        registration_id=registration_id,
        code=new_code(),
        submitted_at=datetime.now(UTC),
        meeting=meetings.facts(meeting),
        participant=Participant(**form.model_dump(include=set(Participant.model_fields))),
        own_link=own_link(registration_id, meeting.ends_at),
        registered_by=_registered_by(origin),
    )


def _registered_by(origin: Origin) -> str:
    """Name and region of who registered somebody else; empty when people did it themselves."""
    if origin.kind not in BY_OTHERS:
        return ""
    region = regions.find(origin.actor.region_code)
    return f"{origin.actor.name}, {region.label}" if region else origin.actor.name


def _waitlisted(event: RegistrationSubmitted) -> RegistrationWaitlisted:
    return RegistrationWaitlisted(
        registration=RegistrationFacts(
            registration_id=event.registration_id,
            code=event.code,
            version=1,
            status="waiting",
            meeting=event.meeting,
            participant=event.participant,
            own_link=event.own_link,
        ),
        registered_by=event.registered_by,
    )


def _earlier(
    connection: Connection, meeting: Row[Any], key: str, request_hash: str
) -> Submitted | None:
    row = connection.execute(_EARLIER, {"meeting_id": meeting.id, "key": key}).first()
    if row is None:
        return None
    if row.request_hash != request_hash:
        raise KeyReused
    return Submitted(row.id, row.code, row.status, own_link(row.id, meeting.ends_at))


def _fingerprint(form: RegistrationForm) -> str:
    # Whoever first found no seat and then chose to wait sends the same registration.
    same = form.model_dump_json(exclude={"join_waiting_list"})
    return hashlib.sha256(same.encode()).hexdigest()
