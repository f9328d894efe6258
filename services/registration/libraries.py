"""The directory of libraries: search, add, change, and the names that registrations suggest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Text,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.registration import audit, library_accounts
from services.registration.audit import Change
from services.registration.directory_schemas import LibraryForm
from services.registration.library_accounts import Contacts
from services.registration.models import Certificate, Library, Meeting, Person, Registration
from services.registration.resources import bus
from shared import regions
from shared.events import LibraryChanged
from shared.names import plain_name
from shared.security import Caller, in_scope, within

PAGE = 25
LISTED = 200  # people, meetings and certificates on a library's own page
PERSONAL = ("contact_name", "email", "phone")
LOOKED_AT = 2000  # names that fit, before they are sorted
TOLD_AT_ONCE = 500
TOLD = ("version", "name", "kind", "region_code", "partner_status", "joined_year", "merged_into")
FEWEST_SIGNS = 2  # of a search by type-ahead


class LibraryNotFound(LookupError):
    """No library has this id, or none that the caller may see."""


class LibraryExists(Exception):
    """The region has a library of this name: `library_id`."""

    def __init__(self, library_id: UUID) -> None:
        super().__init__(str(library_id))
        self.library_id = library_id


class RegionNotYours(Exception):
    """The region lies outside the caller's own."""


class ChangedMeanwhile(Exception):
    """Somebody else changed the library after this form was opened."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What the list is asked for; empty is all. `words` are of a name, a village, or an NPP."""

    words: str = ""
    kind: str = ""
    partner_status: str = ""
    region_code: str = ""


def name_key(name: str) -> str:
    """The name without case, accents and punctuation; one of a kind in its region."""
    return plain_name(name)


def page(
    session: Session, caller: Caller, sought: Sought, after: UUID | None = None
) -> tuple[list[Library], UUID | None]:
    """Libraries of the caller's region by name, and after which one the next page begins."""
    query = select(Library).where(_live(caller), *_wanted(caller, sought))
    if after:
        last = select(Library.name, Library.id).where(Library.id == after)
        query = query.where(tuple_(Library.name, Library.id) > last.scalar_subquery())
    rows = list(session.scalars(query.order_by(Library.name, Library.id).limit(PAGE + 1)))
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def suggest(session: Session, words: str, region: str, limit: int) -> list[Row[Any]]:
    """Names for a type-ahead, each word a beginning; empty below `FEWEST_SIGNS`.

    Of 100,000 libraries: 4 to 11 ms within a province, at most 60 ms in the whole country.
    """
    key = name_key(words)
    if len(key) < FEWEST_SIGNS:
        return []
    query = select(Library.id, Library.name, Library.region_code).where(
        Library.merged_into.is_(None), *_begins(key)
    )
    if region:
        query = query.where(within(Library.region_code, region))
    # Found first and sorted then: walked in the order of names, a rare name costs a look at every
    # row (325 ms of 100,000). Who types what thousands have in common needs another word anyway.
    found = query.limit(LOOKED_AT).cte("found").prefix_with("MATERIALIZED")
    return list(session.execute(select(found).order_by(found.c.name, found.c.id).limit(limit)))


def find(session: Session, caller: Caller, library_id: UUID, *, lock: bool = False) -> Library:
    """One library of the caller's region, perhaps a merged one. Raises `LibraryNotFound`."""
    query = select(Library).where(Library.id == library_id, in_scope(Library.region_code, caller))
    if lock:  # who registers for it need not wait
        query = query.with_for_update(key_share=True)
    library = session.scalars(query).one_or_none()
    if library is None:
        raise LibraryNotFound(library_id)
    return library


