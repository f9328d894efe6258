"""Forgets people: one who asks, and all of a meeting when its time is over. What counts stays.

Of an erased registration stay its row without the person, the check-ins, the proof of consent, and
the facts of a certificate, by which whoever was shown it can check it.

What is left elsewhere of a person (imports, events, contacts of libraries) goes first, in a scan
and a transaction of its own: it takes seconds, and nobody may wait for a registration so long.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.registration import audit, library_accounts
from services.registration.audit import Change
from services.registration.library_accounts import Contacts
from services.registration.resources import bus, database, files
from services.registration.uploads import YOUNG
from shared.database import after_commit
from shared.events import OwnLinksRequested, RegistrationErased

MOST = 1000  # registrations in one run: what is left of them elsewhere is one scan
BATCH = 200  # of these in one transaction
NOBODY = "—"
# Values of the audit log that tell nothing of a person; all others of an erased one become a dash.
IMPERSONAL = (
    *("status", "state", "kind", "number", "consent", "participant_type", "region_code", "day"),
    *("session_id", "booth", "moved", "merged", "merged_into", "due_at", "done_at", "erased"),
)

_LOCK = text("""
    SELECT id, person_key, person_id, region_code FROM registration
    WHERE id = ANY (:ids) AND erased_at IS NULL ORDER BY id FOR UPDATE""")

# Without a lock: who is corrected meanwhile keeps what is new, and is erased a moment later.
_FOUND = text("""
    SELECT registration.id, registration.name, registration.email, registration.phone,
        registration.person_id, registration.meeting_id, registration.submitted_at,
        left(registration.region_code, 5) AS place,
        coalesce(registration.library_id, person.library_id) AS library_id
    FROM registration LEFT JOIN person ON person.id = registration.person_id
    WHERE registration.id = ANY (:ids) AND erased_at IS NULL ORDER BY registration.id""")

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
      AND (import_job.meeting_id IS NULL OR import_job.meeting_id = ANY (:meetings))
      AND EXISTS (
        SELECT FROM jsonb_each_text(coalesce(values -> 'cells', '{}')
                                    || coalesce(values -> 'fields', '{}')) AS cell
        WHERE lower(cell.value) = ANY (:contacts)
           OR (cell.value ~ '[0-9].{6}' -- most cells cost no more than this look
               AND ltrim(regexp_replace(cell.value, '[^0-9]', '', 'g'), '062') = ANY (:digits))
           OR (import_job.finished_at IS NOT NULL AND lower(cell.value) = ANY (:names)))""")

# An event is deleted once all have it; `forget_letters` comes back for those on their way. Ids
# sort by time, so what is older than the registrations is not even read (the bound is selected, as
# uuidv7() is volatile and would be asked for every row).
_SETTLED = """
    sent_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM delivery WHERE delivery.event_id = outbox.id AND delivery.due_at IS NOT NULL)"""

_OUTBOX = text(f"""
    WITH gone AS (
        DELETE FROM outbox
        WHERE id >= (SELECT uuidv7(CAST(:since AS timestamptz) - interval '1 minute' - now()))
          AND (envelope ->> 'subject' = ANY (:nouns)
               OR (type = :links AND (lower(envelope -> 'data' ->> 'email') = ANY (:contacts)
                                      OR envelope -> 'data' ->> 'phone' = ANY (:contacts))))
          AND {_SETTLED}
        RETURNING id
    )
    DELETE FROM delivery USING gone WHERE delivery.event_id = gone.id""")

