"""Long sessions of browsers: each renews the short tokens that all services trust, until it ends.

The cookie holds the session's id and a secret; the table holds the secret's hash. A session slides:
each renewal gives it its whole length again.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.registration import audit
from services.registration.audit import Change
from shared.ids import to_uuid
from shared.security import Caller

TOKEN_S = 10 * 60  # how long a token outlives the end of its session, at most
REMEMBERED = timedelta(days=30)
A_WORKING_DAY = timedelta(hours=12)

_ID_AND_SECRET = re.compile(r"([0-9a-f-]{36})\.([\w-]{43})")


class SessionOver(Exception):
    """The session has ended, ran out, or never was; or its account is disabled."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session at its beginning or renewal; `cookie` and token live so many seconds in a browser.

    `caller` is who it is now: a new name, role or region counts from the next renewal on.
    """

    caller: Caller
    cookie: str
    seconds: int


# The length of a session is what lies between its last use and its end.
_BEGIN = text("""
    INSERT INTO sign_in_session (id, account_id, secret_hash, device, expires_at)
    VALUES (:id, :account_id, :secret_hash, :device, now() + :length)""")
_RENEW = text("""
    UPDATE sign_in_session s
    SET expires_at = now() + (s.expires_at - s.used_at), used_at = now()
    FROM account a
    WHERE s.id = :id AND s.secret_hash = :secret_hash AND a.id = s.account_id
      AND s.ended_at IS NULL AND s.expires_at > now() AND a.disabled_at IS NULL
    RETURNING a.id, a.name, a.role, a.region_code, a.library_id,
              extract(epoch FROM s.expires_at - s.used_at)::int AS seconds""")
_END = text("""
    UPDATE sign_in_session SET ended_at = now()
    WHERE account_id = :account_id AND ended_at IS NULL AND expires_at > now()
      AND (CAST(:only AS uuid) IS NULL OR id = :only)
      AND (CAST(:but AS uuid) IS NULL OR id <> :but)
    RETURNING id""")
_OPEN = text("""
    SELECT id, device, created_at, used_at FROM sign_in_session
    WHERE account_id = :account_id AND ended_at IS NULL AND expires_at > now()
    ORDER BY used_at DESC, id""")

_HELD = text("""
    SELECT s.id FROM sign_in_session s JOIN account a ON a.id = s.account_id
    WHERE s.id = :id AND s.account_id = :account_id
      AND s.ended_at IS NULL AND s.expires_at > now() AND a.disabled_at IS NULL
    FOR SHARE OF s""")


def begin(session: Session, caller: Caller, user_agent: str, *, remember: bool) -> Opened:
    """Sign a browser in."""
    session_id, secret = uuid7(), secrets.token_urlsafe(32)
    length = REMEMBERED if remember else A_WORKING_DAY
    session.execute(
        _BEGIN,
        {
            "id": session_id,
            "account_id": UUID(caller.subject),
            "secret_hash": _hash(secret),
            "device": device(user_agent),
            "length": length,
        },
    )
    signed_in = replace(caller, session=str(session_id))
    change = Change("account", caller.subject, caller.region_code)
    audit.record(session, signed_in, "signed_in", change)
    return Opened(signed_in, f"{session_id}.{secret}", int(length.total_seconds()))


def renew(session: Session, cookie: str) -> Opened:
    """Who this browser is signed in as, for another while. Raises `SessionOver`."""
    parts = _ID_AND_SECRET.fullmatch(cookie)
    session_id = to_uuid(parts[1]) if parts else None
    if parts is None or session_id is None:
        raise SessionOver
    row = session.execute(_RENEW, {"id": session_id, "secret_hash": _hash(parts[2])}).first()
    if row is None:
        raise SessionOver
    caller = replace(caller_of(row), session=str(session_id))
    return Opened(caller, cookie, row.seconds)


def caller_of(account: Any) -> Caller:
    """Who an account's row (id, name, role, region_code, library_id) is."""
    library = str(account.library_id or "")
    own = (account.role, account.name, str(account.id), account.region_code)
    return Caller(*own, library=library)


def end(
    session: Session, account_id: str, *, only: UUID | None = None, but: UUID | None = None
) -> int:
    """End an account's sessions: all of them, one, or all but one; returns how many ended.

    What was renewed just before goes on for `TOKEN_S` seconds: other services ask nobody.
    """
    owner = to_uuid(account_id)
    if owner is None:  # a program of the office, which has no account
        return 0
    values = {"account_id": owner, "only": only, "but": but}
    return len(session.execute(_END, values).all())


def hold(session: Session | Connection, caller: Caller) -> None:
    """See that the caller's session is still open; in a transaction it then ends after this one.

    Raises `SessionOver`: a short token tells nothing of it, as it outlives its session.
    """
    values = {"id": to_uuid(caller.session), "account_id": to_uuid(caller.subject)}
    if session.execute(_HELD, values).first() is None:
        raise SessionOver


def of_account(session: Session, account_id: UUID) -> list[Row[tuple[UUID, str, datetime, Any]]]:
    """The open sessions of an account, the last used first."""
    return list(session.execute(_OPEN, {"account_id": account_id}))


# Each browser also names those whose pages it wants to see, so the order matters.
_BROWSERS = (
    ("Edge", r"Edg(e|A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("UC Browser", r"UCBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/"),
    ("Safari", r"Safari/"),
)
_SYSTEMS = (
    ("Android", r"Android"),
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Windows", r"Windows"),
    ("ChromeOS", r"CrOS"),
    ("macOS", r"Mac OS X|Macintosh"),
    ("Linux", r"Linux"),
)


def device(user_agent: str) -> str:
    """Browser and system by their names, such as "Chrome, Android"; empty when neither is known."""
    names = (
        next((name for name, sign in kinds if re.search(sign, user_agent)), "")
        for kinds in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(filter(None, names))


def _hash(secret: str) -> bytes:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode()).digest()