def add(session: Session, caller: Caller, library_id: UUID, form: LibraryForm) -> Library:
    """Add a library; a form sent twice, and so twice with one id, adds one.

    Raises `RegionNotYours`, `LibraryExists`.
    """
    _must_see(caller, form.region_code)
    if made := session.get(Library, library_id):
        return made
    values = form.model_dump()
    # Of a merged name the one that stayed is meant: no unique key says that.
    _must_be_free(session, form)
    library = Library(id=library_id, name_key=name_key(form.name), **values)
    try:
        with session.begin_nested():
            session.add(library)
            session.flush()
    except IntegrityError:
        _must_be_free(session, form)
        raise
    change = Change("library", str(library_id), form.region_code, after=_told(values))
    audit.record(session, caller, "created", change)
    return library


def change(
    session: Session, caller: Caller, library_id: UUID, form: LibraryForm, version: int
) -> Library:
    """Change a library whose `version` the form was opened with.

    Raises `LibraryNotFound`, `ChangedMeanwhile`, and as `add`.
    """
    library = find(session, caller, library_id, lock=True)
    _must_see(caller, form.region_code)
    new = form.model_dump()
    before = {name: getattr(library, name) for name in new if getattr(library, name) != new[name]}
    if not before:
        return library
    if library.version != version or library.merged_into:
        raise ChangedMeanwhile
    _must_be_free(session, form, but=library_id)
    reached = Contacts.of(library)
    try:
        with session.begin_nested():
            for name in before:
                setattr(library, name, new[name])
            library.name_key = name_key(form.name)
            library.version += 1
            session.flush()
    except IntegrityError:
        session.refresh(library)
        _must_be_free(session, form, but=library_id)
        raise
    after = {name: new[name] for name in before}
    told = Change("library", str(library_id), library.region_code, _told(before), _told(after))
    audit.record(session, caller, "changed", told)
    library_accounts.follow(session, caller, library_id, reached)
    return library


def tell(session: Session) -> int:
    """Tell the other services of libraries that changed since; how many (`TOLD_AT_ONCE`)."""
    query = select(Library).where(Library.told_version < Library.version).order_by(Library.id)
    untold = session.scalars(query.limit(TOLD_AT_ONCE).with_for_update(skip_locked=True)).all()
    for library in untold:
        library.told_version = library.version
    bus.publish(session, *(fact(library) for library in untold))
    return len(untold)


def fact(library: Library) -> LibraryChanged:
    """What the other services know of a library."""
    return LibraryChanged(library_id=library.id, **{name: getattr(library, name) for name in TOLD})


def people(session: Session, caller: Caller, library_id: UUID) -> list[Person]:
    """Who works there, as far as the caller sees them."""
    query = select(Person).where(Person.library_id == library_id, Person.merged_into.is_(None))
    query = query.where(in_scope(Person.region_code, caller)).order_by(Person.name, Person.id)
    return list(session.scalars(query.limit(LISTED)))


def meetings(session: Session, caller: Caller, library_id: UUID) -> list[Row[Any]]:
    """Meetings that approved people of this library, the newest first, with how many."""
    query = (
        select(Meeting.slug, Meeting.title, Meeting.starts_at, Meeting.ends_at, Meeting.zone)
        .add_columns(func.count().label("people"))
        .join(Registration, Registration.meeting_id == Meeting.id)
        .where(Registration.library_id == library_id, Registration.status == "approved")
        .where(in_scope(Registration.region_code, caller))
        .group_by(Meeting.id)
        .order_by(Meeting.starts_at.desc(), Meeting.id)
        .limit(LISTED)
    )
    return list(session.execute(query))


def certificates(session: Session, caller: Caller, library_id: UUID) -> list[Row[Any]]:
    """Valid certificates of its people, the newest first."""
    query = (
        select(Certificate.number, Certificate.issued_at, Registration.name, Registration.person_id)
        .join(Registration, Registration.id == Certificate.registration_id)
        .where(Registration.library_id == library_id, Certificate.revoked_at.is_(None))
        .where(in_scope(Registration.region_code, caller))
        .order_by(Certificate.issued_at.desc(), Certificate.id)
        .limit(LISTED)
    )
    return list(session.execute(query))


