"""What libraries report, its history, and the deltas that sums are made of."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger, SmallInteger

from services.reporting.models.base import Base


class Measures:
    """What is summed. `people` are participations or visits: the same person may come again.

    `amount` is in rupiah, `bandwidth` in Mbit/s; `villages` are those a kab/kota replicated in.
    All but the rupiah of one report fit four bytes.
    """

    people: Mapped[int] = mapped_column(server_default=sql("0"))
    male: Mapped[int] = mapped_column(server_default=sql("0"))
    female: Mapped[int] = mapped_column(server_default=sql("0"))
    children: Mapped[int] = mapped_column(server_default=sql("0"))
    teens: Mapped[int] = mapped_column(server_default=sql("0"))
    adults: Mapped[int] = mapped_column(server_default=sql("0"))
    elderly: Mapped[int] = mapped_column(server_default=sql("0"))
    disabled: Mapped[int] = mapped_column(server_default=sql("0"))
    amount: Mapped[int] = mapped_column(BigInteger, server_default=sql("0"))
    books: Mapped[int] = mapped_column(server_default=sql("0"))
    ebooks: Mapped[int] = mapped_column(server_default=sql("0"))
    computers: Mapped[int] = mapped_column(server_default=sql("0"))
    bandwidth: Mapped[int] = mapped_column(server_default=sql("0"))
    villages: Mapped[int] = mapped_column(server_default=sql("0"))
    timely: Mapped[int] = mapped_column(server_default=sql("0"))  # 1: it came before its deadline


class Activity(Base, Measures):
    """One report of one library in one stream: an activity, or a month's visitors.

    The region codes are frozen as they were when it came, so that a later split moves nobody.
    `stage`: -1 sent back, 0 handed in, 1 verified by the kab/kota, 2 by the province, 3
    nationally; what is sent back or deleted counts nowhere. Each change raises `revision`, and a
    trigger appends to `delta` what it changes in the sums: no way of writing can forget that.
    """

    __tablename__ = "activity"
    __table_args__ = (
        CheckConstraint("stage BETWEEN -1 AND 3", "stage"),
        CheckConstraint("month = date_trunc('month', day)", "month"),
        UniqueConstraint("library_id", "client_ref"),
        Index("ix_activity_library_id_month", "library_id", "month", "stream"),
        Index("ix_activity_regency_code_id", "regency_code", "stage", "id"),
        Index(
            "ix_activity_for_national",  # a queue from all kab/kota, in order
            "id",
            postgresql_where=sql("stage = 2 AND deleted_at IS NULL"),
        ),
        Index(
            "ix_activity_day",
            "day",
            postgresql_using="brin",
            postgresql_ops={"day": "date_minmax_multi_ops"},
        ),
        Index("ix_activity_import_id", "import_id", postgresql_where=sql("import_id IS NOT NULL")),
        # Of stories that may be published there are few among millions.
        Index(
            "ix_activity_published_story",
            "id",
            postgresql_where=sql("stream = 'cerita' AND stage = 3 AND deleted_at IS NULL"),
        ),
        # All that `stocks` reads, at most two a year of each library.
        Index(
            "ix_activity_stocks",
            *("month", "province_code", "regency_code"),
            postgresql_include=[
                *("id", "library_id", "place_code", "stage"),
                *("books", "ebooks", "computers", "bandwidth"),
            ],
            postgresql_where=sql("stream = 'peningkatan' AND deleted_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)  # version 7: sorts by time of arrival
    library_id: Mapped[UUID] = mapped_column(ForeignKey("library.id"))
    stream: Mapped[str]  # a name in `streams.STREAMS`
    day: Mapped[date]  # of a monthly report the first of the month
    month: Mapped[date]
    title: Mapped[str] = mapped_column(server_default=sql("''"))
    category: Mapped[str] = mapped_column(server_default=sql("''"))  # what it is broken down by
    fields: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))
    province_code: Mapped[str]
    regency_code: Mapped[str]
    place_code: Mapped[str]  # the library's own, the deepest known
    stage: Mapped[int] = mapped_column(SmallInteger, server_default=sql("0"))
    revision: Mapped[int] = mapped_column(server_default=sql("1"))
    deleted_at: Mapped[datetime | None]
    client_ref: Mapped[UUID | None]  # made by the device; the same one is the same report
    content_hash: Mapped[str]
    source: Mapped[str]
    import_id: Mapped[UUID | None]
    confirmed: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))  # asked back
    submitted_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    submitted_by: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class ActivityChange(Base):
    """Who did what to a report, and what it was before; never changed."""

    __tablename__ = "activity_change"
    __table_args__ = (Index("ix_activity_change_activity_id", "activity_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    activity_id: Mapped[UUID]
    revision: Mapped[int]
    action: Mapped[str]  # submitted, edited, verified, returned, deleted, restored, moved
    actor: Mapped[str]
    role: Mapped[str]
    comment: Mapped[str] = mapped_column(server_default=sql("''"))
    before: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))
    after: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))
    happened_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class Delta(Base, Measures):
    """What one revision of one report adds to the sums (sign 1), or takes from them (-1).

    Written by triggers on `activity`, deleted by `rollups.apply` in the transaction that adds it
    up. It has no index, which whoever reports would wait for: the applier takes what it meets.
    """

    __tablename__ = "delta"
    __mapper_args__ = {"primary_key": ["activity_id", "revision", "sign"]}  # noqa: RUF012

    activity_id: Mapped[UUID]
    revision: Mapped[int]
    sign: Mapped[int] = mapped_column(SmallInteger)
    library_id: Mapped[UUID]
    regency_code: Mapped[str]
    place_code: Mapped[str]
    month: Mapped[date]
    stream: Mapped[str]
    category: Mapped[str]
    stage: Mapped[int] = mapped_column(SmallInteger)
    written_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
