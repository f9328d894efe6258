"""Who chooses a password: by a link that is good once, and for nobody else."""

import pytest
from registration.officials import (
    LIST,
    OWN,
    PASSWORD,
    account_id,
    exchanged,
    last_link,
    link_path,
    numbers,
    official,
    one,
    person,
    program_of,
)
from visitors import Visitor

from services.registration import administration
from services.registration.account_schemas import weak_password
from services.registration.resources import database
from shared.security import BadLink, Caller

pytestmark = pytest.mark.usefixtures("registration_database")


def test_a_link_to_choose_a_password_is_good_once(province: Visitor) -> None:
    fields = person()
    province.submit(f"{LIST}/new", **fields)
    path, owner = link_path(), Visitor()
    assert owner.sign_in(fields["email"], "apa saja yang lama").status_code == 422
    new = "tiga kata contoh"
    short = owner.submit(path, password="pendek", again="pendek")
    assert "terlalu pendek" in short.text
    assert owner.submit(path, password=new, again="lain").status_code == 422
    answer = owner.submit(path, password=new, again=new)
    assert answer.headers["location"] == "/registration/sign-in?done=password"
    assert owner.get(path).status_code == 404
    assert owner.post(path, data={"password": new, "again": new}).status_code == 404
    assert owner.sign_in(fields["email"], new).status_code == 303


def test_a_new_password_ends_the_other_sessions(province: Visitor) -> None:
    owner = official("regency", "21.01")
    elsewhere = owner.get(OWN).text  # the own page shows one device
    assert elsewhere.count("Keluar dari perangkat ini") == 1
    email = one("SELECT email FROM account WHERE role = 'regency' ORDER BY created_at DESC LIMIT 1")
    other = Visitor()
    other.sign_in(email, PASSWORD)
    assert owner.submit(OWN, f"{OWN}/password").headers["location"] == f"{OWN}?done=link"
    new = "empat kata yang baru"
    assert owner.submit(link_path(), password=new, again=new).status_code == 303
    renewed = other.get("/registration/session/renew?next=/registration/account")
    assert renewed.status_code == 307
    assert "Max-Age=0" in str(renewed.headers.get_list("set-cookie"))
    assert (
        owner.get(f"/registration/session/renew?next={OWN}", follow_redirects=True).url.path == OWN
    )
    assert province.get(OWN).status_code == 200


def test_a_link_of_a_disabled_account_is_over(province: Visitor) -> None:
    fields = person()
    province.submit(f"{LIST}/new", **fields)
    path = f"{LIST}/{account_id(fields['email'])}"
    assert province.submit(path, f"{path}/disable").status_code == 303
    assert Visitor().get(link_path()).status_code == 404
    assert province.submit(path, f"{path}/enable").status_code == 303
    assert Visitor().get(link_path()).status_code == 200


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("pendek", "short"),
        ("x" * 201, "long"),
        ("aaaaaaaaaaaaaa", "common"),
        ("Perpustakaan123", "common"),
        ("saya ibu.contoh ya", "own"),
        ("kuncinya 81200001111", "own"),
        ("tiga kata contoh", ""),
    ],
)
def test_a_password_is_long_and_not_easily_guessed(password: str, why: str) -> None:
    assert weak_password(password, "ibu.contoh@contoh.id", "+6281200001111") == why


def test_after_a_corrected_address_the_old_ones_owner_has_nothing_left(province: Visitor) -> None:
    wrong = person(role="regency", region_code="21.01")
    province.submit(f"{LIST}/new", **wrong)
    account, stranger, old = account_id(wrong["email"]), Visitor(), "sandi orang lain"
    unused = link_path()
    assert stranger.submit(unused, password=old, again=old).status_code == 303
    stranger.sign_in(wrong["email"], old)
    program = program_of(stranger, "read")
    province.submit(f"{LIST}/{account}", f"{LIST}/{account}/password")
    pending = link_path()
    assert stranger.submit("/registration/sign-in/code", contact=wrong["email"]).status_code == 303
    right = wrong | {"email": f"benar.{next(numbers)}@contoh.id"}
    assert province.submit(f"{LIST}/{account}", **right).status_code == 303
    for link in (unused, pending):
        assert Visitor().get(link).status_code == 404
    open_ones = {
        "sign_in_session": "ended_at",
        "one_time_code": "used_at",
        "api_token": "revoked_at",
    }
    for table, end in open_ones.items():
        left = f"SELECT count(*) FROM {table} WHERE account_id = :id AND {end} IS NULL"
        assert one(left, id=account) == 0, table
    assert exchanged(program) == 401
    assert Visitor().sign_in(right["email"], old).status_code == 422
    assert last_link()["email"] == right["email"]
    new = "sandi pemilik sendiri"
    assert Visitor().submit(link_path(), password=new, again=new).status_code == 303
    assert Visitor().sign_in(right["email"], new).status_code == 303


def test_a_link_that_was_open_while_the_address_was_corrected_sets_nothing(
    province: Visitor,
) -> None:
    fields = person()
    province.submit(f"{LIST}/new", **fields)
    with database.sessions.begin() as session:
        before = administration.of_link(session, link_path().rpartition("/")[2])
    path = f"{LIST}/{before.id}"
    assert province.submit(path, **fields | {"email": f"b.{fields['email']}"}).status_code == 303
    with pytest.raises(BadLink), database.sessions.begin() as session:
        administration.choose_password(session, Caller("public"), before, "hash")
