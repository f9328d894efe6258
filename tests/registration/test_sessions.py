"""Short tokens, long sessions: renewed unseen, ended at once, and nothing typed is lost."""

import os
from datetime import timedelta
from itertools import count

import pytest
from sites import form_token
from sqlalchemy import text
from visitors import Visitor

from services.registration import accounts, sessions
from services.registration.pages.session import RENEWAL_COOKIE
from services.registration.resources import database
from shared.security import COOKIE, RENEW, Caller, issue_token, read_token

pytestmark = pytest.mark.usefixtures("registration_database")

PASSWORD = "kata sandi contoh"
OWN = "/registration/account"
numbers = count(1)


@pytest.fixture
def email() -> str:
    """Address of a new account."""
    address = f"sesi.{next(numbers)}@contoh.id"
    with database.sessions.begin() as session:
        accounts.create(
            session, email=address, password=PASSWORD, name="Petugas (contoh)", role="national"
        )
    return address


@pytest.fixture
def signed_in(email: str) -> Visitor:
    visitor = Visitor()
    assert visitor.sign_in(email, PASSWORD).status_code == 303
    return visitor


def caller(visitor: Visitor) -> Caller:
    return read_token(os.environ["TOKEN_PUBLIC_KEY"], visitor.cookies[COOKIE])


def let_token_run_out(visitor: Visitor) -> None:
    """Put an old token in the place of the new one."""
    key = os.environ["TOKEN_PRIVATE_KEY"]
    over = issue_token(key, caller(visitor), seconds=-60)
    visitor.cookies.delete(COOKIE)
    visitor.cookies.set(COOKIE, over, domain="test.local", path="/")


def columns(visitor: Visitor, query: str) -> tuple[object, ...]:
    with database.autocommit() as connection:
        found = text(f"SELECT {query} FROM sign_in_session WHERE id = :id")
        return tuple(connection.execute(found, {"id": caller(visitor).session}).one())


def test_a_token_lives_minutes_and_its_cookie_as_long_as_the_session(email: str) -> None:
    for fields, hours in (({}, 12), ({"remember": "yes"}, 30 * 24)):
        visitor = Visitor()
        cookies = visitor.sign_in(email, PASSWORD, **fields).headers.get_list("set-cookie")
        token, renewal = (
            next(cookie for cookie in cookies if cookie.startswith(name))
            for name in (COOKIE, RENEWAL_COOKIE)
        )
        for cookie in (token, renewal):
            assert f"Max-Age={hours * 3600}" in cookie
            assert "HttpOnly" in cookie
            assert "SameSite=lax" in cookie
        assert "Path=/registration/session" in renewal
        assert columns(visitor, "expires_at - used_at") == (timedelta(hours=hours),)


def test_the_table_does_not_hold_the_secret(signed_in: Visitor) -> None:
    secret = signed_in.cookies[RENEWAL_COOKIE].partition(".")[2]
    assert len(secret) == 43
    [stored] = columns(signed_in, "secret_hash")
    assert isinstance(stored, bytes)
    assert secret.encode() not in stored


def test_a_page_is_renewed_on_the_way_and_the_session_slides(signed_in: Visitor) -> None:
    with database.autocommit() as connection:
        earlier = text("""
            UPDATE sign_in_session SET used_at = used_at - interval '11 hours',
              expires_at = expires_at - interval '11 hours' WHERE id = :id""")
        connection.execute(earlier, {"id": caller(signed_in).session})
    let_token_run_out(signed_in)
    answer = signed_in.get("/registration/accounts?q=a%26b&role=", follow_redirects=True)
    assert [step.status_code for step in answer.history] == [307, 307]
    assert answer.status_code == 200
    assert answer.url.query == b"q=a%26b&role="
    slid = columns(signed_in, "expires_at - used_at, expires_at > now() + interval '11 hours'")
    assert slid == (timedelta(hours=12), True)


def test_what_was_typed_survives_the_renewal(signed_in: Visitor) -> None:
    page = signed_in.get(OWN).text
    token = form_token(page)
    let_token_run_out(signed_in)
    fields = {"name": "Nama Baru (contoh)", "language": "en", "form_token": token}
    answer = signed_in.post(
        OWN, data=fields, headers={"sec-fetch-site": "same-origin"}, follow_redirects=True
    )
    assert [step.status_code for step in answer.history][:2] == [307, 307]
    assert answer.status_code == 200
    assert caller(signed_in).name == "Nama Baru (contoh)"
    assert "Nama Baru (contoh)" in answer.text


def test_another_site_renews_nothing_by_a_form(signed_in: Visitor) -> None:
    let_token_run_out(signed_in)
    for path in (OWN, RENEW):
        answer = signed_in.post(path, data={}, headers={"sec-fetch-site": "cross-site"})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_an_ended_session_renews_no_more(signed_in: Visitor) -> None:
    with database.sessions.begin() as session:
        assert sessions.end(session, caller(signed_in).subject) == 1
    let_token_run_out(signed_in)
    answer = signed_in.get("/registration/accounts", follow_redirects=True)
    assert answer.url.path == "/registration/sign-in"
    assert COOKIE not in signed_in.cookies
    assert RENEWAL_COOKIE not in signed_in.cookies


def test_without_a_session_a_form_ends_at_the_sign_in_page(signed_in: Visitor) -> None:
    with database.sessions.begin() as session:
        sessions.end(session, caller(signed_in).subject)
    let_token_run_out(signed_in)
    source = {"referer": "http://test/registration/account"}
    answer = signed_in.post(OWN, data={"name": "x"}, headers=source, follow_redirects=True)
    assert [step.status_code for step in answer.history] == [307, 303]
    assert str(answer.url).endswith("/registration/sign-in?next=%2Fregistration%2Faccount")
    assert COOKIE not in signed_in.cookies


