"""Photos and documents that prove a report."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from services.reporting.models.base import Base


class Evidence(Base):
    """One file: a form's until its report is accepted, then the report's.

    `large` is the file itself, a photo at most 1600 pixels wide and high; `medium` and `small` are
    a photo's other sizes. All three are names in `resources.evidence_files`.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        CheckConstraint("(form_ref IS NULL) <> (activity_id IS NULL)", "owner"),
        Index(
            "ix_evidence_activity_id",
            "activity_id",
            postgresql_where=sql("activity_id IS NOT NULL"),
        ),
        Index("ix_evidence_form_ref", "form_ref", postgresql_where=sql("form_ref IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)  # version 7: sorts by time
    library_id: Mapped[UUID]
    form_ref: Mapped[UUID | None]  # the form's `client_ref`
    activity_id: Mapped[UUID | None]  # never deleted, only marked, so no key guards it
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    large: Mapped[str]
    medium: Mapped[str | None]
    small: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
