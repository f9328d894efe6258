"""All that a registrant may change of their registration, in one step."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.registration import booths, nik, seats, uploads
from services.registration.models import Registration
from services.registration.schemas import RegistrationForm

COLUMNS = (
    *("name", "email", "phone", "participant_type", "region_code", "library_name", "library_id"),
    *("position", "language", "answers"),
)

_LIBRARY = text("SELECT id FROM library WHERE id = :id AND merged_into IS NULL")


def save(
    session: Session,
    registration: Row[Any],
    form: RegistrationForm,
    form_id: UUID,
    dropped: Collection[UUID],
) -> Registration:
    """Write the whole form over the registration; its files and booth come along.

    A NIK that is left empty stays as it is; of the files those in `dropped` go. Raises what
    `seats.correct` does.
    """
    changes = {name: getattr(form, name) for name in COLUMNS}
    known = session.execute(_LIBRARY, {"id": form.library_id}).scalar()
    changes |= {"library_id": known, "needs": form.needs.model_dump()}
    if form.nik:
        changes |= {"nik": nik.encrypt(form.nik), "nik_fingerprint": nik.fingerprint(form.nik)}
    person = seats.correct(session, registration.id, changes)
    booths.save(session, registration.id, form.booth, form_id=form_id, dropped=dropped)
    uploads.drop(session, registration.id, dropped)
    uploads.adopt(session, form_id, registration.id)
    return person
