"""Who comes to the same meeting and agreed that the others see it; the consent ledger decides."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, case, or_, select, tuple_
from sqlalchemy.orm import Session

from services.registration.models import Consent, Registration

PAGE = 25
# The texts that name the position too; who agreed to an older one is shown without it.
WITH_POSITION = ("2026-4",)


def page(
    session: Session, viewer: Row[Any], words: str = "", after: UUID | None = None
) -> tuple[list[Row[Any]], UUID | None]:
    """The others of the viewer's meeting by name, and after which the next page begins.

    `words` are part of a name or of a library's. No contact: no text of ours asked for that.
    """
    query = _shown(viewer.meeting_id).where(Registration.id != viewer.id)
    if words := words.strip():
        columns = (Registration.name, Registration.library_name)
        query = query.where(or_(*(column.icontains(words, autoescape=True) for column in columns)))
    if after is not None:
        last = select(Registration.name, Registration.id).where(
            Registration.id == after, Registration.meeting_id == viewer.meeting_id
        )
        query = query.where(tuple_(Registration.name, Registration.id) > last.scalar_subquery())
    order = query.order_by(Registration.name, Registration.id).limit(PAGE + 1)
    rows = list(session.execute(order))
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def is_shown(session: Session, viewer: Row[Any]) -> bool:
    """Whether the others see the viewer."""
    query = _shown(viewer.meeting_id).where(Registration.id == viewer.id)
    return session.execute(query).first() is not None


def _shown(meeting_id: UUID) -> Select[Any]:
    agreed = case((Consent.text_version.in_(WITH_POSITION), Registration.position), else_="")
    return (
        select(
            Registration.id,
            Registration.name,
            Registration.library_name,
            Registration.region_code,
            agreed.label("position"),
        )
        .join(Consent, Consent.registration_id == Registration.id)
        .where(Consent.purpose == "directory", Consent.withdrawn_at.is_(None))
        .where(Registration.meeting_id == meeting_id, Registration.status == "approved")
        .where(Registration.erased_at.is_(None))
    )
