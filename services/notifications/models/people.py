"""Who can be told something, and what they want to be told: copies made from events."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Identity, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger

from services.notifications.models.base import Base


class Meeting(Base):
    """A meeting as registration last told it: what reminders are computed from."""

    __tablename__ = "meeting"
    __table_args__ = (Index("ix_meeting_starts_at", "starts_at"),)

    slug: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    province_code: Mapped[str]
    title: Mapped[str]
    zone: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)  # `shared.events.MeetingFacts`
    cancelled: Mapped[bool] = mapped_column(server_default=sql("false"))


class Participant(Base):
    """A registration as last told, with how to reach the person."""

    __tablename__ = "participant"
    __table_args__ = (
        Index("ix_participant_meeting", "meeting_slug", "status"),
        Index("ix_participant_region_code", "region_code"),
    )

    registration_id: Mapped[UUID] = mapped_column(primary_key=True)
    meeting_slug: Mapped[str]
    version: Mapped[int]
    status: Mapped[str]
    since: Mapped[datetime]  # when we were told of this status for the first time
    code: Mapped[str]
    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    language: Mapped[str]
    participant_type: Mapped[str]
    region_code: Mapped[str]
    library_name: Mapped[str]
    own_link: Mapped[str]


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


class Official(Base):
    """An account of the programme: who may be told what waits for them, and asked for by role."""

    __tablename__ = "official"
    __table_args__ = (Index("ix_official_region_code", "region_code", "role"),)

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    language: Mapped[str]
    role: Mapped[str]
    region_code: Mapped[str]
    active: Mapped[bool]


class SilentLibrary(Base):
    """A library that had not reported a month in time: its officials are told, once."""

    __tablename__ = "silent_library"
    __table_args__ = (
        Index("ix_silent_library_untold", "region_code", postgresql_where=sql("told_at IS NULL")),
    )

    library_id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str]
    region_code: Mapped[str]
    heard_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    told_at: Mapped[datetime | None]


class Suppression(Base):
    """An address not to write to: it bounced, its owner complained, or an official said so."""

    __tablename__ = "suppression"
    __table_args__ = (
        CheckConstraint("reason IN ('bounce', 'complaint', 'manual')", "reason"),
        CheckConstraint("address = lower(address)", "address"),
    )

    channel: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)  # in lower case
    reason: Mapped[str]
    detail: Mapped[str] = mapped_column(server_default=sql("''"))
    # Of the message that bounced, or of who said so: what an official says holds there only.
    region_code: Mapped[str] = mapped_column(primary_key=True)
    actor: Mapped[str] = mapped_column(server_default=sql("''"))
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class Preference(Base):
    """What somebody does not want to get; without a row they get it."""

    __tablename__ = "preference"
    __table_args__ = (
        CheckConstraint("class IN ('reminder', 'bulk', 'digest')", "class"),
        CheckConstraint("address = lower(address)", "address"),
    )

    address: Mapped[str] = mapped_column(primary_key=True)  # e-mail or phone, in lower case
    work_class: Mapped[str] = mapped_column("class", primary_key=True)
    changed_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class ScheduleRun(Base):
    """A schedule for one date: how far it is carried out, and that it is not done again."""

    __tablename__ = "schedule_run"

    rule: Mapped[str] = mapped_column(primary_key=True)
    about: Mapped[str] = mapped_column(primary_key=True)  # a meeting's slug; of a digest the zone
    due_at: Mapped[datetime] = mapped_column(primary_key=True)  # moves when the meeting moves
    cursor: Mapped[str] = mapped_column(server_default=sql("''"))  # the last one written to
    messages: Mapped[int] = mapped_column(server_default=sql("0"))  # written so far
    late: Mapped[bool] = mapped_column(server_default=sql("false"))  # its time was over before
    done_at: Mapped[datetime | None]
