"""`python -m services.registration <command>`."""

import getpass
import json
import secrets
import sys

import structlog

from services.registration import accounts, nik
from services.registration import handlers as _handlers  # noqa: F401 - they register with the bus
from services.registration import jobs as _jobs  # noqa: F401 - they register with the bus
from services.registration.account_schemas import weak_password
from services.registration.resources import bus, database
from services.registration.settings import settings
from shared.command import main
from shared.security import Caller, issue_token, new_key

log = structlog.get_logger()

DAY_S = 24 * 3600


def new_keys() -> None:
    """Print a new key pair for sign-in tokens, as environment variables."""
    key = new_key()
    print(f"TOKEN_PRIVATE_KEY={json.dumps(key.as_dict(private=True))}")  # noqa: T201
    print(f"TOKEN_PUBLIC_KEY={json.dumps(key.as_dict(private=False))}")  # noqa: T201


def new_nik_key() -> None:
    """Print a new key for NIKs; it goes in front of those in NIK_KEYS, which stay."""
    print(secrets.token_urlsafe(48))  # noqa: T201


def rotate_nik() -> None:
    """Bring every NIK under the first of NIK_KEYS; after it, the others may go."""
    rotated, unreadable = 0, 0
    batch = None
    while batch is None or batch.last:
        with database.sessions.begin() as session:
            batch = nik.rotate_batch(session, batch.last if batch else None)
        rotated += batch.rotated
        unreadable += batch.unreadable
    log.info("nik.rotated", rotated=rotated, unreadable=unreadable)
    if unreadable:
        sys.exit(f"{unreadable} NIKs are under none of NIK_KEYS; keep the old keys and look for it")


def admin_token() -> None:
    """Print a token for programs of the national office, good for 30 days."""
    caller = Caller("national", "API", "api")
    print(issue_token(settings().token_private_key, caller, seconds=30 * DAY_S))  # noqa: T201


def admin_account() -> None:
    """Make a national account; asks for address and password."""
    email = input("E-mail: ")
    password = getpass.getpass()
    if weak := weak_password(password, email):
        sys.exit(f"This password is refused: {weak}. It needs 12 characters or more.")
    with database.sessions.begin() as session:
        accounts.create(session, email=email, password=password, name=email, role="national")


def tell_accounts() -> None:
    """Tell the other services every account once more, as when one of them is new."""
    with database.sessions.begin() as session:
        told = accounts.tell_all(session)
    log.info("accounts.told", accounts=told)


if __name__ == "__main__":
    main(
        bus,
        settings,
        lambda: settings().database_url,
        {
            "rotate-nik": rotate_nik,
            "admin-token": admin_token,
            "admin-account": admin_account,
            "tell-accounts": tell_accounts,
        },
        {"new-keys": new_keys, "new-nik-key": new_nik_key},
    )
