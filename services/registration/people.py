"""The directory of people who take part, known again by name and contact."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, tuple_
from sqlalchemy.orm import Session

from services.registration.models import Library, Meeting, Person, Registration, Training
from shared.names import plain_name
from shared.security import Caller, in_scope

PAGE = 25
JP_A_YEAR = 20  # lesson hours that a civil servant needs (PP 17/2020, article 203)


class PersonNotFound(LookupError):
    """No person has this id, or none that the caller may see."""


@dataclass(frozen=True, slots=True)
class Year:
    """Lesson hours of one calendar year, by the last day of each training."""

    year: int
    jp: int

    @property
    def missing(self) -> int:
        """What is left of the hours that a civil servant needs."""
        return max(JP_A_YEAR - self.jp, 0)


def page(
    session: Session, caller: Caller, words: str = "", after: UUID | None = None
) -> tuple[list[Row[Any]], UUID | None]:
    """People of the caller's region by name with their library, and where the next page begins.

    Words are looked for in names, addresses and numbers.
    """
    query = (
        select(Person.id, Person.name, Person.position, Person.region_code)
        .add_columns(Library.name.label("library_name"))
        .outerjoin(Library, Library.id == Person.library_id)
        .where(in_scope(Person.region_code, caller), Person.merged_into.is_(None))
    )
    for word in words.lower().split()[:10]:
        plain = plain_name(word) or word
        found = Person.person_key.contains(plain, autoescape=True)
        if "@" in word or any(sign.isdigit() for sign in word):
            found |= Person.email.icontains(word, autoescape=True)
            found |= Person.phone.contains(word.lstrip("0"), autoescape=True)
        query = query.where(found)
    if after:
        last = select(Person.name, Person.id).where(Person.id == after)
        query = query.where(tuple_(Person.name, Person.id) > last.scalar_subquery())
    rows = list(session.execute(query.order_by(Person.name, Person.id).limit(PAGE + 1)))
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def find(session: Session, caller: Caller, person_id: UUID) -> Person:
    """One person of the caller's region, perhaps a merged one. Raises `PersonNotFound`."""
    query = select(Person).where(Person.id == person_id, in_scope(Person.region_code, caller))
    person = session.scalars(query).one_or_none()
    if person is None:
        raise PersonNotFound(person_id)
    return person


def library(session: Session, caller: Caller, person: Person) -> Library | None:
    """Where they work, if the caller may see it."""
    query = select(Library).where(
        Library.id == person.library_id, in_scope(Library.region_code, caller)
    )
    return session.scalars(query).one_or_none()


def trainings(session: Session, person_id: UUID) -> list[Training]:
    """What they learned, the newest first."""
    query = select(Training).where(Training.person_id == person_id)
    return list(session.scalars(query.order_by(Training.ends_on.desc(), Training.id)))


def years(trainings: list[Training], today: date) -> list[Year]:
    """Lesson hours by year, the newest first; this year is always there."""
    hours = {today.year: 0}
    for training in trainings:
        hours[training.ends_on.year] = hours.get(training.ends_on.year, 0) + training.jp
    return [Year(year, hours[year]) for year in sorted(hours, reverse=True)]


def registrations(session: Session, caller: Caller, person_id: UUID) -> list[Row[Any]]:
    """Where they registered, as far as the caller sees it, the newest meeting first."""
    query = (
        select(Registration.id, Registration.code, Registration.status, Registration.library_name)
        .add_columns(Meeting.slug, Meeting.title, Meeting.starts_at, Meeting.ends_at, Meeting.zone)
        .join(Meeting, Meeting.id == Registration.meeting_id)
        .where(Registration.person_id == person_id)
        .where(in_scope(Registration.region_code, caller))
        .order_by(Meeting.starts_at.desc(), Registration.id)
    )
    return list(session.execute(query))
