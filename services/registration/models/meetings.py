"""Rounds, meetings, their quotas, agenda and questions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger

from services.registration.models.base import Base


class Round(Base):
    """One template, and the meetings that were opened from it; see `rounds.RoundPlan`."""

    __tablename__ = "round"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    plan: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class Meeting(Base):
    """A Peer Learning Meeting. Times are instants; `zone` says on which clock people read them.

    `certificate` and `letter` hold what stands on those papers, in the shapes of
    `hosting_schemas.CertificateTerms` and `LetterTerms`.
    """

    __tablename__ = "meeting"
    __table_args__ = (
        CheckConstraint(
            "status IN ('draft', 'published', 'closed', 'running', 'done', 'cancelled')", "status"
        ),
        CheckConstraint("ends_at > starts_at", "ends_after_start"),
        CheckConstraint("per_institution > 0", "per_institution"),
        CheckConstraint("offer_hours BETWEEN 1 AND 336", "offer_hours"),
        CheckConstraint("keep_days BETWEEN 1 AND 1826", "keep_days"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    round_id: Mapped[UUID | None] = mapped_column(ForeignKey("round.id"), index=True)
    title: Mapped[str]
    province_code: Mapped[str] = mapped_column(index=True)
    organiser: Mapped[str] = mapped_column(server_default=sql("''"))
    description: Mapped[str] = mapped_column(server_default=sql("''"))
    venue: Mapped[str]
    address: Mapped[str] = mapped_column(server_default=sql("''"))
    zone: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    closes_at: Mapped[datetime]  # after it nobody registers
    status: Mapped[str]
    cancel_reason: Mapped[str] = mapped_column(server_default=sql("''"))
    # Each institution gets a quota of its own of so many seats, made when its first person comes.
    per_institution: Mapped[int | None]
    waiting_list: Mapped[bool] = mapped_column(server_default=sql("true"))
    offer_hours: Mapped[int] = mapped_column(server_default=sql("48"))  # how long a seat is offered
    certificate: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))
    letter: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))
    keep_days: Mapped[int] = mapped_column(server_default=sql("1826"))  # then people are forgotten
    version: Mapped[int] = mapped_column(server_default=sql("1"))


class Quota(Base):
    """How many may come: in all (`meeting`, key ''), per participant type, region, institution.

    A region is a kab/kota, an institution is `Registration.institution`. Quotas nest: a seat needs
    room in every one that applies to it. All of a meeting's are changed under the lock of its own
    (`meeting`), by `seats.py` and `registrations.submit`. That row's `layout` grows whenever quotas
    are added or removed, so that who waited for the lock knows that there are others now.
    """

    __tablename__ = "quota"
    __table_args__ = (
        UniqueConstraint("meeting_id", "kind", "key"),
        CheckConstraint("kind IN ('meeting', 'participant_type', 'region', 'institution')", "kind"),
        CheckConstraint("taken >= 0", "taken"),
        CheckConstraint("capacity >= 0", "capacity"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meeting.id"))
    kind: Mapped[str]
    key: Mapped[str]
    capacity: Mapped[int]
    taken: Mapped[int] = mapped_column(server_default=sql("0"))
    layout: Mapped[int] = mapped_column(server_default=sql("0"))


class AgendaSession(Base):
    """One item of the agenda. `speakers` are `{"name", "role"}`; `check_in` asks for attendance."""

    __tablename__ = "agenda_session"
    __table_args__ = (CheckConstraint("ends_at > starts_at", "ends_after_start"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meeting.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    title: Mapped[str]
    place: Mapped[str] = mapped_column(server_default=sql("''"))
    speakers: Mapped[list[dict[str, Any]]] = mapped_column(server_default=sql("'[]'"))
    check_in: Mapped[bool] = mapped_column(server_default=sql("false"))


class Question(Base):
    """An extra question of one meeting; its answer is `Registration.answers[key]`.

    `options` are `{"value", "label", "label_en"}`. `rules` may hold `min`, `max` (a number, a date
    or a length). `show_if` is `{"key", "values"}`: asked only after one of these answers to an
    earlier question. No `participant_types` means all of them.
    """

    __tablename__ = "question"
    __table_args__ = (
        UniqueConstraint("meeting_id", "key"),
        CheckConstraint(
            "type IN ('text', 'long_text', 'number', 'date', 'choice', 'several', 'file')", "type"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meeting.id"))
    key: Mapped[str]
    position: Mapped[int]
    type: Mapped[str]
    label: Mapped[str]
    label_en: Mapped[str] = mapped_column(server_default=sql("''"))
    hint: Mapped[str] = mapped_column(server_default=sql("''"))
    hint_en: Mapped[str] = mapped_column(server_default=sql("''"))
    required: Mapped[bool] = mapped_column(server_default=sql("false"))
    options: Mapped[list[dict[str, Any]]] = mapped_column(server_default=sql("'[]'"))
    rules: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))
    show_if: Mapped[dict[str, Any] | None]
    participant_types: Mapped[list[str]] = mapped_column(server_default=sql("'{}'"))


class Telling(Base):
    """Every registration of a meeting is told of its new time or place, or that it is called off.

    `after` is the id of the last one told: it moves on in the transaction that tells. Those who
    registered until `due_at` are told; who came later has read the new facts.
    """

    __tablename__ = "telling"
    __table_args__ = (
        CheckConstraint("kind IN ('rescheduled', 'cancelled')", "kind"),
        Index("ix_telling_open", "due_at", postgresql_where=sql("finished_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meeting.id"), index=True)
    kind: Mapped[str]
    total: Mapped[int]
    done: Mapped[int] = mapped_column(server_default=sql("0"))
    after: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    due_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
