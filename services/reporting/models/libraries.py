"""Own copies, made from events, of the libraries that report."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import SmallInteger

from services.reporting.models.base import Base


class Library(Base):
    """A library as registration last told it.

    The codes of the levels follow the library; its activities keep those of their own time. One
    that was merged reports no more, and what comes for it is its successor's.
    """

    __tablename__ = "library"
    __table_args__ = (
        Index("ix_library_region_code", "region_code"),
        Index("ix_library_regency_code", "regency_code"),
        Index("ix_library_name_key", "name_key"),
        Index("ix_library_merged_into", "merged_into"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    name: Mapped[str]
    name_key: Mapped[str]  # `shared.names.plain_name`
    kind: Mapped[str]
    region_code: Mapped[str]
    province_code: Mapped[str]
    # Of a province's own library the province itself: each library has a regency to be summed in.
    regency_code: Mapped[str]
    village_code: Mapped[str | None]
    partner_status: Mapped[str] = mapped_column(server_default=sql("'none'"))
    expected_from: Mapped[date]  # the first month in which a report is expected
    active: Mapped[bool] = mapped_column(server_default=sql("true"))
    merged_into: Mapped[UUID | None]
    # Raised to revoke every link to its own page that was given out before.
    link_version: Mapped[int] = mapped_column(server_default=sql("0"))
    told_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class SilentNotice(Base):
    """That a library had not reported a month, said once for each step (see `silence`)."""

    __tablename__ = "silent_notice"

    month: Mapped[date] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    library_id: Mapped[UUID] = mapped_column(primary_key=True)
    said_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
