"""Libraries, people, and what people learned."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from services.registration.models.base import Base


class Library(Base):
    """A library, TBM or library office. One that was merged points to the one that stays."""

    __tablename__ = "library"
    __table_args__ = (
        CheckConstraint("kind IN ('province', 'regency', 'village', 'tbm', 'other')", "kind"),
        CheckConstraint(
            "partner_status IN ('none', 'partner', 'self_funded', 'champion')", "partner_status"
        ),
        Index(
            "uq_library_region_code_name_key",
            *("region_code", "name_key"),
            unique=True,
            postgresql_where=sql("merged_into IS NULL"),
        ),
        Index("ix_library_name_id", "name", "id"),
        Index("ix_library_untold", "id", postgresql_where=sql("told_version < version")),
        # Whoever asks for a code is looked for here (`codes`).
        Index(
            "ix_library_email",
            sql("lower(email)"),
            postgresql_where=sql("email IS NOT NULL AND merged_into IS NULL"),
        ),
        Index(
            "ix_library_phone",
            "phone",
            postgresql_where=sql("phone IS NOT NULL AND merged_into IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_key: Mapped[str]  # `libraries.name_key(name)`: without case, accents and punctuation
    kind: Mapped[str]
    region_code: Mapped[str]
    npp: Mapped[str | None]  # national library number, 15 characters
    partner_status: Mapped[str] = mapped_column(server_default=sql("'none'"))
    joined_year: Mapped[int | None]
    contact_name: Mapped[str] = mapped_column(server_default=sql("''"))
    email: Mapped[str | None]
    phone: Mapped[str | None]
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("library.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    # Every way of changing it raises `version`, by which `libraries.tell` finds what to tell.
    version: Mapped[int] = mapped_column(server_default=sql("1"))
    told_version: Mapped[int] = mapped_column(server_default=sql("0"))


class Person(Base):
    """Somebody who takes part, known again by name and contact."""

    __tablename__ = "person"
    __table_args__ = (
        Index(
            "uq_person_person_key",
            "person_key",
            unique=True,
            postgresql_where=sql("merged_into IS NULL"),
        ),
        Index("ix_person_name_id", "name", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_key: Mapped[str]  # as of Registration.person_key
    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    position: Mapped[str] = mapped_column(server_default=sql("''"))
    region_code: Mapped[str] = mapped_column(index=True)
    library_id: Mapped[UUID | None] = mapped_column(ForeignKey("library.id"), index=True)
    imported: Mapped[bool] = mapped_column(server_default=sql("false"))  # came by a sheet
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class Training(Base):
    """One entry of a person's training history; civil servants need 20 JP a year."""

    __tablename__ = "training"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    registration_id: Mapped[UUID | None] = mapped_column(ForeignKey("registration.id"), unique=True)
    title: Mapped[str]
    place: Mapped[str] = mapped_column(server_default=sql("''"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    jp: Mapped[int]
    certificate_number: Mapped[str] = mapped_column(server_default=sql("''"))
