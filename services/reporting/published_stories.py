"""Impact stories for everybody: verified nationally, and their people allow us to publish them.

Nobody is named, as in open data: no library, no reporter; where it was is told by kab/kota.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.reporting.aggregates import WITHIN
from services.reporting.open_data import PUBLISHED

PAGE = 12
_COLUMNS = """
    id, month, regency_code, category, title, fields ->> 'sebelum' AS before,
    fields ->> 'sesudah' AS after, amount"""
# All words, wherever they stand: of stories there are few among millions of reports.
_PAGE = text(f"""
    SELECT {_COLUMNS} FROM activity
    WHERE {PUBLISHED} AND {WITHIN.format(place="regency_code")}
      AND (:topic = '' OR category = :topic)
      AND (CAST(:after AS uuid) IS NULL OR id < CAST(:after AS uuid))
      AND (title || ' ' || (fields ->> 'sebelum') || ' ' || (fields ->> 'sesudah'))
          ILIKE ALL (CAST(:words AS text[]))
    ORDER BY id DESC LIMIT :limit""")
_ONE = text(f"SELECT {_COLUMNS} FROM activity WHERE {PUBLISHED} AND id = :id")


class StoryNotFound(LookupError):
    """No such story, or none that may be read by everybody (any more)."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which stories to show; empty is all."""

    q: str = ""
    region: str = ""  # a province, or a kab/kota
    topic: str = ""


def page(
    session: Session, filters: Filters, after: UUID | None = None
) -> tuple[Sequence[Row[Any]], UUID | None]:
    """Stories, the newest first, and the next `after`."""
    values = {
        "region": filters.region,
        "topic": filters.topic,
        "words": [f"%{_escaped(word)}%" for word in filters.q.split()[:8]],
        "after": after,
        "limit": PAGE + 1,
    }
    rows = session.execute(_PAGE, values).all()
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def find(session: Session, story_id: UUID) -> Row[Any]:
    """One story. Raises `StoryNotFound`."""
    found = session.execute(_ONE, {"id": story_id}).first()
    if found is None:
        raise StoryNotFound(story_id)
    return found


def _escaped(word: str) -> str:
    """A word in which no sign stands for others."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
