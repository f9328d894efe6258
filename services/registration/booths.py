"""Lapak mini: a wish on the form, the host's answer, and the public gallery of a meeting."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.registration import audit, registrations
from services.registration.audit import Change
from services.registration.models import Booth, Consent, Meeting, Registration, Upload
from services.registration.resources import bus
from services.registration.schemas import BoothForm
from services.registration.seats import LIVE
from services.registration.uploads import PHOTO, UploadNotFound
from shared.events import BoothDecided
from shared.security import Caller, in_scope

PAGE = 12
SHOWN = ("title", "description", "products")  # with the photos, what a host accepts


class BoothNotFound(LookupError):
    """This registration asked for no booth, or the caller may not see it."""


@dataclass(frozen=True, slots=True)
class Stall:
    """A booth as the gallery shows it: whose it is, and the ids of its photos."""

    registration_id: UUID
    title: str
    description: str
    products: Sequence[dict[str, Any]]
    library_name: str
    region_code: str
    photos: tuple[UUID, ...]


def of(session: Session, registration_id: UUID) -> Booth | None:
    """The booth that a registration asked for, if it did."""
    return session.get(Booth, registration_id)


def save(
    session: Session,
    registration_id: UUID,
    form: BoothForm | None,
    *,
    form_id: UUID | None = None,
    dropped: Collection[UUID] = (),
) -> None:
    """Make the wish what a correction says; what is shown anew, the host has to look at anew.

    `form_id` may bring photos and `dropped` take some away; call this before they do. The consent
    to stand in the gallery is given or withdrawn with it.
    """
    if form is None:
        session.execute(delete(Booth).where(Booth.registration_id == registration_id))
    else:
        values = form.model_dump()
        added = insert(Booth).values(registration_id=registration_id, **values)
        other = or_(
            _photos_change(registration_id, form_id, dropped),
            *(Booth.__table__.c[name] != added.excluded[name] for name in SHOWN),
        )
        values["state"] = case((other, "requested"), else_=Booth.state)
        session.execute(
            added.on_conflict_do_update(index_elements=["registration_id"], set_=values)
        )
    _consent(session, registration_id, given=form is not None and form.is_public)


def _photos_change(
    registration_id: UUID, form_id: UUID | None, dropped: Collection[UUID]
) -> ColumnElement[bool]:
    ours = (Upload.registration_id == registration_id) & Upload.id.in_(dropped)
    photos = select(Upload.id).where(Upload.kind == PHOTO)
    return exists(photos.where(ours | (Upload.form_id == form_id)))


def _consent(session: Session, registration_id: UUID, *, given: bool) -> None:
    if given:
        values = {"text_version": registrations.CONSENT_VERSION, "withdrawn_at": None}
        added = insert(Consent).values(registration_id=registration_id, purpose="gallery", **values)
        again = added.on_conflict_do_update(
            index_elements=["registration_id", "purpose"],
            set_=values | {"given_at": func.now()},
            where=Consent.withdrawn_at.is_not(None),
        )
        session.execute(again)
        return
    session.execute(
        update(Consent)
        .where(Consent.registration_id == registration_id, Consent.purpose == "gallery")
        .where(Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=func.now())
    )


def decide(
    session: Session,
    caller: Caller,
    registration_id: UUID,
    state: Literal["accepted", "declined"],
    number: str = "",
) -> Booth:
    """The host's answer, and where the booth stands; whoever still comes is told what is new in it.

    Raises `BoothNotFound`.
    """
    query = (
        select(Booth, Registration)
        .join(Registration, Registration.id == Booth.registration_id)
        .where(Booth.registration_id == registration_id)
        .where(in_scope(Registration.region_code, caller))
        .with_for_update(of=Booth)
    )
    found = session.execute(query).first()
    if found is None:
        raise BoothNotFound(registration_id)
    booth, person = found
    before = {"state": booth.state, "number": booth.number}
    booth.state, booth.number = state, number
    after = {"state": state, "number": number}
    change = Change("booth", str(registration_id), person.region_code, before, after)
    audit.record(session, caller, f"booth_{state}", change)
    if after != before and person.status in LIVE:
        facts = registrations.facts(person, session.get_one(Meeting, person.meeting_id))
        bus.publish(
            session,
            BoothDecided(
                registration=facts,
                booth_title=booth.title,
                accepted=state == "accepted",
                number=number,
            ),
        )
    return booth


def gallery(
    session: Session, meeting_id: UUID, after: UUID | None = None
) -> tuple[list[Stall], UUID | None]:
    """The public booths of a meeting by title, and after which the next page begins."""
    query = _public().where(Registration.meeting_id == meeting_id)
    if after is not None:
        last = select(Booth.title, Booth.registration_id).where(Booth.registration_id == after)
        query = query.where(tuple_(Booth.title, Booth.registration_id) > last.scalar_subquery())
    rows = session.execute(query.order_by(Booth.title, Booth.registration_id).limit(PAGE + 1)).all()
    photos = _photos(session, [row.registration_id for row in rows[:PAGE]])
    stalls = [_stall(row, photos.get(row.registration_id, ())) for row in rows[:PAGE]]
    return stalls, stalls[-1].registration_id if len(rows) > PAGE else None


def has_gallery(session: Session, meeting_id: UUID) -> bool:
    """Whether there is anything to see."""
    shown = _public().where(Registration.meeting_id == meeting_id)
    return bool(session.scalar(select(exists(shown.with_only_columns(Booth.registration_id)))))


def photo(session: Session, upload_id: UUID) -> Upload:
    """A photo that stands in a gallery at this moment. Raises `UploadNotFound`."""
    shown = _public().with_only_columns(Booth.registration_id)
    query = (
        select(Upload)
        .where(Upload.id == upload_id, Upload.kind == PHOTO)
        .where(Upload.registration_id.in_(shown))
    )
    found = session.scalars(query).one_or_none()
    if found is None:
        raise UploadNotFound(upload_id)
    return found


def _public() -> Select[Any]:
    """Booths that the host accepted, of people who come and agreed to be shown."""
    return (
        select(
            Booth.registration_id,
            Booth.title,
            Booth.description,
            Booth.products,
            Registration.library_name,
            Registration.region_code,
        )
        .join(Registration, Registration.id == Booth.registration_id)
        .join(Meeting, Meeting.id == Registration.meeting_id)
        .where(Booth.is_public, Booth.state == "accepted", Registration.status == "approved")
        .where(Registration.erased_at.is_(None), Meeting.status != "draft")
    )


def _photos(session: Session, registration_ids: Iterable[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    query = (
        select(Upload.registration_id, func.array_agg(Upload.id))
        .where(Upload.registration_id.in_(registration_ids), Upload.kind == PHOTO)
        .group_by(Upload.registration_id)
    )
    return {owner: tuple(sorted(ids)) for owner, ids in session.execute(query) if owner}


def _stall(row: Row[Any], photos: tuple[UUID, ...]) -> Stall:
    return Stall(**row._mapping, photos=photos)  # noqa: SLF001 - SQLAlchemy's public name
