"""Who may give whom an account, how its owner chooses a password, and what programs get."""

import json
import os
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from sites import form_token
from sqlalchemy import text
from visitors import Visitor

from services.registration import accounts, administration, api_tokens, sessions
from services.registration.account_schemas import ApiTokenForm, weak_password
from services.registration.resources import database
from shared.security import COOKIE, BadLink, Caller, Role, issue_token, read_token

pytestmark = pytest.mark.usefixtures("registration_database")

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


@pytest.fixture
def province() -> Visitor:
    return official("province", "21")


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


GRANTED: list[tuple[Role, str, str, str]] = [
    ("national", "", "national", ""),
    ("national", "", "province", "14"),
    ("national", "", "library", "11.01.01.2001"),
    ("province", "21", "regency", "21.02"),
    ("province", "21", "library", VILLAGE),
    ("province", "21", "master_trainer", "21"),
    ("regency", "21.01", "library", VILLAGE),
]
REFUSED: list[tuple[Role, str, str, str]] = [
    ("province", "21", "national", "21"),
    ("province", "21", "province", "21"),
    ("province", "21", "library", "14.01.01.2001"),
    ("province", "21", "library", ""),
    ("province", "21", "regency", "14.01"),
    ("province", "21", "regency", "21"),
    ("province", "21", "regency", VILLAGE),
    ("regency", "21.01", "regency", "21.01"),
    ("regency", "21.01", "master_trainer", "21.01"),
    ("regency", "21.01", "library", "21.02.01.2001"),
    ("national", "", "province", ""),
    ("national", "", "national", "21"),
    ("national", "", "kepala", "21"),
]


@pytest.mark.parametrize(("giver", "region", "role", "where"), GRANTED)
def test_an_official_gives_accounts_below_their_own(
    giver: Role, region: str, role: str, where: str
) -> None:
    visitor = official(giver, region)
    fields = person(role=role, region_code=where)
    answer = visitor.submit(f"{LIST}/new", **fields)
    assert answer.headers["location"] == f"{LIST}?done=created"
    told = last_link()
    assert (told["email"], told["role"], told["region_code"]) == (fields["email"], role, where)
    assert f">{fields['email']}<" in visitor.get(LIST, params={"q": fields["email"]}).text


@pytest.mark.parametrize(("giver", "region", "role", "where"), REFUSED)
def test_nobody_gives_more_than_they_may(giver: Role, region: str, role: str, where: str) -> None:
    fields = person(role=role, region_code=where)
    answer = official(giver, region).submit(f"{LIST}/new", **fields)
    assert answer.status_code == 422
    assert one("SELECT count(*) FROM account WHERE email = :email", email=fields["email"]) == 0


def test_a_form_keeps_what_was_typed_and_names_what_is_wrong(province: Visitor) -> None:
    answer = province.submit(f"{LIST}/new", **person(name="", role="", email="", phone="12"))
    assert answer.status_code == 422
    for told in ("Isi namanya.", "Pilih perannya.", "Nomor HP ini tidak lengkap.", 'value="12"'):
        assert told in answer.text


def test_a_double_click_makes_one_account_and_one_link(province: Visitor) -> None:
    page = province.get(f"{LIST}/new").text
    token = page.split('name="form_token" value="')[1].split('"')[0]
    fields = person() | {"form_token": token}
    query = "SELECT count(*) FROM outbox WHERE type LIKE '%account.created%'"
    before = one(query)
    assert [province.post(f"{LIST}/new", data=fields).status_code for _ in range(2)] == [303, 303]
    assert one(query) == before + 1


def test_an_address_belongs_to_one_account(province: Visitor) -> None:
    fields = person(phone=f"0813 0000 {next(numbers):04}")
    assert province.submit(f"{LIST}/new", **fields).status_code == 303
    taken = province.submit(f"{LIST}/new", **person(email=fields["email"].upper()))
    assert "Alamat surel ini sudah dipakai akun lain." in taken.text
    taken = province.submit(f"{LIST}/new", **person(phone=fields["phone"]))
    assert "Nomor HP ini sudah dipakai akun lain." in taken.text


def test_neighbours_neither_see_nor_touch_an_account(province: Visitor) -> None:
    fields = person()
    province.submit(f"{LIST}/new", **fields)
    path = f"{LIST}/{account_id(fields['email'])}"
    for neighbour in (official("province", "14"), official("regency", "21.02")):
        assert f">{fields['email']}<" not in neighbour.get(LIST, params={"q": fields["email"]}).text
        assert neighbour.get(path).status_code == 404
        for action in ("", "/disable", "/enable", "/password"):
            answer = neighbour.submit(f"{LIST}/new", f"{path}{action}", **fields)
            assert answer.status_code == 404
    colleague = official("province", "21")
    peer = official("province", "21")
    same = one("SELECT id FROM account WHERE role = 'province' ORDER BY created_at DESC LIMIT 1")
    assert "tidak dapat Anda ubah" in colleague.get(f"{LIST}/{same}").text
    assert colleague.submit(f"{LIST}/new", f"{LIST}/{same}/disable").status_code == 403
    assert peer.get(OWN).status_code == 200


