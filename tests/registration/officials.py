"""Officials with an account, and what they fill in about others."""

import json
from itertools import count
from typing import Any

from sqlalchemy import text
from visitors import Visitor

from services.registration import accounts
from services.registration.resources import database
from shared.security import Role

LIST = "/registration/accounts"
OWN = "/registration/account"
PASSWORD = "kata sandi contoh"
VILLAGE = "21.01.04.2001"
numbers = count(1)


def official(role: Role, region_code: str) -> Visitor:
    """A signed-in official with an account of their own."""
    email = f"pengelola.{next(numbers)}@contoh.id"
    with database.sessions.begin() as session:
        accounts.create(
            session,
            email=email,
            password=PASSWORD,
            name=f"Petugas {role} {region_code} (contoh)",
            role=role,
            region_code=region_code,
        )
    visitor = Visitor()
    assert visitor.sign_in(email, PASSWORD).status_code == 303
    return visitor


def person(**changes: str) -> dict[str, str]:
    number = next(numbers)
    fields = {
        "name": f"Pengelola {number} (contoh)",
        "email": f"baru.{number}@contoh.id",
        "phone": "",
        "role": "library",
        "region_code": VILLAGE,
    }
    return fields | changes


def one(query: str, **values: Any) -> Any:
    with database.autocommit() as connection:
        return connection.execute(text(query), values).scalar_one()


def account_id(email: str) -> str:
    return str(one("SELECT id FROM account WHERE email = :email", email=email))


def last_link() -> dict[str, Any]:
    """The newest `AccountCreated` that was published."""
    envelope = one(
        "SELECT envelope FROM outbox WHERE type LIKE '%account.created%' ORDER BY id DESC LIMIT 1"
    )
    told = json.loads(envelope) if isinstance(envelope, str) else envelope
    return dict(told["data"])


def link_path() -> str:
    return "/registration/" + str(last_link()["link"]).partition("/registration/")[2]


def program_of(visitor: Visitor, *scopes: str) -> dict[str, str]:
    """What a program shows to get its short tokens, made by this official."""
    made = visitor.submit(f"{OWN}/tokens/new", name="Program", scopes=list(scopes), days="365")
    assert made.status_code == 200, made.text
    secret = made.text.partition('value="sjw_')[2].partition('"')[0]
    return {"authorization": f"Bearer sjw_{secret}"}


def exchanged(program: dict[str, str]) -> int:
    return Visitor().post("/registration/api/v1/tokens", headers=program).status_code
