"""Ordered reports."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger

from services.reporting.models.base import Base


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
        Index("ix_report_job_requested_by_started_at", "requested_by", "started_at"),
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
    schedule_id: Mapped[UUID | None]  # which schedule ordered it; none: a person did

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


class ReportSchedule(Base):
    """A report that is ordered again and again, with the rights its owner then has.

    `next_at` is the next slot; `params` have no period: each slot takes the last one that is over.
    """

    __tablename__ = "report_schedule"
    __table_args__ = (
        Index("ix_report_schedule_owner_id", "owner", "id"),
        Index("ix_report_schedule_next_at", "next_at", postgresql_where=sql("active")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner: Mapped[str]  # the account's id
    kind: Mapped[str]
    format: Mapped[str]
    params: Mapped[dict[str, Any]]
    every: Mapped[str]  # month, quarter or year: the period that each report is of
    cron: Mapped[str]  # minute hour day month weekday
    zone: Mapped[str]  # IANA name of the reader's clock
    active: Mapped[bool] = mapped_column(server_default=sql("true"))
    next_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class ScheduleSlot(Base):
    """That a schedule's slot had its turn, whatever came of it: there is one for each."""

    __tablename__ = "schedule_slot"

    schedule_id: Mapped[UUID] = mapped_column(
        ForeignKey("report_schedule.id", ondelete="CASCADE"), primary_key=True
    )
    slot: Mapped[datetime] = mapped_column(primary_key=True)
    report_id: Mapped[UUID | None]
    refused: Mapped[str | None]  # a key of words.SLOTS; why there is no report
    happened_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class Reader(Base):
    """An account as registration last told it: what its schedules may see."""

    __tablename__ = "reader"

    account_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    name: Mapped[str]
    role: Mapped[str]
    region_code: Mapped[str]
    active: Mapped[bool]