def test_a_program_is_told_by_its_status(signed_in: Visitor) -> None:
    over = issue_token(os.environ["TOKEN_PRIVATE_KEY"], caller(signed_in), seconds=-60)
    headers = {"authorization": f"Bearer {over}"}
    answer = Visitor().get(OWN, headers=headers)
    assert answer.headers["location"].startswith("/registration/sign-in")
    let_token_run_out(signed_in)
    signed_in.cookies.delete(RENEWAL_COOKIE)
    last = signed_in.post("/registration/api/v1/tokens", follow_redirects=True)
    assert last.status_code == 401
    assert last.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("onward", ["//jahat.contoh", "https://jahat.contoh", "/\\jahat.contoh"])
def test_renewal_leads_to_no_other_site_and_round_in_no_circle(
    signed_in: Visitor, onward: str
) -> None:
    assert signed_in.get(RENEW, params={"next": onward}).headers["location"] == "/"
    answer = signed_in.get(RENEW, params={"next": RENEW}, follow_redirects=True)
    assert len(answer.history) == 2


def test_somebody_elses_secret_does_not_fit(signed_in: Visitor) -> None:
    session_id = caller(signed_in).session
    for cookie in (f"{session_id}.{'A' * 43}", session_id, "-" * 36 + "." + "A" * 43, ""):
        with (
            pytest.raises(sessions.SessionOver),
            database.sessions.begin() as session,
        ):
            sessions.renew(session, cookie)


def test_a_disabled_account_renews_no_more(signed_in: Visitor, email: str) -> None:
    with database.autocommit() as connection:
        disable = text("UPDATE account SET disabled_at = now() WHERE email = :email")
        connection.execute(disable, {"email": email})
    let_token_run_out(signed_in)
    answer = signed_in.get(OWN, follow_redirects=True)
    assert answer.url.path == "/registration/sign-in"
    assert signed_in.sign_in(email, PASSWORD).status_code == 422


def test_signing_out_ends_the_row_and_signing_in_again_ends_the_old_one(
    signed_in: Visitor, email: str
) -> None:
    first = caller(signed_in)
    signed_in.sign_in(email, PASSWORD)
    second = caller(signed_in)
    signed_in.post("/registration/sign-out")
    with database.autocommit() as connection:
        ended = text(
            "SELECT count(*) FROM sign_in_session WHERE id = ANY(:ids) AND ended_at <= now()"
        )
        ids = [first.session, second.session]
        assert connection.execute(ended, {"ids": ids}).scalar_one() == 2


def test_one_sees_ones_devices_and_signs_each_out(email: str) -> None:
    phone, desk = Visitor(), Visitor()
    phone.sign_in(email, PASSWORD)
    token = form_token(desk.get("/registration/sign-in").text)
    fields = {"email": email, "password": PASSWORD, "form_token": token}
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0"
    desk.post("/registration/sign-in", data=fields, headers={"user-agent": agent})
    assert "Edge, Windows" in phone.get(OWN).text
    other = caller(desk).session
    answer = phone.submit(OWN, f"{OWN}/sessions/{other}/end")
    assert answer.headers["location"] == f"{OWN}?done=ended"
    assert "Edge, Windows" not in phone.get(OWN).text
    assert phone.submit(OWN, f"{OWN}/sessions/{other}/end").status_code == 404
    assert phone.submit(OWN, f"{OWN}/sessions/end").headers["location"] == "/"
    assert COOKIE not in phone.cookies


def test_after_signing_out_everywhere_the_other_devices_change_nothing(email: str) -> None:
    phone, desk = Visitor(), Visitor()
    for device in (phone, desk):
        device.sign_in(email, PASSWORD)
    typed = {"name": "Terlambat", "language": "id", "form_token": form_token(desk.get(OWN).text)}
    phone.submit(OWN, f"{OWN}/sessions/end")
    assert desk.get(OWN).status_code == 200  # reading goes on until the short token is over
    scans = "/registration/api/v1/meetings/tidak-ada/check-ins"
    token = desk.cookies[COOKIE]
    assert desk.post(scans, json={}, follow_redirects=True).status_code == 401
    desk.cookies.set(COOKIE, token, domain="test.local", path="/")
    source = {"referer": f"http://test{OWN}"}
    answer = desk.post(OWN, data=typed, headers=source, follow_redirects=True)
    assert [step.status_code for step in answer.history] == [307, 303]
    assert str(answer.url).endswith("/registration/sign-in?next=%2Fregistration%2Faccount")
    phone.sign_in(email, PASSWORD)
    assert "Terlambat" not in phone.get(OWN).text


def test_whose_session_has_ended_signs_in_by_the_form_that_is_open(email: str) -> None:
    visitor = Visitor()
    visitor.sign_in(email, PASSWORD)
    with database.sessions.begin() as session:
        sessions.end(session, caller(visitor).subject)
    assert visitor.sign_in(email, PASSWORD).headers["location"] == "/registration/desk"


AGENTS = {
    "(Linux; Android 14; SM-A155F) Chrome/139.0 Mobile Safari/537.36": "Chrome, Android",
    "(Linux; Android 13) SamsungBrowser/25.0 Chrome/121.0 Safari/537.36": (
        "Samsung Internet, Android"
    ),
    "(iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1": "Safari, iPhone",
    "(X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox, Linux",
    "<script>": "",
}


@pytest.mark.parametrize(("agent", "words"), AGENTS.items())
def test_a_device_is_told_in_words(agent: str, words: str) -> None:
    assert sessions.device(f"Mozilla/5.0 {agent}") == words
