"""Who came, and what they were certified."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from services.registration.models.base import Base


class CheckIn(Base):
    """Somebody was there, on a day or in one session. `id` is made by the device that scanned.

    So a scan that is sent twice is one, and a ticket on eight devices has one success.
    """

    __tablename__ = "check_in"
    __table_args__ = (
        Index(
            "uq_check_in_once",
            *("registration_id", "day", "session_id"),
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=sql("undone_at IS NULL"),
        ),
        Index("ix_check_in_meeting_id_day", "meeting_id", "day"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meeting.id"))
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"))
    day: Mapped[date]  # at the venue
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("agenda_session.id"))
    at: Mapped[datetime]  # as the device says; never later than received_at
    received_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    by: Mapped[str]
    device: Mapped[str] = mapped_column(server_default=sql("''"))
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str] = mapped_column(server_default=sql("''"))


class Certificate(Base):
    """A certificate as it was issued. `facts` is all that stands on the paper: it never changes."""

    __tablename__ = "certificate"
    __table_args__ = (
        UniqueConstraint("meeting_id", "serial"),
        Index(
            "uq_certificate_valid",
            "registration_id",
            unique=True,
            postgresql_where=sql("revoked_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)  # in the QR; cannot be guessed
    number: Mapped[str] = mapped_column(unique=True)
    serial: Mapped[int]
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meeting.id"))
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    facts: Mapped[dict[str, Any]]
    issued_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    issued_by: Mapped[str]
    revoked_at: Mapped[datetime | None]
    revoke_reason: Mapped[str] = mapped_column(server_default=sql("''"))
    replaces: Mapped[UUID | None] = mapped_column(ForeignKey("certificate.id"))


class CertificateRun(Base):
    """Certificates of one meeting on their way; a worker holds it until `lease_until`."""

    __tablename__ = "certificate_run"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meeting.id"), index=True)
    account: Mapped[str]
    account_name: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=sql("'queued'"))
    total: Mapped[int] = mapped_column(server_default=sql("0"))
    done: Mapped[int] = mapped_column(server_default=sql("0"))
    error: Mapped[str] = mapped_column(server_default=sql("''"))
    stored: Mapped[str | None]  # their PDFs in the file store, a space between two; see `issuing`
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    finished_at: Mapped[datetime | None]
