"""What the other services are told of accounts."""

import json
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from services.registration import accounts, administration
from services.registration.account_schemas import AccountForm, OwnAccountForm
from services.registration.models import Account
from services.registration.resources import database
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("registration_database")

NATIONAL = Caller("national", "Petugas Nasional (contoh)", "petugas")
numbers = count(1)


def form(**changes: str) -> AccountForm:
    fields = {
        "name": "PIC Contoh",
        "email": f"kabar.{next(numbers)}@contoh.id",
        "phone": "",
        "role": "regency",
        "region_code": "21.01",
    }
    return AccountForm.model_validate(fields | changes)


def told(account_id: UUID) -> list[dict[str, Any]]:
    """What was published of an account, in order."""
    query = """
        SELECT envelope FROM outbox
        WHERE type = 'id.sejawat.account.changed.v1' ORDER BY id"""
    with database.autocommit() as connection:
        found = connection.execute(text(query)).scalars().all()
    envelopes = [json.loads(one) if isinstance(one, str) else one for one in found]
    return [e["data"] for e in envelopes if e["subject"] == str(account_id)]


def made(**changes: str) -> UUID:
    account_id = UUID(str(uuid7()))
    with database.sessions.begin() as session:
        administration.add(session, NATIONAL, account_id, form(**changes))
    return account_id


def test_a_new_account_is_told_once_however_often_its_form_is_sent() -> None:
    account_id, first = UUID(str(uuid7())), form()
    for _ in range(2):
        with database.sessions.begin() as session:
            administration.add(session, NATIONAL, account_id, first)
    [event] = told(account_id)
    assert event == {
        "account_id": str(account_id),
        "version": 1,
        "name": "PIC Contoh",
        "email": first.email,
        "phone": None,
        "language": "id",
        "role": "regency",
        "region_code": "21.01",
        "active": True,
    }


def test_each_change_is_told_with_the_next_version() -> None:
    account_id = made()
    own = Caller("regency", "PIC Contoh", str(account_id), "21.01")
    changed = form(role="province", region_code="21")
    with database.sessions.begin() as session:
        administration.change(session, NATIONAL, account_id, changed)
    with database.sessions.begin() as session:
        administration.change(session, NATIONAL, account_id, changed)  # nothing new
    with database.sessions.begin() as session:
        english = OwnAccountForm.model_validate({"name": "PIC Contoh", "language": "en"})
        administration.change_own(session, own, english)
    for do in (administration.disable, administration.disable, administration.enable):
        with database.sessions.begin() as session:
            do(session, NATIONAL, account_id)
    events = told(account_id)
    assert [event["version"] for event in events] == [1, 2, 3, 4, 5]
    assert [event["role"] for event in events] == ["regency", *["province"] * 4]
    assert [event["language"] for event in events] == ["id", "id", "en", "en", "en"]
    assert [event["active"] for event in events] == [True, True, True, False, True]


def test_what_is_refused_is_not_told() -> None:
    account_id, other = made(), form()
    made(email=str(other.email))
    with pytest.raises(administration.ContactTaken), database.sessions.begin() as session:
        administration.change(session, NATIONAL, account_id, other)
    assert len(told(account_id)) == 1


def test_accounts_of_the_command_and_the_demo_are_told() -> None:
    email = f"kabar.{next(numbers)}@contoh.id"
    for name in ("Petugas", "Petugas Lain"):
        with database.sessions.begin() as session:
            accounts.create(session, email=email, password="x" * 12, name=name, role="national")
    with database.sessions.begin() as session:
        account = session.query(Account).filter_by(email=email).one()
    events = told(account.id)
    assert [(event["version"], event["name"]) for event in events] == [
        (1, "Petugas"),
        (2, "Petugas Lain"),
    ]


def test_all_can_be_told_once_more_as_they_are() -> None:
    account_id = made()
    with database.sessions.begin() as session:
        count_of_all = session.query(Account).count()
        assert accounts.tell_all(session) == count_of_all
    first, again = told(account_id)
    assert first == again
