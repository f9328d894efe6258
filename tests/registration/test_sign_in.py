"""Signing in: guesses are slowed down, floods refused, other sites kept out."""

import base64
import json
import os
from itertools import count

import pytest
from joserfc import jwk, jws
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sites import form_token
from sqlalchemy import text
from visitors import Visitor

from services.registration import accounts
from services.registration.accounts import TooManyTries, WrongPassword
from services.registration.resources import database
from shared.security import ANONYMOUS, COOKIE, read_token

pytestmark = pytest.mark.usefixtures("registration_database")

PAGE = "/registration/sign-in"
RIGHT = "kata sandi contoh"
numbers = count(1)


@pytest.fixture
def email() -> str:
    """Address of a new account."""
    address = f"petugas.{next(numbers)}@contoh.id"
    with database.sessions.begin() as session:
        accounts.create(
            session, email=address, password=RIGHT, name="Petugas (contoh)", role="national"
        )
    return address


@pytest.fixture
def client() -> Visitor:
    return Visitor()


def guess(email: str, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(WrongPassword):
            accounts.sign_in(email, "salah")


def waiting(email: str) -> tuple[int, float | None]:
    """Wrong passwords in a row, and the seconds until the next may be tried."""
    query = text(
        "SELECT failures, extract(epoch FROM retry_at - now())::float FROM account "
        "WHERE email = :email"
    )
    with database.autocommit() as connection:
        failures, seconds = connection.execute(query, {"email": email}).one()
    return failures, seconds


def let_time_pass(email: str, seconds_over: int = 0) -> None:
    """End the wait so many seconds ago."""
    later = text("""
        UPDATE account SET retry_at = now() - :seconds_over * interval '1 second'
        WHERE email = :email""")
    with database.autocommit() as connection:
        connection.execute(later, {"email": email, "seconds_over": seconds_over})


def test_five_wrong_passwords_cost_nothing_and_a_right_one_starts_anew(email: str) -> None:
    guess(email, 5)
    assert waiting(email) == (5, None)
    assert accounts.sign_in(email.upper(), RIGHT).name == "Petugas (contoh)"
    assert waiting(email) == (0, None)


def test_from_the_sixth_on_each_doubles_a_wait_in_which_nothing_is_right(email: str) -> None:
    guess(email, 6)
    failures, seconds = waiting(email)
    assert failures == 6
    assert seconds is not None
    assert 0 < seconds <= 2
    let_time_pass(email, -60)  # so that a slow machine does not wait it out
    with pytest.raises(WrongPassword):
        accounts.sign_in(email, RIGHT)
    guess(email)  # counts as little
    assert waiting(email)[0] == 6
    for longest in (4, 8, 16, 32, 64, 128, 256, 512, 900, 900):
        let_time_pass(email)
        guess(email)
        seconds = waiting(email)[1]
        assert seconds is not None
        assert longest - 2 < seconds <= longest
    let_time_pass(email)
    accounts.sign_in(email, RIGHT)
    assert waiting(email) == (0, None)


class Watchful(PasswordHash):
    """Also notes how many connections are out while it verifies."""

    def __init__(self) -> None:
        super().__init__((Argon2Hasher(),))
        self.held: list[int] = []

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002
        self.held.append(database.engine.pool.checkedout())  # type: ignore[attr-defined]
        return super().verify(password, hash)


def test_no_connection_is_held_while_a_password_is_verified(email: str) -> None:
    hasher = Watchful()
    accounts.sign_in(email, RIGHT, hasher)
    assert hasher.held == [0]


def test_who_would_wait_too_long_for_a_turn_is_refused(email: str, client: Visitor) -> None:
    fields = {"email": email, "password": RIGHT, "form_token": form_token(client.get(PAGE).text)}
    with accounts._turn(), accounts._turn():
        with pytest.raises(TooManyTries):
            accounts.sign_in(email, RIGHT)
        refused = client.post(PAGE, data=fields)
    assert refused.status_code == 429
    assert "Terlalu banyak percobaan masuk." in refused.text
    assert client.post(PAGE, data=fields).status_code == 303


def test_during_a_wait_the_words_are_those_for_a_wrong_password(
    email: str, client: Visitor
) -> None:
    guess(email, 6)
    told = []
    for address, password in ((email, RIGHT), (email, "salah"), ("tidak.ada@contoh.id", "salah")):
        token = form_token(client.get(PAGE).text)
        fields = {"email": address, "password": password, "form_token": token}
        answer = client.post(PAGE, data=fields)
        new = form_token(answer.text)
        told.append((answer.status_code, answer.text.replace(new, "").replace(address, "")))
    assert len(set(told)) == 1


@pytest.mark.parametrize("onward", ["//[", "https://[", "//jahat.contoh", "/\\jahat.contoh"])
def test_no_link_leads_out_or_breaks(email: str, client: Visitor, onward: str) -> None:
    token = form_token(client.get(PAGE).text)
    fields = {"email": email, "password": RIGHT, "form_token": token, "next": onward}
    assert client.post(PAGE, data=fields).headers["location"] == "/"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", [PAGE, "/registration/sign-out"])
def test_another_site_signs_nobody_in_or_out(client: Visitor, site: str, path: str) -> None:
    answer = client.post(path, data={"a": "b"}, headers={"sec-fetch-site": site})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert client.get(PAGE, headers={"sec-fetch-site": site}).status_code == 200


def test_a_token_of_odd_make_is_nobodys(client: Visitor) -> None:
    key = jwk.OKPKey.import_key(json.loads(os.environ["TOKEN_PRIVATE_KEY"]))
    header = base64.urlsafe_b64encode(b'{"alg":"Ed25519","crit":1}').rstrip(b"=").decode()
    foreign = jws.serialize_compact(
        {"alg": "Ed25519"}, b'{"sub":"x","exp":99999999999}', key, algorithms=["Ed25519"]
    )
    for token in (f"{header}.e30.AAAA", foreign, "a.b.c", ""):
        assert read_token(os.environ["TOKEN_PUBLIC_KEY"], token) == ANONYMOUS
        client.cookies.set(COOKIE, token)
        assert client.get(PAGE).status_code == 200


def test_pages_of_the_signed_in_are_not_stored_and_lead_staff_on(
    email: str, client: Visitor
) -> None:
    assert client.get(PAGE).headers["cache-control"] == "private, no-cache"
    token = form_token(client.get(PAGE).text)
    client.post(PAGE, data={"email": email, "password": RIGHT, "form_token": token})
    page = client.get(PAGE)
    assert page.headers["cache-control"] == "private, no-store"
    for address in ("/notifications/", "/reporting/"):
        assert f'href="{address}"' in page.text


def test_an_unknown_address_gets_a_page(client: Visitor) -> None:
    answer = client.get("/nope?lang=en")
    assert answer.status_code == 404
    assert "This page or record does not exist." in answer.text
    assert "site-head" in answer.text
