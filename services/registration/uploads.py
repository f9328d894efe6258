"""Files that registrants send: a form's until it is accepted, then the registration's."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.registration.models import Registration, Upload
from services.registration.resources import files
from shared.security import Caller, in_scope
from shared.uploads import Kind, judge

LETTER = "assignment_letter"
PHOTO = "booth_photo"
ANSWER = "answer:"  # begins the kind of a file that answers an extra question
MOST_PHOTOS = 4
ACCEPTED: dict[str, tuple[Kind, ...]] = {LETTER: ("pdf", "photo"), PHOTO: ("photo",)}
ANSWERED: tuple[Kind, ...] = ("pdf", "photo")
UNFINISHED = timedelta(days=2)  # a form's token is good for one
YOUNG = timedelta(hours=2)  # a file so young may belong to a row that is not committed yet


class UploadNotFound(LookupError):
    """No file has this id, or none that the caller may see."""


class TooManyPhotos(Exception):
    """A booth shows `MOST_PHOTOS` at most."""


@dataclass(frozen=True, slots=True)
class Received:
    """A file that was judged and lies in the store; no row names it yet."""

    name: str
    media_type: str
    size: int
    stored: str
    thumbnail: str | None


def receive(kind: str, name: str, file: BinaryIO) -> Received:
    """Judge a file and put it into the store; takes its time, so outside of any transaction.

    Raises `shared.uploads.Refused`.
    """
    judged = judge(file, kinds=ACCEPTED.get(kind, ANSWERED))
    return Received(
        name=_display_name(name, judged.extension),
        media_type=judged.media_type,
        size=len(judged.data),
        stored=files.put(judged.data, judged.extension),
        thumbnail=files.put(judged.thumbnail, "jpg") if judged.thumbnail else None,
    )


def add(session: Session, form_id: UUID, kind: str, received: Received, *, kept: int = 0) -> Upload:
    """Give a form a file; one of every kind, the latest, and so many photos as a booth shows.

    `kept` photos stay with the registration that this form corrects. Raises `TooManyPhotos`.
    """
    here = (Upload.form_id == form_id, Upload.kind == kind)
    if kind == PHOTO:
        # Two posts of one form at once count one after the other.
        session.execute(select(func.pg_advisory_xact_lock(form_id.int % 2**63)))
        count = session.scalar(select(func.count()).select_from(Upload).where(*here)) or 0
        if kept + count >= MOST_PHOTOS:
            raise TooManyPhotos
    else:
        session.execute(delete(Upload).where(*here))
    upload = Upload(
        id=uuid7(),
        form_id=form_id,
        kind=kind,
        name=received.name,
        media_type=received.media_type,
        size=received.size,
        stored=received.stored,
        thumbnail=received.thumbnail,
    )
    session.add(upload)
    session.flush()
    return upload


def of(session: Session, *owners: UUID) -> list[Upload]:
    """The files of these forms and registrations, the oldest first.

    Of all kinds but photos only the latest: one that a correction brings replaces the one before.
    """
    query = (
        select(Upload)
        .where(Upload.form_id.in_(owners) | Upload.registration_id.in_(owners))
        .order_by(Upload.created_at, Upload.id)
    )
    found: dict[object, Upload] = {}
    for upload in session.scalars(query):
        found[upload.id if upload.kind == PHOTO else upload.kind] = upload
    return list(found.values())


def drop(session: Session, owner: UUID, ids: Collection[UUID]) -> None:
    """Take files back from a form or a registration; those of others stay."""
    session.execute(
        delete(Upload)
        .where(Upload.id.in_(ids))
        .where((Upload.form_id == owner) | (Upload.registration_id == owner))
    )


def adopt(session: Session, form_id: UUID, registration_id: UUID) -> list[str]:
    """What a correction brought belongs to the registration now; returns the kinds."""
    query = select(Upload).where(Upload.form_id == form_id)
    brought = list(session.scalars(query))
    single = [upload.kind for upload in brought if upload.kind != PHOTO]
    session.execute(
        delete(Upload).where(Upload.registration_id == registration_id, Upload.kind.in_(single))
    )
    for upload in brought:
        upload.registration_id, upload.form_id = registration_id, None
    session.flush()
    return [upload.kind for upload in brought]


def of_owner(session: Session, owner: UUID, upload_id: UUID) -> Upload:
    """A file of one registration. Raises `UploadNotFound`."""
    return _one(session, Upload.id == upload_id, Upload.registration_id == owner)


def of_staff(session: Session, caller: Caller, upload_id: UUID) -> Upload:
    """A file of a registration in the caller's region. Raises `UploadNotFound`."""
    mine = select(Registration.id).where(in_scope(Registration.region_code, caller))
    return _one(session, Upload.id == upload_id, Upload.registration_id.in_(mine))


def path(stored: str) -> Path:
    """Where a file of the store lies."""
    return files.path(stored)


def forget_unfinished(session: Session) -> int:
    """Delete the rows of forms that were never accepted; returns how many."""
    late = func.now() - UNFINISHED
    query = delete(Upload).where(Upload.form_id.is_not(None), Upload.created_at < late)
    return len(session.scalars(query.returning(Upload.id)).all())


def sweep(session: Session) -> int:
    """Delete the files that no row names; returns how many."""
    named = set(session.scalars(_NAMED))
    loose = [name for name in files.names(older_than=YOUNG) if name not in named]
    return sum(files.delete(name, older_than=YOUNG) for name in loose)


_NAMED = text("""
    SELECT stored FROM upload UNION SELECT thumbnail FROM upload WHERE thumbnail IS NOT NULL
    UNION SELECT stored FROM import_job
    UNION SELECT stored FROM certificate_run WHERE stored IS NOT NULL""")


def _one(session: Session, *conditions: ColumnElement[bool]) -> Upload:
    upload = session.scalars(select(Upload).where(*conditions)).one_or_none()
    if upload is None:
        raise UploadNotFound
    return upload


def _display_name(name: str, extension: str) -> str:
    """As its sender called it, on one line, ending as what it is."""
    stem = re.sub(r"[^\w .,()+-]+", " ", Path(name).stem).strip()[:80] or "berkas"
    return f"{stem}.{extension}"
