"""Programs act for an account by tokens: within its scopes, and no longer than it does."""

import os
from typing import Any
from uuid import uuid4

import pytest
from registration.officials import (
    LIST,
    OWN,
    account_id,
    exchanged,
    link_path,
    official,
    one,
    person,
    program_of,
)
from sites import form_token
from visitors import Visitor

from services.registration import api_tokens, sessions
from services.registration.account_schemas import ApiTokenForm
from services.registration.resources import database
from shared.security import COOKIE, Caller, issue_token, read_token

pytestmark = pytest.mark.usefixtures("registration_database")


def test_a_program_gets_short_tokens_within_its_scopes(province: Visitor) -> None:
    made = province.submit(f"{OWN}/tokens/new", name="Laporan bulanan", scopes=["read"], days="30")
    assert made.status_code == 200
    assert made.headers["cache-control"] == "private, no-store"
    secret = made.text.partition('value="sjw_')[2].partition('"')[0]
    program = Visitor()
    headers = {"authorization": f"Bearer sjw_{secret}"}
    told = program.post("/registration/api/v1/tokens", headers=headers).json()
    assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 600, "read")
    caller = read_token(os.environ["TOKEN_PUBLIC_KEY"], told["access_token"])
    assert (caller.role, caller.region_code, caller.scopes) == ("province", "21", ("read",))
    short = {"authorization": f"Bearer {told['access_token']}"}
    assert program.get(LIST, headers=short).status_code == 200
    assert program.post(f"{LIST}/new", data=person(), headers=short).status_code == 403
    assert program.get(f"{OWN}/tokens/new", headers=short).status_code == 403
    assert f"sjw_{secret}" not in province.get(OWN).text
    token_id = one("SELECT id FROM api_token ORDER BY created_at DESC LIMIT 1")
    stranger = official("province", "21")
    assert stranger.get(f"{OWN}/tokens/{token_id}/revoke").status_code == 404
    assert stranger.submit(OWN, f"{OWN}/tokens/{token_id}/revoke").status_code == 404
    assert province.submit(f"{OWN}/tokens/{token_id}/revoke").status_code == 303
    refused = program.post("/registration/api/v1/tokens", headers=headers)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("fields", [{"scopes": []}, {"days": "9999"}, {"scopes": ["admin"]}])
def test_a_token_needs_a_scope_and_an_end_within_a_year(
    province: Visitor, fields: dict[str, Any]
) -> None:
    asked = {"name": "Uji", "scopes": ["read"], "days": "365"} | fields
    assert province.submit(f"{OWN}/tokens/new", **asked).status_code == 422


def test_a_token_form_sent_twice_makes_one_token(province: Visitor) -> None:
    page = province.get(f"{OWN}/tokens/new").text
    token = form_token(page)
    fields = {"name": "Ganda", "scopes": ["read"], "days": "30", "form_token": token}
    answers = [province.post(f"{OWN}/tokens/new", data=fields) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 409]


def test_a_program_without_an_account_has_no_page_of_its_own(province: Visitor) -> None:
    assert province.get(OWN).status_code == 200
    token = issue_token(
        os.environ["TOKEN_PRIVATE_KEY"], Caller("national", "API", "api"), seconds=60
    )
    answer = Visitor().get(OWN, headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 404


def test_an_ended_session_makes_no_token_though_its_short_token_is_still_good(
    province: Visitor,
) -> None:
    page = province.get(f"{OWN}/tokens/new").text
    token = form_token(page)
    short = province.cookies[COOKIE]
    caller = read_token(os.environ["TOKEN_PUBLIC_KEY"], short)
    with database.sessions.begin() as session:
        sessions.end(session, caller.subject)
    fields = {"name": "Terlambat", "scopes": ["read"], "days": "365", "form_token": token}
    assert province.post(f"{OWN}/tokens/new", data=fields).status_code == 307
    as_program = {"authorization": f"Bearer {short}"}
    late = Visitor().post(f"{OWN}/tokens/new", data=fields, headers=as_program)
    assert late.status_code == 403
    form = ApiTokenForm.model_validate(fields)
    with pytest.raises(sessions.SessionOver), database.sessions.begin() as session:
        api_tokens.make(session, caller, uuid4(), form)


def test_signing_out_everywhere_ends_the_programs_too(province: Visitor) -> None:
    program = program_of(province, "read")
    assert exchanged(program) == 200
    assert province.submit(OWN, f"{OWN}/sessions/end").status_code == 303
    assert exchanged(program) == 401


def test_a_new_password_ends_the_programs_too() -> None:
    owner = official("regency", "21.01")
    program = program_of(owner, "read")
    owner.submit(OWN, f"{OWN}/password")
    new = "empat kata yang baru"
    assert owner.submit(link_path(), password=new, again=new).status_code == 303
    assert exchanged(program) == 401


def test_a_program_that_may_write_administers_no_accounts(province: Visitor) -> None:
    fields = person()
    province.submit(f"{LIST}/new", **fields)
    path = f"{LIST}/{account_id(fields['email'])}"
    program = program_of(province, "read", "write")
    told = Visitor().post("/registration/api/v1/tokens", headers=program).json()
    short = {"authorization": f"Bearer {told['access_token']}"}
    token = form_token(province.get(path).text)
    for to in (f"{LIST}/new", path, f"{path}/disable", f"{path}/enable", f"{path}/password"):
        sent = person() | {"form_token": token}
        assert Visitor().post(to, data=sent, headers=short).status_code == 403, to
    assert (
        one("SELECT disabled_at FROM account WHERE email = :email", email=fields["email"]) is None
    )