_LETTERS = text(f"""
    WITH erased AS MATERIALIZED (
        SELECT id, id::text AS subject, submitted_at FROM registration
        WHERE erased_at > now() - interval '60 days'
    ), named AS MATERIALIZED (  -- the answer to what they asked says how to tell them
        SELECT subject FROM erased UNION ALL
        SELECT data_request.id::text FROM data_request
        JOIN erased ON erased.id = registration_id
    ), gone AS (
        -- IS TRUE keeps it from being a join: each envelope is read once, and looked up in a hash.
        DELETE FROM outbox
        WHERE id >= (SELECT uuidv7(min(submitted_at) - interval '1 minute' - now()) FROM erased)
          AND (envelope ->> 'subject' IN (SELECT subject FROM named)) IS TRUE
          AND type <> :erased_type AND {_SETTLED}
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

# Of the person's own library by name or contact, in their kab/kota by contact alone: elsewhere it
# is a namesake. What somebody who stays has given too is theirs.
_CONTACTS = text("""
    WITH gone AS (
        SELECT * FROM unnest(CAST(:libraries AS uuid[]), CAST(:places AS text[]),
                             CAST(:names AS text[]), CAST(:emails AS text[]),
                             CAST(:phones AS text[])) AS gone(library_id, place, name, email, phone)
    ), pair AS (  -- equalities only, so each is a hash join
        SELECT library.id AS found_id, gone.* FROM library
        JOIN gone ON library.id = gone.library_id
        UNION SELECT library.id, gone.* FROM library
        JOIN gone ON lower(library.email) = gone.email AND left(region_code, 5) = gone.place
        UNION SELECT library.id, gone.* FROM library
        JOIN gone ON library.phone = gone.phone AND left(region_code, 5) = gone.place
    ), found AS (
        SELECT library.id, bool_or(lower(contact_name) = pair.name) AS named,
            coalesce(bool_or(lower(library.email) = pair.email), false) AS mailed,
            coalesce(bool_or(library.phone = pair.phone), false) AS called
        FROM library JOIN pair ON library.id = pair.found_id GROUP BY library.id
    ), held AS (
        SELECT id FROM library WHERE id IN (SELECT id FROM found)
        ORDER BY id FOR NO KEY UPDATE
    ), judged AS (
        SELECT found.id,
            mailed AND NOT EXISTS (
                SELECT FROM registration WHERE lower(registration.email) = lower(library.email)
                AND erased_at IS NULL AND registration.id <> ALL (:ids)) AS no_email,
            called AND NOT EXISTS (
                SELECT FROM registration WHERE registration.phone = library.phone
                AND erased_at IS NULL AND registration.id <> ALL (:ids)) AS no_phone,
            named AND NOT EXISTS (
                SELECT FROM registration WHERE registration.library_id = library.id
                AND lower(registration.name) = lower(contact_name)
                AND erased_at IS NULL AND registration.id <> ALL (:ids)) AS no_name
        FROM found JOIN held USING (id) JOIN library USING (id)
    )
    UPDATE library SET version = version + 1,
        contact_name = CASE WHEN no_name OR no_email OR no_phone THEN '' ELSE contact_name END,
        email = CASE WHEN no_email THEN NULL ELSE email END,
        phone = CASE WHEN no_phone THEN NULL ELSE phone END
    FROM judged
    WHERE library.id = judged.id AND (no_name OR no_email OR no_phone)
    RETURNING library.id, region_code, no_email, no_phone, old.email, old.phone""")

# Those who asked first; of the others the time is over.
_DUE = text("""
    (SELECT registration_id FROM data_request
     JOIN registration ON registration.id = registration_id
     WHERE kind = 'delete' AND outcome = 'done' AND erased_at IS NULL
     ORDER BY done_at, data_request.id LIMIT :most)
    UNION
    (SELECT registration.id FROM registration
     JOIN meeting ON meeting.id = registration.meeting_id
     WHERE registration.erased_at IS NULL
       AND meeting.ends_at + make_interval(days => meeting.keep_days) < now()
     ORDER BY registration.id LIMIT :most)
    LIMIT :most""")

_SIGN_INS = tuple(
    text(statement)
    for statement in (
        """DELETE FROM one_time_code
           WHERE least(expires_at, used_at) < now() - interval '30 days'""",
        """DELETE FROM sign_in_session
           WHERE least(expires_at, ended_at) < now() - interval '30 days'""",
    )
)


def work(until: datetime, most: int = MOST, batch: int = BATCH) -> bool:
    """Erase who was granted it, and of meetings whose time is over; False when some are left.

    Each batch is a transaction; past `until` the next run goes on, but one batch is always done.
    """
    with database.sessions.begin() as session:
        ids = list(session.execute(_DUE, {"most": most}).scalars())
    if ids:
        with database.sessions.begin() as session:
            forget_traces(session, ids)
    for first in range(0, len(ids), batch):
        if first and datetime.now(UTC) >= until:
            return False
        with database.sessions.begin() as session:
            erase(session, ids[first : first + batch])
    return len(ids) < most


def forget_traces(session: Session, ids: Sequence[UUID]) -> None:
    """Delete what imports, events and contacts of libraries tell of who is about to be erased."""
    people = session.execute(_FOUND, {"ids": list(ids)}).all()
    if not people:
        return
    contacts = {
        "ids": list(ids),
        "libraries": [person.library_id for person in people],
        "places": [person.place for person in people],
        "names": _names(people),
        "emails": [person.email and person.email.lower() for person in people],
        "phones": [person.phone for person in people],
    }
    # Libraries before rows, as an import takes them.
    emptied = session.execute(_CONTACTS, contacts).all()
    changes = [Change("library", str(row.id), row.region_code, after=_told(row)) for row in emptied]
    audit.record(session, audit.SYSTEM, "changed", *changes)
    for row in emptied:
        library_accounts.follow(session, audit.SYSTEM, row.id, Contacts.of(row))
    values = {
        "nouns": _nouns(people),
        "contacts": _contacts(people),
        "names": _names(people),
        "digits": [person.phone.lstrip("+062") for person in people if person.phone],
        "meetings": list({person.meeting_id for person in people}),
        "since": min(person.submitted_at for person in people),
        "links": OwnLinksRequested.type,
    }
    session.execute(_IMPORT_ROWS, values)
    session.execute(_OUTBOX, values)


def erase(session: Session, ids: Sequence[UUID]) -> int:
    """Make nobody of these registrations, here and, by an event, in the other services.

    `forget_traces` comes before: afterwards nobody knows any more what to look for.
    Returns how many there were; one that was erased before stays as it is. Files go after the
    commit, when no other row names them.
    """
    people = session.execute(_LOCK, {"ids": list(ids)}).all()
    if not people:
        return 0
    nouns = _nouns(people)
    values = {
        "ids": [person.id for person in people],
        "registrations": [person.id for person in people],
        "by": audit.SYSTEM.name,
        "nobody": NOBODY,
        "impersonal": list(IMPERSONAL),
    }
    stored = session.execute(_UPLOADS, values).all()
    for statement in (*_SMALLER, _REGISTRATION):
        session.execute(statement, values)
    _forget_people(session, people)
    changes = [
        Change("registration", str(person.id), person.region_code, after={"erased": True})
        for person in people
    ]
    session.execute(_AUDIT, values | {"ids": nouns})
    audit.record(session, audit.SYSTEM, "erased", *changes)
    bus.publish(session, *(RegistrationErased(registration_id=person.id) for person in people))
    names = {name for row in stored for name in row if name}
    _delete_files(session, names)
    return len(people)


def forget_letters(session: Session) -> None:
    """Delete events about the erased that have reached everybody by now."""
    session.execute(_LETTERS, {"erased_type": RegistrationErased.type})


def forget_sign_ins(session: Session) -> None:
    """Delete codes and sessions that are over."""
    for statement in _SIGN_INS:
        session.execute(statement)


def _nouns(people: Sequence[Row[Any]]) -> list[str]:
    ids = {person.id for person in people} | {person.person_id for person in people}
    return sorted(str(one) for one in ids if one)


def _names(people: Sequence[Row[Any]]) -> list[str]:
    return [person.name.lower() for person in people]


def _contacts(people: Sequence[Row[Any]]) -> list[str]:
    found = (contact for person in people for contact in (person.email, person.phone) if contact)
    return [contact.lower() for contact in found]


def _told(row: Row[Any]) -> dict[str, str]:
    kept = {"email": row.no_email, "phone": row.no_phone}
    return {"contact_name": NOBODY} | {name: NOBODY for name, gone in kept.items() if gone}


def _forget_people(session: Session, people: Sequence[Row[Any]]) -> None:
    known = {
        "people": [person.person_id for person in people if person.person_id],
        "keys": [person.person_key for person in people],
    }
    left = list(session.execute(_LEFT, known).scalars())
    for statement in _PEOPLE:
        session.execute(statement, {"left": left})


def _delete_files(session: Session, names: set[str]) -> None:
    named = set(session.execute(_STILL_NAMED, {"names": sorted(names)}).scalars())

    def delete() -> None:
        for name in sorted(names - named):
            # One that somebody has just put again is left to the sweep, which looks once more.
            files.delete(name, older_than=YOUNG)

    if names:
        after_commit(session, f"delete {min(names)}", delete)
