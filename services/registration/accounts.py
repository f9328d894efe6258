"""Accounts of officials: passwords and sign-in."""

from pwdlib import PasswordHash
from sqlalchemy import text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.registration.models import Account
from shared.security import Caller, Role

SESSION_S = 8 * 3600

_hasher = PasswordHash.recommended()
# Verified when the address is unknown, so that the answer takes as long as for a known one.
_NOBODY = _hasher.hash("nobody has this password")

_FIND = text("SELECT * FROM account WHERE email = lower(:email)")


class WrongPassword(Exception):
    """Address and password do not belong together; which of them is wrong is not told."""


def create(  # noqa: PLR0913 - an account's columns
    session: Session, *, email: str, password: str, name: str, role: Role, region_code: str = ""
) -> None:
    """Add an account, or set the password and role of the one with this address."""
    found = session.query(Account).filter_by(email=email.lower()).one_or_none()
    account = found or Account(id=uuid7(), email=email.lower())
    account.password_hash = _hasher.hash(password)
    account.name, account.role, account.region_code = name, role, region_code
    session.add(account)


def sign_in(session: Session, email: str, password: str) -> Caller:
    """Who has this address and password. Raises `WrongPassword`."""
    row = session.execute(_FIND, {"email": email[:254].replace("\x00", "")}).first()
    if not _hasher.verify(password[:200], row.password_hash if row else _NOBODY) or row is None:
        raise WrongPassword
    return Caller(row.role, row.name, str(row.id), row.region_code)
