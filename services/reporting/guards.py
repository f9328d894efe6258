"""What is hardly right is asked back, and kept as it is once somebody says that it is so.

The older system had 17 of 225 activities on 1 January, 13 entered twice, and rows of zeros
(`domain.md`, section 2).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.reporting.drafts import Draft
from shared.names import likeness, plain_name

Question = Literal["new-year", "zero", "duplicate", "again", "long-ago", "many"]

LONG_AGO = timedelta(days=193)  # the longest lag seen in the older system
MANY = 5000  # people in one village activity
SIMILAR = 0.8  # of two titles, by `likeness`
NEWEST = 100  # reports of one day that a title is compared with

# Of any number of a day: those with the very title, and the newest.
_SAME_DAY = text("""
    SELECT id, title FROM activity
    WHERE library_id = :library_id AND stream = :stream AND month = :month
      AND day = :day AND deleted_at IS NULL AND id IS DISTINCT FROM CAST(:but AS uuid)
    ORDER BY lower(title) = lower(:title) DESC, id DESC LIMIT :newest""")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the report that it is about, if there is one."""

    question: Question
    about: UUID | None = None


def questions(
    session: Session, library_id: UUID, draft: Draft, today: date, but: UUID | None = None
) -> list[Asked]:
    """What is to be asked back; `but` is the report that is being edited."""
    asked = []
    if draft.stream.every == "day" and (draft.day.month, draft.day.day) == (1, 1):
        asked.append(Asked("new-year"))
    # Money may well be none: only what a stream always counts is asked about.
    if draft.stream.must_count and not any(draft.measures.values()):
        asked.append(Asked("zero"))
    if today - draft.last_day > LONG_AGO:
        asked.append(Asked("long-ago"))
    if draft.stream.counts_people and draft.measures["people"] > MANY:
        asked.append(Asked("many"))
    same = _same(session, library_id, draft, but)
    if same:
        asked.append(Asked("duplicate" if draft.stream.every == "day" else "again", same))
    return asked


def _same(session: Session, library_id: UUID, draft: Draft, but: UUID | None) -> UUID | None:
    """An earlier report that is likely the same one."""
    values = {
        "library_id": library_id,
        "stream": draft.stream.name,
        "day": draft.day,
        "month": draft.day.replace(day=1),
        "but": but,
        "title": draft.title,
        "newest": NEWEST,
    }
    mine = plain_name(draft.title)
    for row in session.execute(_SAME_DAY, values):
        if draft.stream.every != "day" or likeness(mine, plain_name(row.title)) >= SIMILAR:
            found: UUID = row.id
            return found
    return None
