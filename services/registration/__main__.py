"""`python -m services.registration <command>`."""

import getpass
import json
import sys

from services.registration import accounts
from services.registration.resources import bus, database
from services.registration.settings import settings
from shared.command import main
from shared.security import Caller, issue_token, new_key

DAY_S = 24 * 3600


def new_keys() -> None:
    """Print a new key pair for sign-in tokens, as environment variables."""
    key = new_key()
    print(f"TOKEN_PRIVATE_KEY={json.dumps(key.as_dict(private=True))}")  # noqa: T201
    print(f"TOKEN_PUBLIC_KEY={json.dumps(key.as_dict(private=False))}")  # noqa: T201


def admin_token() -> None:
    """Print a token for programs of the national office, good for 30 days."""
    caller = Caller("national", "API", "api")
    print(issue_token(settings().token_private_key, caller, seconds=30 * DAY_S))  # noqa: T201


def admin_account() -> None:
    """Make a national account; asks for address and password."""
    email = input("E-mail: ")
    password = getpass.getpass()
    if len(password) < 12:
        sys.exit("A password needs 12 characters or more.")
    with database.sessions.begin() as session:
        accounts.create(session, email=email, password=password, name=email, role="national")


if __name__ == "__main__":
    main(
        bus,
        settings,
        lambda: settings().database_url,
        {"new-keys": new_keys, "admin-token": admin_token, "admin-account": admin_account},
    )
