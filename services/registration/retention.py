"""Forgets people: one who asks, and all of a meeting when its time is over. What counts stays.

Of an erased registration stay its row without the person, the check-ins, the proof of consent, and
the facts of a certificate, by which whoever was shown it can check it.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.registration import audit
from services.registration.audit import Change
from services.registration.resources import bus, files
from services.registration.uploads import YOUNG
from shared.database import after_commit
from shared.events import OwnLinksRequested, RegistrationErased
from shared.security import Caller

BATCH = 200
NOBODY = "—"
# Values of the audit log that tell nothing of a person; all others of an erased one become a dash.
IMPERSONAL = (
    *("status", "state", "kind", "number", "consent", "participant_type", "region_code", "day"),
    *("session_id", "booth", "moved", "merged", "merged_into", "due_at", "done_at", "erased"),
)

_LOCK = text("""
    SELECT id, name, email, phone, person_key, person_id, region_code FROM registration
    WHERE id = ANY (:ids) AND erased_at IS NULL ORDER BY id FOR UPDATE""")

_UPLOADS = text("""
    DELETE FROM upload WHERE registration_id = ANY (:ids) RETURNING stored, thumbnail""")

_STILL_NAMED = text("""
    SELECT stored FROM upload WHERE stored = ANY (:names)
    UNION SELECT thumbnail FROM upload WHERE thumbnail = ANY (:names)
    UNION SELECT stored FROM import_job WHERE stored = ANY (:names)
    UNION SELECT stored FROM certificate_run WHERE stored = ANY (:names)""")

# Rows of imports are kept for weeks; a finished one of a namesake is no loss.
_IMPORT_ROWS = text("""
    DELETE FROM import_row USING import_job
    WHERE import_job.id = import_row.job_id
      AND EXISTS (
        SELECT FROM jsonb_each_text(coalesce(values -> 'cells', '{}')
                                    || coalesce(values -> 'fields', '{}')) AS cell
        WHERE lower(cell.value) = ANY (:contacts)
           OR (length(cell.value) >= 8
               AND regexp_replace(cell.value, '[^0-9]', '', 'g') <> ''
               AND ltrim(regexp_replace(cell.value, '[^0-9]', '', 'g'), '062') = ANY (:digits))
           OR (import_job.finished_at IS NOT NULL AND lower(cell.value) = ANY (:names)))""")

# An event is deleted once all have it; `forget_letters` comes back for those on their way.
_SETTLED = """
    sent_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM delivery WHERE delivery.event_id = outbox.id AND delivery.due_at IS NOT NULL)"""

_OUTBOX = text(f"""
    WITH gone AS (
        DELETE FROM outbox
        WHERE (envelope ->> 'subject' = ANY (:nouns)
               OR (type = :links AND (lower(envelope -> 'data' ->> 'email') = ANY (:contacts)
                                      OR envelope -> 'data' ->> 'phone' = ANY (:contacts))))
          AND {_SETTLED}
        RETURNING id
    )
    DELETE FROM delivery USING gone WHERE delivery.event_id = gone.id""")

_LETTERS = text(f"""
    WITH erased AS (
        SELECT id::text AS subject FROM registration
        WHERE erased_at > now() - interval '60 days'
    ), gone AS (
        DELETE FROM outbox USING erased
        WHERE envelope ->> 'subject' = erased.subject AND type <> :erased_type AND {_SETTLED}
        RETURNING outbox.id
    )
    DELETE FROM delivery USING gone WHERE delivery.event_id = gone.id""")

# The keys stay, so that the log still says what was changed, but not from what to what.
_SCRUBBED = """(
    SELECT jsonb_object_agg(key, CASE WHEN key = ANY (:impersonal) THEN value ELSE '"—"' END)
    FROM jsonb_each(CASE jsonb_typeof({0}) WHEN 'object' THEN {0} END))"""
_AUDIT = text(f"""
    UPDATE audit_entry
    SET before = {_SCRUBBED.format("before")}, after = {_SCRUBBED.format("after")}
    WHERE (noun, noun_id) IN (
        SELECT noun, id FROM unnest(CAST(:ids AS text[])) AS of_registration(id),
            unnest(ARRAY['registration', 'booth', 'person']) AS named(noun)
        UNION ALL SELECT 'certificate', certificate.id::text FROM certificate
            WHERE registration_id = ANY (CAST(:registrations AS uuid[]))
        UNION ALL SELECT 'data_request', data_request.id::text FROM data_request
            WHERE registration_id = ANY (CAST(:registrations AS uuid[])))""")

# A key that came in a header is whatever its sender liked; a form's own says nothing.
_REGISTRATION = text("""
    UPDATE registration SET name = :nobody, email = NULL, phone = NULL, position = :nobody,
        person_key = 'erased|' || id, person_id = NULL, needs = '{}', answers = '{}', nik = NULL,
        nik_fingerprint = NULL, reason = '', request_hash = '', erased_at = now(),
        version = version + 1, idempotency_key = CASE
            WHEN idempotency_key LIKE 'header:%' THEN 'erased:' || id ELSE idempotency_key END
    WHERE id = ANY (:ids)""")

_SMALLER = tuple(
    text(statement)
    for statement in (
        "DELETE FROM booth WHERE registration_id = ANY (:ids)",
        "DELETE FROM training WHERE registration_id = ANY (:ids)",
        """UPDATE data_request SET note = '', done_at = coalesce(done_at, now()),
               done_by = CASE WHEN done_at IS NULL THEN :by ELSE done_by END,
               outcome = CASE WHEN outcome IN ('', 'done') THEN 'done' ELSE '—' END
           WHERE registration_id = ANY (:ids)""",
    )
)

# People of whom no other registration is left, with what was merged into them.
_LEFT = text("""
    SELECT id FROM person
    WHERE (id = ANY (:people) OR person_key = ANY (:keys)) AND merged_into IS NULL
      AND NOT EXISTS (SELECT FROM registration WHERE registration.person_id = person.id)
    ORDER BY id FOR UPDATE""")

_PEOPLE = tuple(
    text(statement)
    for statement in (
        "DELETE FROM training WHERE person_id = ANY (:left)",
        "DELETE FROM person WHERE merged_into = ANY (:left)",
        "DELETE FROM person WHERE id = ANY (:left)",
    )
)

_CONTACTS = text("""
    UPDATE library SET contact_name = '', version = version + 1,
        email = CASE WHEN lower(email) = ANY (:contacts) THEN NULL ELSE email END,
        phone = CASE WHEN phone = ANY (:contacts) THEN NULL ELSE phone END
    WHERE lower(email) = ANY (:contacts) OR phone = ANY (:contacts)
       OR lower(contact_name) = ANY (:names)""")

_DUE = text("""
    SELECT registration.id FROM registration
    JOIN meeting ON meeting.id = registration.meeting_id
    WHERE registration.erased_at IS NULL
      AND meeting.ends_at + make_interval(days => meeting.keep_days) < now()
    ORDER BY registration.id LIMIT :batch FOR UPDATE OF registration SKIP LOCKED""")

_SIGN_INS = tuple(
    text(statement)
    for statement in (
        "DELETE FROM one_time_code WHERE expires_at < now() - interval '1 day'",
        "DELETE FROM sign_in_session WHERE expires_at < now() - interval '1 day'",
    )
)


def erase(session: Session, ids: Sequence[UUID], by: Caller = audit.SYSTEM) -> int:
    """Make nobody of these registrations, here and, by an event, in the other services.

    Returns how many there were; one that was erased before stays as it is. Files go after the
    commit, when no other row names them.
    """
    people = session.execute(_LOCK, {"ids": list(ids)}).all()
    if not people:
        return 0
    values = _values(people, by)
    stored = session.execute(_UPLOADS, values).all()
    for statement in (*_SMALLER, _IMPORT_ROWS, _OUTBOX, _REGISTRATION):
        session.execute(statement, values)
    _forget_people(session, people)
    changes = [
        Change("registration", str(person.id), person.region_code, after={"erased": True})
        for person in people
    ]
    session.execute(_AUDIT, values | {"ids": values["nouns"]})
    audit.record(session, by, "erased", *changes)
    bus.publish(session, *(RegistrationErased(registration_id=person.id) for person in people))
    names = {name for row in stored for name in row if name}
    _delete_files(session, names)
    return len(people)


def erase_due(session: Session, batch: int = BATCH) -> int:
    """Erase the next registrations of meetings whose time is over; 0 when none is left."""
    return erase(session, list(session.execute(_DUE, {"batch": batch}).scalars()))


def forget_letters(session: Session) -> None:
    """Delete events about the erased that have reached everybody by now."""
    session.execute(_LETTERS, {"erased_type": RegistrationErased.type})


def forget_sign_ins(session: Session) -> None:
    """Delete codes and sessions that are over."""
    for statement in _SIGN_INS:
        session.execute(statement)


def _values(people: Sequence[Row[Any]], by: Caller) -> dict[str, Any]:
    contacts = _contacts(people)
    ids = [person.id for person in people]
    noticed = {str(person.id) for person in people} | {
        str(person.person_id) for person in people if person.person_id
    }
    return {
        "ids": ids,
        "registrations": ids,
        "nouns": sorted(noticed),
        "by": by.name,
        "nobody": NOBODY,
        "contacts": contacts,
        "names": _names(people),
        "digits": [person.phone.lstrip("+062") for person in people if person.phone],
        "links": OwnLinksRequested.type,
        "impersonal": list(IMPERSONAL),
    }


def _names(people: Sequence[Row[Any]]) -> list[str]:
    return [person.name.lower() for person in people]


def _contacts(people: Sequence[Row[Any]]) -> list[str]:
    found = (contact for person in people for contact in (person.email, person.phone) if contact)
    return [contact.lower() for contact in found]


def _forget_people(session: Session, people: Sequence[Row[Any]]) -> None:
    known = {
        "people": [person.person_id for person in people if person.person_id],
        "keys": [person.person_key for person in people],
    }
    left = list(session.execute(_LEFT, known).scalars())
    for statement in _PEOPLE:
        session.execute(statement, {"left": left})
    session.execute(_CONTACTS, {"contacts": _contacts(people), "names": _names(people)})


def _delete_files(session: Session, names: set[str]) -> None:
    named = set(session.execute(_STILL_NAMED, {"names": sorted(names)}).scalars())

    def delete() -> None:
        for name in sorted(names - named):
            # One that somebody has just put again is left to the sweep, which looks once more.
            files.delete(name, older_than=YOUNG)

    if names:
        after_commit(session, f"delete {min(names)}", delete)