def test_a_change_is_written_down_with_before_and_after(province: Visitor) -> None:
    fields = person()
    province.submit(f"{LIST}/new", **fields)
    path = f"{LIST}/{account_id(fields['email'])}"
    renamed = fields | {"name": "Nama Sesudah (contoh)"}
    assert province.submit(path, **renamed).headers["location"] == f"{path}?done=changed"
    log = province.get("/registration/audit", params={"noun": "account"}).text
    assert f"<del>{fields['name']}</del>" in log
    assert "<ins>Nama Sesudah (contoh)</ins>" in log
    abroad = official("province", "14").get("/registration/audit").text
    assert "Nama Sesudah (contoh)" not in abroad
    assert official("regency", "21.01").get("/registration/audit").status_code == 403


def test_the_log_says_in_words_what_happened_and_where_to_look(province: Visitor) -> None:
    library = uuid4()
    with database.autocommit() as connection:
        entries = text("""
            INSERT INTO audit_entry (actor, actor_name, actor_role, action, noun, noun_id,
                                     region_code, after)
            VALUES
            ('x', 'Pelaku Kata', 'province', 'quotas_changed', 'meeting', 'contoh-kata', '21',
             '{"participant_type impact": 5, "starts_at": "2028-03-01 01:00:00+00:00"}'),
            ('x', 'Pelaku Kata', 'province', 'import_taken', 'import', :library, '21', NULL),
            ('x', 'Pelaku Kata', 'province', 'changed', 'library', :library, '21',
             '{"kind": "tbm", "merged_into": null, "required": true, "day": "2028-03-01"}')""")
        connection.execute(entries, {"library": str(library)})
    page = province.get("/registration/audit", params={"actor": "Pelaku Kata"}).text
    for words in (
        "Impact (penerima manfaat): <ins>5</ins>",
        "Mulai: <ins>Rabu, 1 Maret 2028, 08.00 WIB</ins>",
        "Impor: dimasukkan barisnya",
        "Jenis: <ins>Taman bacaan masyarakat (TBM)</ins>",
        "Wajib dijawab: <ins>ya</ins>",
        "Hari: <ins>Rabu, 1 Maret 2028</ins>",
        '<a href="/registration/meetings/contoh-kata/edit">contoh-kata</a>',
        f'<a href="/registration/libraries/{library}">…{str(library)[-8:]}</a>',
    ):
        assert words in page


def test_the_log_is_filtered_and_turned_page_by_page(province: Visitor) -> None:
    with database.autocommit() as connection:
        many = text("""
            INSERT INTO audit_entry (actor, actor_name, actor_role, action, noun, noun_id,
                                     region_code)
            SELECT 'x', 'Pelaku Banyak', 'province', 'changed', 'quota', n::text, '21'
            FROM generate_series(1, 120) n""")
        connection.execute(many)
    page: dict[str, Any] = {"actor": "pelaku banyak", "noun": "quota"}
    seen = 0
    address = "/registration/audit"
    answer = province.get(address, params=page)
    while True:
        seen += answer.text.count("Pelaku Banyak</td>")
        following = answer.text.partition('rel="next" href="')[2].partition('"')[0]
        if not following:
            break
        answer = province.get(address + following.replace("&amp;", "&"))
    assert seen == 120
    empty = province.get(address, params={"first": "2001-01-01", "last": "2001-01-02"})
    assert "Tidak ada catatan yang cocok" in empty.text


def test_the_list_is_turned_page_by_page_in_order(province: Visitor) -> None:
    with database.autocommit() as connection:
        many = text("""
            INSERT INTO account (id, email, name, role, region_code)
            SELECT gen_random_uuid(), 'halaman' || n || '@contoh.id',
                   CASE WHEN n % 2 = 0 THEN 'Sama' ELSE 'sama ' || n END, 'library', '21.05'
            FROM generate_series(1, 60) n""")
        connection.execute(many)
    names, address = [], f"{LIST}?q=halaman"
    while address:
        page = province.get(address).text
        names += [line for line in page.splitlines() if 'role="rowheader"' in line]
        following = page.partition('rel="next" href="')[2].partition('"')[0]
        address = LIST + following.replace("&amp;", "&") if following else ""
    assert len(names) == len(set(names)) == 60


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
    token = page.split('name="form_token" value="')[1].split('"')[0]
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


def program_of(visitor: Visitor, *scopes: str) -> dict[str, str]:
    """What a program shows to get its short tokens, made by this official."""
    made = visitor.submit(f"{OWN}/tokens/new", name="Program", scopes=list(scopes), days="365")
    assert made.status_code == 200, made.text
    secret = made.text.partition('value="sjw_')[2].partition('"')[0]
    return {"authorization": f"Bearer sjw_{secret}"}


def exchanged(program: dict[str, str]) -> int:
    return Visitor().post("/registration/api/v1/tokens", headers=program).status_code


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


def test_an_ended_session_makes_no_token_though_its_short_token_is_still_good(
    province: Visitor,
) -> None:
    page = province.get(f"{OWN}/tokens/new").text
    token = page.split('name="form_token" value="')[1].split('"')[0]
    caller = read_token(os.environ["TOKEN_PUBLIC_KEY"], province.cookies[COOKIE])
    with database.sessions.begin() as session:
        sessions.end(session, caller.subject)
    fields = {"name": "Terlambat", "scopes": ["read"], "days": "365", "form_token": token}
    assert province.post(f"{OWN}/tokens/new", data=fields).status_code == 403
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
