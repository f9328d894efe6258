"""Announcements: one text of an official to many."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Numeric

from services.notifications.models.base import Base


class Announcement(Base):
    """One text, to whom it goes, and how far it has come.

    States: `draft`, `writing` (its messages are being written down), `sending`, `paused` (before
    or after all are written, as `cursor` tells), `done`, `cancelled`. `history` says who brought
    it there and when: dicts of `action`, `actor` and `at`, oldest first.
    """

    __tablename__ = "announcement"
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft', 'writing', 'sending', 'paused', 'done', 'cancelled')", "state"
        ),
        Index("ix_announcement_region_code", "region_code", "id"),
        Index(
            "ix_announcement_state",
            "state",
            postgresql_where=sql("state IN ('writing', 'sending')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    region_code: Mapped[str]  # of who wrote it: nobody outside it is told
    author: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=sql("'draft'"))
    subject: Mapped[str]
    body: Mapped[str]
    subject_en: Mapped[str] = mapped_column(server_default=sql("''"))  # empty: as in Indonesian
    body_en: Mapped[str] = mapped_column(server_default=sql("''"))
    audience: Mapped[dict[str, Any]] = mapped_column(JSONB)
    channels: Mapped[list[str]] = mapped_column(JSONB)  # in order
    # The address of the last one written down; None: all are.
    version: Mapped[int] = mapped_column(server_default=sql("1"))  # of the draft
    cursor: Mapped[str | None] = mapped_column(server_default=sql("''"))
    written: Mapped[int] = mapped_column(server_default=sql("0"))
    recipients: Mapped[int | None]  # counted when it was started
    estimate: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))  # rupiah
    expires_at: Mapped[datetime | None]  # later than this nothing of it is sent
    history: Mapped[list[dict[str, str]]] = mapped_column(JSONB, server_default=sql("'[]'"))
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
