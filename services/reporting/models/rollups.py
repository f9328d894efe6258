"""Sums, kept up to date from deltas. The country is summed when it is read."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import Identity, Index, PrimaryKeyConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger, Text

from services.reporting.models.base import Base

# Reports are counted in four bytes, which PostgreSQL adds up faster. What they say needs eight:
# enough of them would say more than four hold, and the sums of all would stop.
Count = Annotated[int, mapped_column(server_default=sql("0"))]
Sum = Annotated[int, mapped_column(BigInteger, server_default=sql("0"))]


class Sums:
    """How many reports, and what they say added up."""

    reports: Mapped[Count]
    people: Mapped[Sum]
    male: Mapped[Sum]
    female: Mapped[Sum]
    children: Mapped[Sum]
    teens: Mapped[Sum]
    adults: Mapped[Sum]
    elderly: Mapped[Sum]
    disabled: Mapped[Sum]
    amount: Mapped[Sum]
    books: Mapped[Sum]
    ebooks: Mapped[Sum]
    computers: Mapped[Sum]
    bandwidth: Mapped[Sum]
    villages: Mapped[Sum]
    timely: Mapped[Sum]


class LibraryRollup(Base, Sums):
    """A library's month, where it then was. `verified`: somebody above it said that it is right."""

    __tablename__ = "library_rollup"
    __table_args__ = (Index("ix_library_rollup_place_code", "place_code", "month"),)

    library_id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    stream: Mapped[str] = mapped_column(primary_key=True)
    verified: Mapped[bool] = mapped_column(primary_key=True)
    # "C", so that a range of it is all that begins with a code, and an index finds that.
    place_code: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)


class RegencyRollup(Base, Sums):
    """A kab/kota's month."""

    __tablename__ = "regency_rollup"
    __table_args__ = (Index("ix_regency_rollup_month", "month"),)

    stream: Mapped[str] = mapped_column(primary_key=True)
    regency_code: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    verified: Mapped[bool] = mapped_column(primary_key=True)


class ProvinceRollup(Base, Sums):
    """A province's month: the country's dashboard is a thirteenth of the kab/kota's rows."""

    __tablename__ = "province_rollup"
    # The key is read in order, and answers what is mostly asked without the table.
    __table_args__ = (
        PrimaryKeyConstraint(
            *("stream", "province_code", "month", "verified"),
            postgresql_include=["reports", "people"],
        ),
    )

    stream: Mapped[str]
    province_code: Mapped[str] = mapped_column(Text(collation="C"))
    month: Mapped[date]
    verified: Mapped[bool]


class CategoryRollup(Base, Sums):
    """A kab/kota's month by what a stream is broken down by: eight times as many rows."""

    __tablename__ = "category_rollup"

    stream: Mapped[str] = mapped_column(primary_key=True)
    regency_code: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(primary_key=True)
    verified: Mapped[bool] = mapped_column(primary_key=True)


class Recount(Base):
    """One proof that the sums of a month are those of its reports."""

    __tablename__ = "recount"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    month: Mapped[date]
    difference: Mapped[int]  # rows that are not as they should be; 0 is well
    checked_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class PeriodLock(Base):
    """A month that a region closed: its figures as they stood then, for what changed since.

    `mark` is the last row of `activity_change` that the figures know; what came later is above it.
    One that was opened again stays, as history.
    """

    __tablename__ = "period_lock"
    __table_args__ = (
        Index(
            "uq_period_lock_region_code_month",
            *("region_code", "month"),
            unique=True,
            postgresql_where=sql("unlocked_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    region_code: Mapped[str]  # empty: the country
    month: Mapped[date]
    locked_by: Mapped[str]
    locked_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    mark: Mapped[int] = mapped_column(BigInteger)
    figures: Mapped[dict[str, Any]]  # stream -> "reports" or a measure -> sum
    unlocked_by: Mapped[str | None]
    unlocked_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(server_default=sql("''"))  # why it was opened again
