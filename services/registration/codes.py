"""One-time codes: six digits sent to an account's address or phone, good once, for ten minutes.

Whoever asks learns nothing about who has an account: an unknown contact gets a row that no code
fits, by the same statements.
"""

import hashlib
import hmac
import secrets
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.registration.account_schemas import Contact
from services.registration.resources import bus
from services.registration.sessions import caller_of
from services.registration.settings import settings
from shared.events import Language, SignInCodeRequested
from shared.security import Caller

# The lock makes two who ask at once count one after the other.
_FIND = text("""
    SELECT id, language, region_code FROM account
    WHERE (email = :email OR phone = :phone) AND disabled_at IS NULL
    FOR NO KEY UPDATE""")
# Of a try that was right the code is used as well.
_FAILED = """
    SELECT coalesce(sum(tries - CASE WHEN tries > 0 AND used_at IS NOT NULL THEN 1 ELSE 0 END), 0)
    FROM one_time_code AS of_a_day
    WHERE of_a_day.account_id = {} AND of_a_day.created_at > now() - interval '1 day'"""
_RECENT = text(f"""
    SELECT count(*) FILTER (WHERE created_at > now() - interval '15 minutes') AS recent,
        count(*) AS of_a_day, ({_FAILED.format("CAST(:account_id AS uuid)")}) AS failed
    FROM one_time_code
    WHERE account_id = :account_id AND created_at > now() - interval '1 day'""")
_ADD = text("""
    INSERT INTO one_time_code (id, account_id, code_hash, expires_at)
    VALUES (:id, :account_id, :code_hash, now() + interval '10 minutes')
    RETURNING expires_at""")

# A try is counted and judged in one statement: of two right ones at once the second finds the
# code used, and of many wrong ones at once only five count.
_TRY = text(f"""
    WITH tried AS (
      UPDATE one_time_code SET tries = tries + 1,
        used_at = CASE WHEN code_hash = :code_hash THEN now() END
      WHERE id = :id AND used_at IS NULL AND tries < 5 AND expires_at > now()
        AND ({_FAILED.format("one_time_code.account_id")}) < :failed_most
      RETURNING account_id, used_at)
    SELECT a.id, a.name, a.role, a.region_code, a.library_id
    FROM tried JOIN account a ON a.id = tried.account_id
    WHERE tried.used_at IS NOT NULL AND a.disabled_at IS NULL""")
_DROP = text("""
    UPDATE one_time_code SET used_at = now() WHERE account_id = :account_id AND used_at IS NULL""")

MOST = 3  # codes of one account in 15 minutes
MOST_OF_A_DAY = 10
FAILED_MOST = 20  # wrong tries of one account in a day: then only a password or a person helps


class WrongCode(Exception):
    """The code does not fit, is over, was used, or was tried too often; which it is is not told."""


def request(session: Session, contact: Contact, language: Language) -> UUID:
    """Send a code to this contact, if an account has it; returns its id.

    `language` is that of the page, in which somebody unknown would read.
    """
    reached = {"email": contact.email, "phone": contact.phone}
    account = session.execute(_FIND, reached).first()
    owner = account.id if account else None
    sent = session.execute(_RECENT, {"account_id": owner}).one()
    if sent.recent >= MOST or sent.of_a_day >= MOST_OF_A_DAY or sent.failed >= FAILED_MOST:
        owner = None
    code_id, code = uuid7(), f"{secrets.randbelow(10**6):06}"
    values = {"id": code_id, "account_id": owner, "code_hash": _hash(code_id, code)}
    expires_at = session.execute(_ADD, values).scalar_one()
    event = SignInCodeRequested(
        code_id=code_id,
        email=contact.email,
        phone=contact.phone,
        language=account.language if account else language,
        region_code=account.region_code if account else "",
        code=code,
        expires_at=expires_at,
    )
    # Undone for who has no account, so that the answer takes as long.
    with session.begin_nested() as told:
        bus.publish(session, event)
        if owner is None:
            told.rollback()
    return code_id


def redeem(connection: Connection, code_id: UUID, code: str) -> Caller:
    """Who this code was sent to; it is used up. Raises `WrongCode`.

    On a connection that commits each statement, as a wrong try must count.
    """
    values = {"id": code_id, "code_hash": _hash(code_id, code), "failed_most": FAILED_MOST}
    row = connection.execute(_TRY, values).first()
    if row is None:
        raise WrongCode
    return caller_of(row)


def drop(session: Session, account_id: UUID) -> None:
    """Void the codes of an account that are still open; they count as sent all the same."""
    session.execute(_DROP, {"account_id": account_id})


def _hash(code_id: UUID, code: str) -> bytes:
    # Keyed: six digits under a plain hash are read off in a second by who has a copy of the table.
    key = settings().secret_key.encode()
    return hmac.digest(key, f"sign-in-code:{code_id}:{code}".encode(), hashlib.sha256)
