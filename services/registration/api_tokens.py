"""API tokens: a program shows one and gets short tokens in its owner's name, within its scopes."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text
from sqlalchemy.orm import Session

from services.registration import audit, sessions
from services.registration.account_schemas import ApiTokenForm
from services.registration.audit import Change
from shared.security import Caller

PREFIX = "sjw_"  # so that a scanner of leaked secrets knows ours

_ADD = text("""
    INSERT INTO api_token (id, account_id, name, secret_hash, scopes, expires_at)
    VALUES (:id, :account_id, :name, :secret_hash, :scopes, now() + :length)
    ON CONFLICT (id) DO NOTHING RETURNING id""")
_LIST = text("""
    SELECT id, name, scopes, created_at, expires_at, used_at FROM api_token
    WHERE account_id = :account_id AND revoked_at IS NULL AND expires_at > now()
    ORDER BY created_at DESC, id""")
_REVOKE = text("""
    UPDATE api_token SET revoked_at = now()
    WHERE id = :id AND account_id = :account_id AND revoked_at IS NULL RETURNING name""")
_REVOKE_ALL = text("""
    UPDATE api_token SET revoked_at = now()
    WHERE account_id = :account_id AND revoked_at IS NULL AND expires_at > now()""")
_EXCHANGE = text("""
    UPDATE api_token t SET used_at = now() FROM account a
    WHERE t.secret_hash = :secret_hash AND a.id = t.account_id
      AND t.revoked_at IS NULL AND t.expires_at > now() AND a.disabled_at IS NULL
    RETURNING a.id, a.name, a.role, a.region_code, a.library_id, t.scopes""")


class ApiTokenNotFound(LookupError):
    """The caller has no such token, or no longer."""


class BadApiToken(Exception):
    """No token of ours, or one that is over or revoked, or whose owner is disabled."""


class MadeBefore(Exception):
    """This form has made its token already, and a secret is shown once."""


@dataclass(frozen=True, slots=True)
class Made:
    """A new token: the only moment its secret is known."""

    name: str
    secret: str


def make(session: Session, caller: Caller, form_id: UUID, form: ApiTokenForm) -> Made:
    """Add a token; a form sent twice makes one. Raises `MadeBefore`, `SessionOver`."""
    sessions.hold(session, caller)
    secret = PREFIX + secrets.token_urlsafe(32)
    values = {
        "id": form_id,
        "account_id": UUID(caller.subject),
        "name": form.name,
        "secret_hash": _hash(secret),
        "scopes": list(form.scopes),
        "length": timedelta(days=int(form.days)),
    }
    if session.execute(_ADD, values).first() is None:
        raise MadeBefore
    told = {"name": form.name, "scopes": list(form.scopes), "days": form.days}
    change = Change("api_token", str(form_id), caller.region_code, after=told)
    audit.record(session, caller, "created", change)
    return Made(form.name, secret)


def of_account(session: Session, account_id: UUID) -> list[Row[Any]]:
    """The tokens of an account that still work, newest first."""
    return list(session.execute(_LIST, {"account_id": account_id}))


def find(session: Session, caller: Caller, token_id: UUID) -> Row[Any]:
    """One of the caller's own tokens. Raises `ApiTokenNotFound`."""
    for token in of_account(session, UUID(caller.subject)):
        if token.id == token_id:
            return token
    raise ApiTokenNotFound(token_id)


def revoke(session: Session, caller: Caller, token_id: UUID) -> None:
    """End one of the caller's own tokens for good. Raises `ApiTokenNotFound`."""
    values = {"id": token_id, "account_id": UUID(caller.subject)}
    row = session.execute(_REVOKE, values).first()
    if row is None:
        raise ApiTokenNotFound(token_id)
    change = Change("api_token", str(token_id), caller.region_code, before={"name": row.name})
    audit.record(session, caller, "revoked", change)


def revoke_all(session: Session, account_id: UUID) -> None:
    """End all tokens of an account. After its sessions: none of them makes another meanwhile."""
    session.execute(_REVOKE_ALL, {"account_id": account_id})


def exchange(connection: Connection, secret: str) -> Caller:
    """Whose token this is, with its scopes. Raises `BadApiToken`."""
    row = connection.execute(_EXCHANGE, {"secret_hash": _hash(secret)}).first()
    if row is None:
        raise BadApiToken
    return replace(sessions.caller_of(row), scopes=tuple(row.scopes))


def _hash(secret: str) -> bytes:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
