"""Accounts: passwords and sign-in.

Guessing is slowed down twice. One account: from the sixth wrong password in a row each makes a
wait, in which not even the right one counts. All accounts: a verification takes 64 MB and a core
for a while, so a process does two at once and refuses who would wait long for a turn.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from pwdlib import PasswordHash
from pydantic import ValidationError
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.registration.account_schemas import PASSWORD_MOST, Contact
from services.registration.models import Account
from services.registration.resources import bus, database
from services.registration.sessions import caller_of
from shared.events import AccountChanged
from shared.security import Caller, Role

AT_ONCE = 2  # verifications in one process
TURN_S = 2.0  # how long to wait for one

_TOLD = ("version", "name", "email", "phone", "language", "role", "region_code")
_hasher = PasswordHash.recommended()
# Verified when the address is unknown, so that the answer takes as long as for a known one.
_NOBODY = _hasher.hash("nobody has this password")

_turns = threading.BoundedSemaphore(AT_ONCE)

_FIND = text("""
    SELECT id, password_hash, name, role, region_code, library_id FROM account
    WHERE email = :email OR phone = :phone""")

# Each tests and changes at once, so that of many guesses sent together all but the first count
# as sent during the wait. A wait is not made longer by what is sent in it.
_RIGHT = text("""
    UPDATE account SET failures = 0, retry_at = NULL
    WHERE (email = :email OR phone = :phone) AND password_hash = :password_hash
      AND (retry_at IS NULL OR retry_at <= now()) AND disabled_at IS NULL
    RETURNING id""")
_WRONG = text("""
    UPDATE account SET failures = failures + 1, retry_at = CASE WHEN failures >= 5 THEN
      now() + least(2 ^ least(failures - 4, 20), 900) * interval '1 second' END
    WHERE (email = :email OR phone = :phone) AND (retry_at IS NULL OR retry_at <= now())""")


class WrongPassword(Exception):
    """Address and password do not belong together, or not yet again; which it is is not told."""


class TooManyTries(Exception):
    """More people sign in at once than passwords can be verified."""


class AccountNotFound(LookupError):
    """No account that the caller may see has this id."""


def create(  # noqa: PLR0913 - an account's columns
    session: Session, *, email: str, password: str, name: str, role: Role, region_code: str = ""
) -> None:
    """Add an account, or set the password and role of the one with this address."""
    found = session.query(Account).filter_by(email=email.lower()).one_or_none()
    account = found or Account(id=uuid7(), email=email.lower())
    account.password_hash = _hasher.hash(password)
    account.name, account.role, account.region_code = name, role, region_code
    account.failures, account.retry_at = 0, None
    session.add(account)
    tell(session, account, changed=found is not None)


def tell(session: Session, account: Account, *, changed: bool = True) -> None:
    """Tell the other services what the account is now; a change gives it its next version."""
    if changed:
        account.version = Account.version + 1  # by the database: two changes are two versions
    session.flush()
    session.refresh(account)
    bus.publish(session, _facts(account))


def tell_all(session: Session) -> int:
    """Tell all accounts once more, each as it is; returns how many."""
    accounts = session.scalars(select(Account)).all()
    bus.publish(session, *map(_facts, accounts))
    return len(accounts)


def _facts(account: Account) -> AccountChanged:
    told = {name: getattr(account, name) for name in _TOLD}
    return AccountChanged(account_id=account.id, active=account.disabled_at is None, **told)


def sign_in(contact: str, password: str, hasher: PasswordHash = _hasher) -> Caller:
    """Who has this address or number and password. Raises `WrongPassword` or `TooManyTries`.

    No connection is held during the verification.
    """
    key = _key(contact)
    with database.autocommit() as connection:
        row = connection.execute(_FIND, key).first()
    stored = row.password_hash if row and row.password_hash else _NOBODY
    with _turn():
        right = hasher.verify(password[:PASSWORD_MOST], stored)
    with database.autocommit() as connection:
        if not right or row is None:
            connection.execute(_WRONG, key)
            raise WrongPassword
        if connection.execute(_RIGHT, key | {"password_hash": stored}).first() is None:
            raise WrongPassword
    return caller_of(row)


def _key(contact: str) -> dict[str, str | None]:
    try:
        return Contact.typed(contact[:254]).model_dump()
    except ValidationError:  # nobody's; it is looked for all the same, as that takes time
        return {"email": "", "phone": ""}


def hash_password(password: str) -> str:
    """What is stored of a password. Raises `TooManyTries`; hold no connection meanwhile."""
    with _turn():
        return _hasher.hash(password)


def own(session: Session, caller: Caller) -> Account:
    """The caller's own account. Raises `AccountNotFound` for a program that has none."""
    try:
        account = session.get(Account, UUID(caller.subject))
    except ValueError:
        account = None
    if account is None:
        raise AccountNotFound(caller.subject)
    return account


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=TURN_S):
        raise TooManyTries
    try:
        yield
    finally:
        _turns.release()
