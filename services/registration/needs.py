"""What the people of a meeting need and have answered: for the host who orders food and rooms."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from services.registration import audit, questions
from services.registration.audit import Change
from services.registration.desk_words import NEEDED, NEEDS, SHEET
from services.registration.models import Meeting, Question, Registration
from services.registration.seats import LIVE
from services.registration.words import PARTICIPANT_TYPES, STATUSES
from shared import regions
from shared.security import Caller, in_scope
from shared.web.formats import Language

Say = Callable[[str], str]

_R = Registration.__table__.c
_COLUMNS = (
    *("code", "name", "library_name", "region_code", "participant_type", "status"),
    *("needs", "answers"),
)


def sums(session: Session, caller: Caller, meeting: Meeting) -> dict[str, int]:
    """How many of the caller's region who come or wait need what; by the keys of `NEEDS`."""
    said = func.coalesce
    counts = [
        func.count().filter(said(_R.needs[name].astext, "").not_in(("", "false"))).label(name)
        for name in NEEDS
    ]
    return session.execute(select(*counts).where(*_those(caller, meeting))).one()._asdict()


def table(
    session: Session, caller: Caller, meeting: Meeting, say: Say, language: Language
) -> tuple[list[str], list[list[str]]]:
    """Titles, and a row for each of the caller's region who comes or waits, by name.

    That so much of so many was read stands in the audit log.
    """
    asked = questions.asked(session, meeting.id)
    query = select(*(_R[name] for name in _COLUMNS)).where(*_those(caller, meeting))
    people = session.execute(query.order_by(_R.name, _R.id)).all()
    change = Change("meeting", meeting.slug, meeting.province_code, after={"rows": len(people)})
    audit.record(session, caller, "needs_exported", change)
    own = [(language == "en" and each.label_en) or each.label for each in asked]
    titles = _distinct([*map(say, SHEET), *map(say, NEEDS.values()), *own])
    return titles, [_row(person, asked, say, language) for person in people]


def _those(caller: Caller, meeting: Meeting) -> list[Any]:
    return [
        _R.meeting_id == meeting.id,
        _R.status.in_(LIVE),
        _R.erased_at.is_(None),
        in_scope(_R.region_code, caller),
    ]


def _distinct(titles: Iterable[str]) -> list[str]:
    """A sheet finds its columns by their titles, and a host may ask the same twice."""
    found: list[str] = []
    for title in titles:
        unique, number = title, 1
        while unique in found:
            number += 1
            unique = f"{title} ({number})"
        found.append(unique)
    return found


def _row(person: Row[Any], asked: Sequence[Question], say: Say, language: Language) -> list[str]:
    needs = [person.needs.get(name) or "" for name in NEEDS]
    return [
        person.code,
        person.name,
        person.library_name,
        regions.get(person.region_code).label,
        say(PARTICIPANT_TYPES[person.participant_type][0]),
        say(STATUSES[person.status]),
        *(say(NEEDED) if need is True else need for need in needs),
        *(_answer(each, person.answers.get(each.key), language) for each in asked),
    ]


def _answer(question: Question, answer: Any, language: Language) -> str:
    if answer is None:
        return ""
    # A file stands on the page of who sent it.
    return "✓" if question.type == "file" else questions.shown_answer(question, answer, language)
