"""Sign-in by a code that is sent: good once, for minutes; nobody learns who has an account."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sites import form_token
from sqlalchemy import text
from visitors import Visitor

from services.registration import accounts, codes
from services.registration.account_schemas import Contact
from services.registration.codes import WrongCode
from services.registration.resources import database
from shared.security import COOKIE, Caller

pytestmark = pytest.mark.usefixtures("registration_database")

PAGE = "/registration/sign-in/code"
numbers = count(1)


@pytest.fixture
def email() -> str:
    """Address of a new account, which has a telephone as well."""
    number = next(numbers)
    address = f"kode.{number}@contoh.id"
    with database.sessions.begin() as session:
        accounts.create(
            session, email=address, password="x" * 20, name="PIC (contoh)", role="national"
        )
    with database.autocommit() as connection:
        phone = text("UPDATE account SET phone = :phone WHERE email = :email")
        connection.execute(phone, {"phone": f"+6281200000{number:03}", "email": address})
    return address


def sent() -> list[dict[str, Any]]:
    """The codes that were published, oldest first."""
    query = text("SELECT envelope FROM outbox WHERE type LIKE '%code_requested%' ORDER BY id")
    with database.autocommit() as connection:
        envelopes = connection.execute(query).scalars().all()
    told = [json.loads(one) if isinstance(one, str) else one for one in envelopes]
    return [one["data"] for one in told]


def ask(contact: str) -> UUID:
    with database.sessions.begin() as session:
        return codes.request(session, Contact.typed(contact), "id")


def redeem(code_id: UUID, code: str) -> Caller:
    with database.autocommit() as connection:
        return codes.redeem(connection, code_id, code)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


@pytest.mark.parametrize("by", ["email", "phone"])
def test_a_code_that_was_sent_opens_a_session(email: str, by: str) -> None:
    visitor = Visitor()
    number = int(re.findall(r"\d+", email)[0])
    contact = email.upper() if by == "email" else f"0812-0000-0{number:03}"
    page = visitor.submit(PAGE, contact=contact, next="/registration/account").headers["location"]
    event = sent()[-1]
    assert (event[by] is not None, event["email"] is None) == (True, by == "phone")
    assert re.fullmatch(r"\d{6}", event["code"])
    spaced = f" {event['code'][:3]} {event['code'][3:]} "
    answer = visitor.submit(page, code=spaced, remember="yes")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/registration/account"
    assert visitor.get("/registration/account").status_code == 200
    assert visitor.submit(page, code=spaced).status_code == 422


def test_who_asks_cannot_tell_whether_there_is_an_account(email: str) -> None:
    before = len(sent())
    told = []
    for contact in (email, email.replace("kode", "tiada")):
        visitor = Visitor()
        answer = visitor.submit(PAGE, contact=contact)
        page = visitor.get(answer.headers["location"])
        token = form_token(page.text)
        refused = visitor.post(
            answer.headers["location"], data={"code": "000000x", "form_token": token}
        )
        told.append(
            (
                answer.status_code,
                len(answer.headers["location"]),
                page.text.replace(token, ""),
                refused.status_code,
                refused.text.replace(form_token(refused.text), ""),
            )
        )
    assert told[0] == told[1]
    assert len(sent()) == before + 1


def test_both_leave_the_same_rows_behind(email: str) -> None:
    query = text("SELECT count(*), count(account_id) FROM one_time_code WHERE id = ANY(:ids)")
    ids = [ask(email), ask("tiada.sama@contoh.id")]
    with database.autocommit() as connection:
        assert connection.execute(query, {"ids": ids}).one() == (2, 1)


def test_of_two_right_tries_at_once_one_opens_a_session(email: str) -> None:
    for _ in range(3):
        code_id = ask(email)
        code = sent()[-1]["code"]
        together = Barrier(8)

        def attempt(code_id: UUID = code_id, code: str = code, start: Barrier = together) -> bool:
            start.wait()
            try:
                redeem(code_id, code)
            except WrongCode:
                return False
            return True

        with ThreadPoolExecutor(8) as racers:
            won = [future.result() for future in [racers.submit(attempt) for _ in range(8)]]
        assert won.count(True) == 1


def test_after_five_wrong_tries_not_even_the_right_one_counts(email: str) -> None:
    code_id = ask(email)
    code = sent()[-1]["code"]
    for _ in range(5):
        with pytest.raises(WrongCode):
            redeem(code_id, wrong(code))
    with pytest.raises(WrongCode):
        redeem(code_id, code)


def test_a_code_is_over_after_ten_minutes(email: str) -> None:
    code_id = ask(email)
    over = text("UPDATE one_time_code SET expires_at = now() - interval '1 second' WHERE id = :id")
    with database.autocommit() as connection:
        left = text(
            "SELECT expires_at - created_at = '10 minutes' FROM one_time_code WHERE id = :id"
        )
        assert connection.execute(left, {"id": code_id}).scalar_one()
        connection.execute(over, {"id": code_id})
    with pytest.raises(WrongCode):
        redeem(code_id, sent()[-1]["code"])


def test_a_code_of_another_request_does_not_fit(email: str) -> None:
    first = ask(email)
    code = sent()[-1]["code"]
    second = ask(email)
    while sent()[-1]["code"] == code:
        second = ask(email)
    with pytest.raises(WrongCode):
        redeem(second, code)
    assert redeem(first, code).name == "PIC (contoh)"


def test_an_account_gets_three_codes_in_a_quarter_of_an_hour(email: str) -> None:
    before = len(sent())
    with ThreadPoolExecutor(8) as racers:
        list(racers.map(ask, [email] * 8))
    assert len(sent()) == before + 3


def test_a_disabled_account_gets_none_and_its_last_one_is_void(email: str) -> None:
    code_id = ask(email)
    with database.autocommit() as connection:
        disable = text("UPDATE account SET disabled_at = now() WHERE email = :email")
        connection.execute(disable, {"email": email})
    before = sent()
    with pytest.raises(WrongCode):
        redeem(code_id, before[-1]["code"])
    ask(email)
    assert sent() == before


@pytest.mark.parametrize("contact", ["", "@", "delapan", "a@b\x00", "1"])
def test_what_is_no_contact_is_said_to_be_none(contact: str) -> None:
    answer = Visitor().submit(PAGE, contact=contact)
    assert answer.status_code == 422
    assert "Isi alamat surel atau nomor HP dengan lengkap." in answer.text


def test_a_made_up_page_leads_back_to_asking() -> None:
    visitor = Visitor()
    assert visitor.get(f"{PAGE}/dibuat-buat").headers["location"] == PAGE
    answer = visitor.post(f"{PAGE}/dibuat-buat", data={"code": "1"})
    assert answer.headers["location"] == PAGE
    assert COOKIE not in visitor.cookies


def test_a_library_is_found_without_reading_the_whole_directory() -> None:
    fill = text("""
        INSERT INTO library (id, name, name_key, kind, region_code, email, phone)
        SELECT uuidv7(), n, n, 'village', '21.01', n || '@contoh.id', '+628130000' || n
        FROM generate_series(1, 3000) AS number, LATERAL (SELECT CAST(number AS text)) AS as_text(n)
        """)
    look = text("""
        EXPLAIN SELECT id FROM library
        WHERE (lower(email) = 'a@contoh.id' OR phone = '+6281200000000') AND merged_into IS NULL""")
    with database.sessions.begin() as session:
        session.execute(fill)
        session.execute(text("ANALYZE library"))
        plan = "\n".join(session.execute(look).scalars())
        session.rollback()
    assert "ix_library_email" in plan
    assert "ix_library_phone" in plan
