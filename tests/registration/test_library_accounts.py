"""Accounts that libraries get with their first code, and what becomes of them."""

from itertools import count
from typing import Any
from uuid import UUID

import pytest
from deskwork import KEPRI
from registration.directory import add
from registration.test_codes import redeem, sent, wrong
from sqlalchemy import text

from services.registration import codes, libraries, library_accounts, merging, sessions
from services.registration.account_schemas import Contact
from services.registration.codes import WrongCode
from services.registration.directory_schemas import LibraryForm
from services.registration.library_accounts import Contacts
from services.registration.models import Library
from services.registration.resources import database

pytestmark = pytest.mark.usefixtures("registration_database")
numbers = count(1)


def address() -> str:
    return f"perpustakaan.{next(numbers)}@contoh.id"


def ask(contact: str) -> UUID:
    with database.sessions.begin() as session:
        typed = Contact.typed(contact)
        library_accounts.provide(session, typed)
        return codes.request(session, typed, "en")


def of(library_id: UUID) -> list[Any]:
    query = text("SELECT * FROM account WHERE library_id = :id ORDER BY id")
    with database.autocommit() as connection:
        return list(connection.execute(query, {"id": library_id}))


def change(library_id: UUID, **new: Any) -> None:
    with database.sessions.begin() as session:
        library = libraries.find(session, KEPRI, library_id)
        typed = {name: getattr(library, name) or "" for name in LibraryForm.model_fields}
        form = LibraryForm.model_validate(typed | new)
        libraries.change(session, KEPRI, library_id, form, library.version)


def signed_in(contact: str) -> None:
    """Somebody signs in by a code, for a while."""
    caller = redeem(ask(contact), sent()[-1]["code"])
    with database.sessions.begin() as session:
        sessions.begin(session, caller, "", remember=True)


def open_sessions(account_id: UUID) -> int:
    with database.sessions.begin() as session:
        return len(sessions.of_account(session, account_id))


def test_who_holds_a_librarys_contact_gets_one_account_by_either_in_indonesian() -> None:
    email, phone = address(), "+6281277000001"
    library_id = add(email=email, phone=phone)
    ask(email)
    ask(phone)
    [account] = of(library_id)
    assert (account.email, account.phone, account.language) == (email, phone, "id")


def test_a_contact_that_libraries_share_makes_no_account() -> None:
    email = address()
    both = [add(email=email), add(email=email)]
    before = len(sent())
    ask(email)
    assert [of(one) for one in both] == [[], []]
    assert len(sent()) == before


def test_with_another_contact_the_former_one_signs_in_no_more() -> None:
    old, new = address(), address()
    library_id = add(email=old)
    signed_in(old)
    code_id = ask(old)
    open_code = sent()[-1]["code"]
    [account] = of(library_id)
    change(library_id, email=new)
    [after] = of(library_id)
    assert (after.id, after.email, after.disabled_at) == (account.id, new, None)
    assert after.version > account.version
    assert open_sessions(account.id) == 0
    with pytest.raises(WrongCode):
        redeem(code_id, open_code)
    told = len(sent())
    ask(old)
    assert len(sent()) == told
    assert redeem(ask(new), sent()[-1]["code"]).subject == str(account.id)


def test_without_a_contact_its_account_is_disabled_and_no_other_is_made() -> None:
    old, later = address(), address()
    library_id = add(email=old)
    signed_in(old)
    change(library_id, email="", contact_name="")
    [account] = of(library_id)
    assert account.disabled_at is not None
    assert account.email != old
    assert open_sessions(account.id) == 0
    change(library_id, email=later)
    ask(later)
    assert len(of(library_id)) == 1


def test_after_a_merge_only_the_contact_that_stays_signs_in() -> None:
    kept, dropped = address(), address()
    keep, drop = add(email=kept), add(email=dropped)
    signed_in(kept)
    signed_in(dropped)
    with database.sessions.begin() as session:
        merging.merge(session, KEPRI, "library", keep, drop)
    disabled = {account.email: account.disabled_at is not None for account in of(keep)}
    assert disabled.pop(kept) is False
    assert list(disabled.values()) == [True]
    assert dropped not in disabled


def test_an_erased_contact_leaves_nothing_of_itself_in_the_account() -> None:
    email = address()
    library_id = add(email=email, contact_name="Warga Contoh")
    signed_in(email)
    with database.sessions.begin() as session:
        library = session.get_one(Library, library_id)
        before = Contacts.of(library)
        library.email, library.contact_name = None, ""
        session.flush()
        library_accounts.follow(session, KEPRI, library_id, before)
    [account] = of(library_id)
    assert email not in str(account)
    assert "Warga" not in str(account)


def test_an_account_gets_ten_codes_a_day() -> None:
    email = address()
    add(email=email)
    before = len(sent())
    for _ in range(codes.MOST_OF_A_DAY + 3):
        ask(email)
        hour_ago = text(
            "UPDATE one_time_code SET created_at = created_at - interval '1 hour' "
            "WHERE account_id = (SELECT id FROM account WHERE email = :email)"
        )
        with database.autocommit() as connection:
            connection.execute(hour_ago, {"email": email})
    assert len(sent()) == before + codes.MOST_OF_A_DAY


def test_after_twenty_wrong_tries_of_a_day_no_code_opens_and_none_is_sent() -> None:
    email = address()
    library_id = add(email=email)
    ask(email)
    [account] = of(library_id)
    with database.autocommit() as connection:
        failed = text(
            "INSERT INTO one_time_code (id, account_id, code_hash, tries, created_at, expires_at) "
            "SELECT uuidv7(), :id, '', 5, now() - interval '2 hours', now() - interval '1 hour' "
            "FROM generate_series(1, 3)"
        )
        connection.execute(failed, {"id": account.id})
    code_id = ask(email)
    code = sent()[-1]["code"]
    other_id = ask(email)
    other = sent()[-1]["code"]
    for _ in range(5):
        with pytest.raises(WrongCode):
            redeem(code_id, wrong(code))
    with pytest.raises(WrongCode):
        redeem(other_id, other)
    before = len(sent())
    ask(email)
    assert len(sent()) == before