def suggestions(
    session: Session, caller: Caller, after: UUID | None = None
) -> tuple[list[Row[Any]], UUID | None]:
    """Institutions that registrations name and the directory does not have, by region.

    `id` is the newest registration of each: its number is how the next page is asked for.
    """
    key = tuple_(Registration.region_code, Registration.institution)
    newest = func.max(cast(Registration.id, Text)).label("id")  # there is no max() of a uuid
    query = _unknown(caller).add_columns(newest, func.count().label("people"))
    if after:
        last = select(Registration.region_code, Registration.institution)
        query = query.where(key > last.where(Registration.id == after).scalar_subquery())
    query = query.group_by(Registration.region_code, Registration.institution)
    query = query.order_by(Registration.region_code, Registration.institution).limit(PAGE + 1)
    rows = list(session.execute(query))
    return rows[:PAGE], UUID(rows[PAGE - 1].id) if len(rows) > PAGE else None


def suggested(session: Session, caller: Caller, registration_id: UUID) -> dict[str, str]:
    """A new library's form as a registration suggests it; empty when the caller may not see it."""
    registration = session.scalars(
        select(Registration)
        .where(Registration.id == registration_id, in_scope(Registration.region_code, caller))
        .where(Registration.erased_at.is_(None))
    ).one_or_none()
    if registration is None:
        return {}
    kind = _KIND_OF.get(regions.get(registration.region_code).level, "other")
    return {
        "name": registration.library_name,
        "region_code": registration.region_code,
        "kind": "tbm" if kind == "village" and _is_tbm(registration.library_name) else kind,
        "partner_status": "none",
    }


_AS_MOST_WRITE = func.mode().within_group(Registration.library_name.desc())
_KIND_OF = {1: "province", 2: "regency", 4: "village"}


def _is_tbm(name: str) -> bool:
    plain = f" {name_key(name)} "
    return " tbm " in plain or " taman bacaan " in plain


def _unknown(caller: Caller) -> Any:
    same = and_(
        Library.region_code == Registration.region_code,
        Library.name_key == func.split_part(Registration.institution, "@", 1),
    )
    return select(Registration.region_code, _AS_MOST_WRITE.label("name")).where(
        in_scope(Registration.region_code, caller),
        Registration.library_id.is_(None),
        Registration.erased_at.is_(None),
        Registration.status.not_in(("rejected", "cancelled")),
        ~select(Library.id).where(same).exists(),
    )


def _live(caller: Caller) -> ColumnElement[bool]:
    return and_(in_scope(Library.region_code, caller), Library.merged_into.is_(None))


def _wanted(caller: Caller, sought: Sought) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if sought.kind:
        wanted.append(Library.kind == sought.kind)
    if sought.partner_status:
        wanted.append(Library.partner_status == sought.partner_status)
    if sought.region_code:
        wanted.append(within(Library.region_code, sought.region_code))
    if sought.words:
        found = regions.search(sought.words, within=caller.region_code or None, limit=50)
        villages = [region.code for region in found if region.level == 4]
        npp = "".join(sought.words.split()).upper()
        wanted.append(
            or_(
                and_(*_begins(name_key(sought.words) or sought.words)),
                Library.npp == npp,
                Library.region_code.in_(villages),
            )
        )
    return wanted


def _begins(key: str) -> list[ColumnElement[bool]]:
    """Each word of `key` begins a word of the name."""
    spaced = literal(" ").op("||")(Library.name_key)
    return [spaced.contains(f" {word}", autoescape=True) for word in key.split()]


def _must_see(caller: Caller, region_code: str) -> None:
    if not caller.may_see(region_code):
        raise RegionNotYours


def _must_be_free(session: Session, form: LibraryForm, *, but: UUID | None = None) -> None:
    query = select(func.coalesce(Library.merged_into, Library.id)).where(
        Library.region_code == form.region_code, Library.name_key == name_key(form.name)
    )
    for library_id in session.scalars(query.order_by(Library.merged_into.is_not(None))):
        if library_id != but:
            raise LibraryExists(library_id)


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """For the audit log: that a contact changed is told, not to whom."""
    return {name: "…" if name in PERSONAL and value else value for name, value in values.items()}
