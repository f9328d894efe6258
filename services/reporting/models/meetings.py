"""Own copies, made from events, of meetings and who comes to them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger, Text

from services.reporting.models.base import Base


class Meeting(Base):
    """Registration's published facts of a meeting, in the highest version we were told.

    `revision` is the watermark of every report on this meeting: it grows, in the handlers' own
    transaction, whenever the meeting or one of its participants changed here, and never otherwise.
    Presence and certificates stand in no report that is kept, so they leave it as it is.
    """

    __tablename__ = "meeting"
    __table_args__ = (CheckConstraint("status IN ('published', 'cancelled')", "status"),)

    slug: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    title: Mapped[str]
    province_code: Mapped[str] = mapped_column(index=True)
    venue: Mapped[str]
    zone: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    days: Mapped[list[date]]
    status: Mapped[str] = mapped_column(server_default=sql("'published'"))
    revision: Mapped[int] = mapped_column(BigInteger, server_default=sql("1"))


class Participant(Base):
    """A registration, with no more of the person than an attendance list shows.

    The codes of the levels are frozen as the event told them, null below the deepest one, so that
    a later split of a region moves nobody. `sort_name` orders by alphabet on every machine: the
    embedded PostgreSQL is built without ICU, and "C" alone puts "budi" after "Zul".

    `version` is the registration's, the highest we were told. Whose data was erased stays in the
    counts, without a name.
    """

    __tablename__ = "participant"
    __table_args__ = (
        CheckConstraint(
            "status IN ('submitted', 'needs_correction', 'approved', 'waiting', 'offered', "
            "'rejected', 'cancelled')",
            "status",
        ),
        Index("ix_participant_meeting_slug_sort_name", "meeting_slug", "sort_name"),
        Index("ix_participant_meeting_slug_status", "meeting_slug", "status"),
    )

    registration_id: Mapped[UUID] = mapped_column(primary_key=True)
    meeting_slug: Mapped[str] = mapped_column(ForeignKey("meeting.slug"))
    version: Mapped[int] = mapped_column(server_default=sql("1"))
    status: Mapped[str]
    name: Mapped[str]
    sort_name: Mapped[str] = mapped_column(Text(collation="C"))
    phone: Mapped[str | None]
    participant_type: Mapped[str]
    library_name: Mapped[str]
    position: Mapped[str]
    region_code: Mapped[str]
    province_code: Mapped[str]
    regency_code: Mapped[str | None]
    district_code: Mapped[str | None]
    village_code: Mapped[str | None]


class Erased(Base):
    """A registration whose person's data was deleted: what comes late about it stays nameless."""

    __tablename__ = "erased"

    registration_id: Mapped[UUID] = mapped_column(primary_key=True)
    erased_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class Certificate(Base):
    """A certificate of a registration, valid until it is revoked, which is for good."""

    __tablename__ = "certificate"

    certificate_id: Mapped[UUID] = mapped_column(primary_key=True)
    registration_id: Mapped[UUID] = mapped_column(index=True)
    number: Mapped[str]  # empty once the person's data was erased
    revoked: Mapped[bool]


class Attendance(Base):
    """Whether somebody was there on a day, or in a session; the fact with the later time holds.

    It may come before its registration.
    """

    __tablename__ = "attendance"
    __table_args__ = (
        UniqueConstraint(
            "registration_id", "day", "session_id", postgresql_nulls_not_distinct=True
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    registration_id: Mapped[UUID]
    day: Mapped[date]  # at the venue
    session_id: Mapped[UUID | None]  # none: the day as a whole
    present: Mapped[bool]
    changed_at: Mapped[datetime]
