"""Who signs in, by what, and who changed what."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, LargeBinary
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger

from services.registration.models.base import Base


class Account(Base):
    """Somebody who signs in, with a password or with a code that is sent to them."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint(
            "role IN ('national', 'province', 'regency', 'library', 'master_trainer')", "role"
        ),
        CheckConstraint("(role = 'national') = (region_code = '')", "region"),
        CheckConstraint("email IS NOT NULL OR phone IS NOT NULL", "contact"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(unique=True)  # lower case
    phone: Mapped[str | None] = mapped_column(unique=True)  # E.164
    password_hash: Mapped[str | None]
    name: Mapped[str]
    role: Mapped[str]
    region_code: Mapped[str] = mapped_column(server_default=sql("''"))
    library_id: Mapped[UUID | None] = mapped_column(ForeignKey("library.id"), index=True)
    language: Mapped[str] = mapped_column(server_default=sql("'id'"))
    version: Mapped[int] = mapped_column(server_default=sql("1"))  # grows with what others are told
    disabled_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default=sql("0"))  # wrong passwords in a row
    retry_at: Mapped[datetime | None]  # until then no password is right
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class SignInSession(Base):
    """One browser that is signed in; it renews its short tokens here until it is ended."""

    __tablename__ = "sign_in_session"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    device: Mapped[str]  # browser and system in words, so that its owner knows it again
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    used_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]


class OneTimeCode(Base):
    """A code that was sent to an account's address or phone; good once, for a few minutes."""

    __tablename__ = "one_time_code"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"), index=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    tries: Mapped[int] = mapped_column(server_default=sql("0"))
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class ApiToken(Base):
    """A secret with which a program gets short tokens in its owner's name, within `scopes`."""

    __tablename__ = "api_token"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    name: Mapped[str]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class AuditEntry(Base):
    """Who changed (or looked at) what, when, from what to what. Rows are only added."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_noun", "noun", "noun_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=sql("now()"), index=True)
    actor: Mapped[str]  # account id, or registrant, system, api
    actor_name: Mapped[str]
    actor_role: Mapped[str]
    action: Mapped[str]
    noun: Mapped[str]
    noun_id: Mapped[str]
    region_code: Mapped[str] = mapped_column(server_default=sql("''"), index=True)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    trace_id: Mapped[str] = mapped_column(server_default=sql("''"))
