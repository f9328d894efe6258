"""Reporting's tables: its own copies from events, and the report jobs."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import BigInteger, Date, Text

from shared.database import new_metadata


class Base(DeclarativeBase):
    """Reporting's own metadata; the bus adds its tables to it."""

    metadata = new_metadata()
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own form
        str: Text,
        datetime: DateTime(timezone=True),
        list[date]: ARRAY(Date),
        dict[str, Any]: JSONB,
    }


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


class ReportJob(Base):
    """One ordered report. This row is the truth; the bus only wakes whoever looks at it.

    `queued` -> `running` -> `done`, `failed` or `cancelled`, and back to `queued` after an error.
    `attempt` is the fencing token: each claim raises it, and a worker writes only under the number
    it claimed with, so one that was stalled for longer than its lease changes nothing.
    `dedupe_key` is set when a file is there, and says what that file holds.
    """

    __tablename__ = "report_job"
    __table_args__ = (
        UniqueConstraint("requested_by", "idempotency_key"),
        CheckConstraint("status IN ('queued', 'running', 'done', 'failed', 'cancelled')", "status"),
        CheckConstraint("(status = 'done') = (file IS NOT NULL)", "file"),
        Index("ix_report_job_requested_by_id", "requested_by", "id"),
        Index(
            "ix_report_job_due",
            "lease_until",
            postgresql_where=sql("status IN ('queued', 'running')"),
        ),
        Index("ix_report_job_dedupe_key", "dedupe_key", "made_at"),
        Index("ix_report_job_created_at", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)  # version 7: sorts by time
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    requested_by: Mapped[str]  # the caller's subject
    role: Mapped[str]  # role and region are the scope in which it runs
    region_code: Mapped[str]
    idempotency_key: Mapped[str]
    traceparent: Mapped[str]
    kind: Mapped[str]
    format: Mapped[str]
    params: Mapped[dict[str, Any]]

    status: Mapped[str] = mapped_column(server_default=sql("'queued'"))
    attempt: Mapped[int] = mapped_column(server_default=sql("0"))
    lease_until: Mapped[datetime] = mapped_column(
        server_default=sql("now()")
    )  # nobody claims before
    started_at: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(server_default=sql("0"))  # rows
    total: Mapped[int]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]  # a key of words.FAILURES

    dedupe_key: Mapped[str | None]
    made_at: Mapped[datetime | None]  # before `finished_at` when the file was there already
    file: Mapped[str | None]  # in settings().reports; several rows may share one
    row_count: Mapped[int | None]
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None]
