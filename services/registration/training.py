"""Keeps the directory: links registrations to people and libraries, and what people learned.

Each step is one conditional statement over a set, so running it twice, late or in two places is
harmless. Rows that somebody else holds are left for the next time.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

MOST = 5000  # registrations in one step of one run

_TURN = text("SELECT pg_try_advisory_xact_lock(hashtext('keep_directory'))")

# A merged row may be pointed to again by whoever knew it before: a form, a worker.
_STRAIGHTEN = tuple(
    text(f"""
    UPDATE {table} SET {noun}_id = {noun}.merged_into FROM {noun}
    WHERE {table}.{noun}_id = {noun}.id AND {noun}.merged_into IS NOT NULL""")
    for table, noun in (
        ("registration", "library"),
        ("person", "library"),
        ("account", "library"),
        ("registration", "person"),
        ("training", "person"),
    )
)

# `institution` begins with the name's key.
_LIBRARIES = text("""
    WITH found AS (
        SELECT registration.id, coalesce(library.merged_into, library.id) AS library_id
        FROM registration JOIN library ON library.region_code = registration.region_code
         AND library.name_key = split_part(registration.institution, '@', 1)
        WHERE registration.library_id IS NULL AND registration.status = 'approved'
          AND registration.erased_at IS NULL
        ORDER BY registration.id LIMIT :most FOR UPDATE OF registration SKIP LOCKED
    )
    UPDATE registration SET library_id = found.library_id FROM found
    WHERE registration.id = found.id""")

# Whose key is that of a merged person is that person, so no other is made.
_PEOPLE = text("""
    INSERT INTO person (id, person_key, name, email, phone, position, region_code, library_id)
    SELECT DISTINCT ON (person_key)
        uuidv7(), person_key, name, email, phone, position, region_code, library_id
    FROM (SELECT * FROM registration
          WHERE person_id IS NULL AND status = 'approved' AND erased_at IS NULL
          ORDER BY id LIMIT :most) AS fresh
    WHERE NOT EXISTS (SELECT FROM person WHERE person.person_key = fresh.person_key
                      AND person.merged_into IS NOT NULL)
    ORDER BY person_key, submitted_at DESC, id
    ON CONFLICT (person_key) WHERE merged_into IS NULL DO UPDATE SET
        name = excluded.name, position = excluded.position, region_code = excluded.region_code,
        email = coalesce(excluded.email, person.email),
        phone = coalesce(excluded.phone, person.phone),
        library_id = coalesce(excluded.library_id, person.library_id)""")

_LINK = text("""
    WITH found AS (
        SELECT registration.id, coalesce(person.merged_into, person.id) AS person_id
        FROM registration JOIN person ON person.person_key = registration.person_key
        WHERE registration.person_id IS NULL AND registration.status = 'approved'
          AND registration.erased_at IS NULL
        ORDER BY registration.id LIMIT :most FOR UPDATE OF registration SKIP LOCKED
    )
    UPDATE registration SET person_id = found.person_id FROM found
    WHERE registration.id = found.id""")

# Who corrected name or contact is found again by the new one; an entry that is left without
# anything was only ever about the old spelling, unless it was there before they registered.
_RELINK = text("""
    WITH found AS (
        SELECT registration.id, person.id AS person_id
        FROM registration JOIN person ON person.id = registration.person_id
        WHERE person.person_key <> registration.person_key AND registration.erased_at IS NULL
          AND NOT EXISTS (SELECT FROM person alias WHERE alias.merged_into = person.id
                          AND alias.person_key = registration.person_key)
        ORDER BY registration.id LIMIT :most FOR UPDATE OF registration SKIP LOCKED
    ), loose AS (
        UPDATE registration SET person_id = NULL FROM found WHERE registration.id = found.id
    ), moved AS (
        DELETE FROM training USING found WHERE training.registration_id = found.id
    )
    SELECT DISTINCT person_id FROM found""")

_DROP_EMPTY = text("""
    DELETE FROM person WHERE id = ANY (:ids) AND NOT imported
      AND NOT EXISTS (SELECT FROM registration WHERE person_id = person.id)
      AND NOT EXISTS (SELECT FROM training WHERE person_id = person.id)
      AND NOT EXISTS (SELECT FROM person alias WHERE alias.merged_into = person.id)""")

_WORKS_AT = text("""
    UPDATE person SET library_id = registration.library_id FROM registration
    WHERE registration.person_id = person.id AND person.library_id IS NULL
      AND registration.library_id IS NOT NULL AND registration.erased_at IS NULL""")

_LEARNED = text("""
    INSERT INTO training (id, person_id, registration_id, title, place, starts_on, ends_on, jp,
        certificate_number)
    SELECT uuidv7(), registration.person_id, registration.id, meeting.title, meeting.venue,
        (meeting.starts_at AT TIME ZONE meeting.zone)::date,
        (meeting.ends_at AT TIME ZONE meeting.zone)::date,
        coalesce((certificate.facts ->> 'jp')::int, 0), certificate.number
    FROM certificate
    JOIN registration ON registration.id = certificate.registration_id
    JOIN meeting ON meeting.id = registration.meeting_id
    WHERE certificate.revoked_at IS NULL AND registration.person_id IS NOT NULL
      AND registration.erased_at IS NULL
      AND NOT EXISTS (SELECT FROM training WHERE training.registration_id = registration.id
                      AND training.certificate_number = certificate.number
                      AND training.person_id = registration.person_id)
    ON CONFLICT (registration_id) DO UPDATE SET person_id = excluded.person_id,
        title = excluded.title, place = excluded.place, starts_on = excluded.starts_on,
        ends_on = excluded.ends_on, jp = excluded.jp,
        certificate_number = excluded.certificate_number""")

_REVOKED = text("""
    DELETE FROM training WHERE registration_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM certificate
                      WHERE certificate.registration_id = training.registration_id
                        AND certificate.revoked_at IS NULL)""")


def keep(session: Session) -> bool:
    """Bring the directory up to date; False when another process is at it."""
    if not session.execute(_TURN).scalar_one():
        return False
    most = {"most": MOST}
    for statement in _STRAIGHTEN:
        session.execute(statement)
    session.execute(_LIBRARIES, most)
    emptied = list(session.execute(_RELINK, most).scalars())
    session.execute(_DROP_EMPTY, {"ids": emptied})
    session.execute(_PEOPLE, most)
    session.execute(_LINK, most)
    for statement in (_WORKS_AT, _LEARNED, _REVOKED):
        session.execute(statement)
    return True
