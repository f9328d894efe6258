"""Registration's tables."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import BigInteger, Text

from shared.database import new_metadata


class Base(DeclarativeBase):
    """Registration's own metadata; the bus adds its tables to it."""

    metadata = new_metadata()
    type_annotation_map = {str: Text, datetime: DateTime(timezone=True)}  # noqa: RUF012 - SQLAlchemy's own form


class Meeting(Base):
    """A Peer Learning Meeting. Times are instants; `zone` says on which clock people read them."""

    __tablename__ = "meeting"
    __table_args__ = (
        CheckConstraint(
            "status IN ('draft', 'published', 'closed', 'running', 'done', 'cancelled')", "status"
        ),
        CheckConstraint("ends_at > starts_at", "ends_after_start"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    province_code: Mapped[str] = mapped_column(index=True)
    venue: Mapped[str]
    zone: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    closes_at: Mapped[datetime]  # after it nobody registers
    status: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=sql("1"))


class Quota(Base):
    """How many may come: in all (`meeting`, key ''), per `participant_type`, per `region`.

    A region is a kab/kota. Quotas nest: a seat needs room in every one that applies to it.
    `taken` changes only in statements that test and change it at once (`registrations.py`).
    """

    __tablename__ = "quota"
    __table_args__ = (
        UniqueConstraint("meeting_id", "kind", "key"),
        CheckConstraint("kind IN ('meeting', 'participant_type', 'region')", "kind"),
        CheckConstraint("taken >= 0", "taken"),
        CheckConstraint("capacity >= 0", "capacity"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meeting.id"))
    kind: Mapped[str]
    key: Mapped[str]
    capacity: Mapped[int]
    taken: Mapped[int] = mapped_column(server_default=sql("0"))


class Registration(Base):
    """One person's place at one meeting."""

    __tablename__ = "registration"
    __table_args__ = (
        # A double click, a second tab or a lost answer finds the first registration here.
        UniqueConstraint("meeting_id", "idempotency_key"),
        Index("ix_registration_meeting_id_submitted_at", "meeting_id", "submitted_at", "id"),
        CheckConstraint("email IS NOT NULL OR phone IS NOT NULL", "contact"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meeting.id"))
    status: Mapped[str]
    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    language: Mapped[str]
    participant_type: Mapped[str]
    region_code: Mapped[str]
    library_name: Mapped[str]
    position: Mapped[str]
    idempotency_key: Mapped[str]
    request_hash: Mapped[str]
    submitted_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class Consent(Base):
    """The proof of a consent (UU 27/2022, articles 22 and 24): which text, when, to what."""

    __tablename__ = "consent"

    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    text_version: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class Account(Base):
    """An official who signs in with a password."""

    __tablename__ = "account"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)  # lower case
    password_hash: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    region_code: Mapped[str] = mapped_column(server_default=sql("''"))
    failures: Mapped[int] = mapped_column(server_default=sql("0"))  # wrong passwords in a row
    retry_at: Mapped[datetime | None]  # until then no password is right
