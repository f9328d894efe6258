"""Files of the programme's older system on their way in, and regions that moved."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger

from services.reporting.models.base import Base


class SimImport(Base):
    """One file: read, looked at, taken over, and for a week to be undone.

    `reading` -> `ready` -> `taking` -> `done`, and from there `undoing` -> `undone`; or `failed`
    or `cancelled`. A worker holds it until `lease_until`, which is also the mark of its claim.
    """

    __tablename__ = "sim_import"
    __table_args__ = (
        CheckConstraint(
            "state IN ('reading', 'ready', 'taking', 'done', 'undoing', 'undone', 'failed', "
            "'cancelled')",
            "state",
        ),
        Index(
            "ix_sim_import_open",
            "created_at",
            postgresql_where=sql("state IN ('reading', 'taking', 'undoing')"),
        ),
        Index("ix_sim_import_region_code", "region_code", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)  # version 7: sorts by time
    account: Mapped[str]  # the subject of whoever handed it in
    name: Mapped[str]  # theirs, for the history
    role: Mapped[str]
    region_code: Mapped[str]  # the scope in which rows are taken
    file_name: Mapped[str]
    stored: Mapped[str]
    stream: Mapped[str] = mapped_column(server_default=sql("''"))  # empty: told by its fields
    period: Mapped[str] = mapped_column(server_default=sql("''"))  # 2026-02, of rows without a date
    state: Mapped[str] = mapped_column(server_default=sql("'reading'"))
    total: Mapped[int] = mapped_column(server_default=sql("0"))
    done: Mapped[int] = mapped_column(server_default=sql("0"))
    rows: Mapped[int] = mapped_column(server_default=sql("0"))  # of the file, once it is read
    error: Mapped[str] = mapped_column(server_default=sql("''"))
    # Who ordered the undo, in which scope (empty: everywhere), and how many reports it left by why.
    undo_name: Mapped[str] = mapped_column(server_default=sql("''"))
    undo_role: Mapped[str] = mapped_column(server_default=sql("''"))
    undo_region: Mapped[str] = mapped_column(server_default=sql("''"))
    kept: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))
    with_twins: Mapped[bool] = mapped_column(server_default=sql("false"))  # taken as well
    attempts: Mapped[int] = mapped_column(server_default=sql("0"))  # claims without a batch since
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    taken_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class SimPlace(Base):
    """A library as one file names it, once. `status` says whose it is, and who said so.

    `sure` by name and region, `remembered` from an earlier file, `confirmed` by somebody, `open`,
    or `not_ours`.
    """

    __tablename__ = "sim_place"
    __table_args__ = (
        Index("ix_sim_place_library_id", "library_id"),
        Index("ix_sim_place_to_compare", "import_id", postgresql_where=sql("NOT compared")),
    )

    import_id: Mapped[UUID] = mapped_column(
        ForeignKey("sim_import.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    place: Mapped[str]  # the names of its regions, as the file has them
    region_code: Mapped[str]  # as deep as they are known; empty: not at all
    library_id: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(server_default=sql("'open'"))
    # Whether the preview knows what of its rows is here; not yet, once another library is chosen.
    compared: Mapped[bool] = mapped_column(server_default=sql("true"))


class SimRow(Base):
    """A row that was read. `errors` and `notes` are codes by the file's column; errors refuse it.

    `report` is what is taken over; of a row with errors, what it is known by: its library, its
    title, and what was written in the columns that are wrong. The row itself stays in the file.
    """

    __tablename__ = "sim_row"
    __table_args__ = (
        Index("ix_sim_row_place_key", "import_id", "place_key", "number"),
        Index("ix_sim_row_content", "import_id", "content"),
        Index("ix_sim_row_twin", "import_id", "twin"),
    )

    import_id: Mapped[UUID] = mapped_column(
        ForeignKey("sim_import.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)  # as the file counts it, from 1
    place_key: Mapped[str] = mapped_column(server_default=sql("''"))
    content: Mapped[UUID]  # the same for the same content, in whatever form the file is
    occurrence: Mapped[int] = mapped_column(server_default=sql("1"))
    twin: Mapped[UUID]  # the same for rows that are likely one and the same
    report: Mapped[dict[str, Any]]
    errors: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))
    notes: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))
    outcome: Mapped[str] = mapped_column(server_default=sql("''"))  # taken, already, not_ours
    # Whether taking it would change nothing, as the preview found; none: not looked at.
    known: Mapped[bool | None]


class LibraryMatch(Base):
    """What a library is called in the older system, as somebody confirmed it once.

    `scope` is empty when the names tell a region that this person answers for, else their own:
    nobody decides for a neighbour.
    """

    __tablename__ = "library_match"

    key: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    library_id: Mapped[UUID | None]  # none: not ours
    region_code: Mapped[str] = mapped_column(server_default=sql("''"))  # what the names tell
    actor: Mapped[str]
    decided_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class RegionMove(Base):
    """A region that lies elsewhere from a day on. Its reports from then on follow, chunk by chunk.

    `moved` counts them.
    """

    __tablename__ = "region_move"
    __table_args__ = (
        CheckConstraint("from_code <> to_code", "codes"),
        UniqueConstraint("from_code", "to_code", "valid_from"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    from_code: Mapped[str]
    to_code: Mapped[str]
    valid_from: Mapped[date]
    actor: Mapped[str]
    moved: Mapped[int] = mapped_column(server_default=sql("0"))
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    finished_at: Mapped[datetime | None]
