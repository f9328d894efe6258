"""Registrations, what belongs to one, and the imports that make many."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.registration.models.base import Base


class Registration(Base):
    """One person's place at one meeting.

    Who is `submitted`, `needs_correction`, `approved` or `offered` holds a seat; who is `waiting`,
    `rejected` or `cancelled` holds none.
    """

    __tablename__ = "registration"
    __table_args__ = (
        # A double click, a second tab or a lost answer finds the first registration here.
        UniqueConstraint("meeting_id", "idempotency_key"),
        # One person comes once, whoever registers them.
        Index(
            "uq_registration_person",
            *("meeting_id", "person_key"),
            unique=True,
            postgresql_where=sql("status NOT IN ('rejected', 'cancelled')"),
        ),
        Index("ix_registration_meeting_id_submitted_at", "meeting_id", "submitted_at", "id"),
        Index("ix_registration_meeting_id_name", "meeting_id", "name", "id"),
        # "Send my link again", and what is merged or forgotten.
        Index("ix_registration_lower_email", sql("lower(email)")),
        Index("ix_registration_phone", "phone"),
        Index(
            "ix_registration_waiting",
            *("meeting_id", "waiting_since", "id"),
            postgresql_where=sql("status = 'waiting'"),
        ),
        Index(
            "ix_registration_offered",
            "offer_expires_at",
            postgresql_where=sql("status = 'offered'"),
        ),
        CheckConstraint(
            "email IS NOT NULL OR phone IS NOT NULL OR erased_at IS NOT NULL", "contact"
        ),
        CheckConstraint(
            "status IN ('submitted', 'needs_correction', 'approved', 'waiting', 'offered',"
            " 'rejected', 'cancelled')",
            "status",
        ),
        CheckConstraint("(status = 'waiting') <= (waiting_since IS NOT NULL)", "waiting_since"),
        CheckConstraint("(status = 'offered') = (offer_expires_at IS NOT NULL)", "offer_expires"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meeting.id"))
    status: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=sql("1"))  # grows with each change
    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    language: Mapped[str]
    participant_type: Mapped[str]
    region_code: Mapped[str]
    library_name: Mapped[str]
    library_id: Mapped[UUID | None] = mapped_column(ForeignKey("library.id"), index=True)
    institution: Mapped[str] = mapped_column(server_default=sql("''"))  # key of its quota
    position: Mapped[str]
    person_key: Mapped[str]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    needs: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))
    answers: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))
    nik: Mapped[bytes | None] = mapped_column(LargeBinary)  # encrypted, see nik.py
    nik_fingerprint: Mapped[str | None]
    origin: Mapped[str] = mapped_column(
        server_default=sql("'form'")
    )  # form, api, delegation, import
    delegated_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    idempotency_key: Mapped[str]
    request_hash: Mapped[str]
    submitted_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    waiting_since: Mapped[datetime | None]  # the order of the waiting list
    offer_expires_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(server_default=sql("''"))  # of the last decision
    decided_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]  # personal data is gone, the row still counts


class Consent(Base):
    """The proof of a consent (UU 27/2022, articles 22 and 24): which text, when, to what."""

    __tablename__ = "consent"

    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)  # see consents.py
    text_version: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    withdrawn_at: Mapped[datetime | None]


class Upload(Base):
    """A file somebody sent. Until the form is accepted it belongs to the form."""

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint("registration_id IS NOT NULL OR form_id IS NOT NULL", "owner"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    registration_id: Mapped[UUID | None] = mapped_column(ForeignKey("registration.id"), index=True)
    form_id: Mapped[UUID | None] = mapped_column(index=True)
    kind: Mapped[str]  # assignment_letter, booth_photo, answer:<question key>
    name: Mapped[str]  # as the sender called it, for display only
    media_type: Mapped[str]
    size: Mapped[int]  # bytes
    stored: Mapped[str]  # name in the file store
    thumbnail: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class Booth(Base):
    """A lapak mini that was asked for. `products` are `{"name", "price", "description"}`."""

    __tablename__ = "booth"
    __table_args__ = (CheckConstraint("state IN ('requested', 'accepted', 'declined')", "state"),)

    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), primary_key=True)
    title: Mapped[str]
    description: Mapped[str] = mapped_column(server_default=sql("''"))
    products: Mapped[list[dict[str, Any]]] = mapped_column(server_default=sql("'[]'"))
    is_public: Mapped[bool] = mapped_column(
        server_default=sql("false")
    )  # in the gallery, by consent
    state: Mapped[str] = mapped_column(server_default=sql("'requested'"))
    number: Mapped[str] = mapped_column(server_default=sql("''"))  # where it stands in the hall


class ImportJob(Base):
    """A spreadsheet on its way in: read, shown with its bad rows, then taken.

    `kind` is registrations, libraries or people. A worker holds the job until `lease_until`.
    """

    __tablename__ = "import_job"
    __table_args__ = (
        CheckConstraint(
            "state IN ('reading', 'ready', 'taking', 'done', 'failed', 'cancelled')", "state"
        ),
        Index(
            "ix_import_job_open",
            "created_at",
            postgresql_where=sql("state IN ('reading', 'taking')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    meeting_id: Mapped[UUID | None] = mapped_column(ForeignKey("meeting.id"))
    account: Mapped[str]  # whose it is: the subject of their token
    account_name: Mapped[str] = mapped_column(server_default=sql("''"))
    role: Mapped[str]
    region_code: Mapped[str]  # the scope in which rows are accepted
    file_name: Mapped[str]
    stored: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=sql("'reading'"))
    total: Mapped[int] = mapped_column(server_default=sql("0"))
    done: Mapped[int] = mapped_column(server_default=sql("0"))
    error: Mapped[str] = mapped_column(server_default=sql("''"))
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    finished_at: Mapped[datetime | None]


class ImportRow(Base):
    """One row of a spreadsheet. `errors` are `{"column", "message", "message_en"}`.

    `outcome` is empty until the row was taken: taken, waiting, already, or why it was refused.
    """

    __tablename__ = "import_row"

    job_id: Mapped[UUID] = mapped_column(
        ForeignKey("import_job.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)  # as the spreadsheet counts it
    values: Mapped[dict[str, Any]] = mapped_column(JSONB)
    errors: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=sql("'[]'"))
    chosen: Mapped[bool] = mapped_column(server_default=sql("true"))
    outcome: Mapped[str] = mapped_column(server_default=sql("''"))


class DataRequest(Base):
    """A person asked about their data; UU 27/2022 (30, 32) gives 3x24 hours for an answer."""

    __tablename__ = "data_request"
    __table_args__ = (
        CheckConstraint("kind IN ('access', 'correct', 'delete', 'stop')", "kind"),
        Index("ix_data_request_open", "due_at", postgresql_where=sql("done_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    region_code: Mapped[str]
    kind: Mapped[str]
    note: Mapped[str] = mapped_column(server_default=sql("''"))
    asked_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str] = mapped_column(server_default=sql("''"))
    outcome: Mapped[str] = mapped_column(server_default=sql("''"))
