"""Who may give whom an account, how its owner chooses a password, and what programs get."""

from typing import Any
from uuid import uuid4

import pytest
from registration.officials import (
    LIST,
    OWN,
    VILLAGE,
    account_id,
    last_link,
    numbers,
    official,
    one,
    person,
)
from sites import form_token
from sqlalchemy import text
from visitors import Visitor

from services.registration.resources import database
from shared.security import Role

pytestmark = pytest.mark.usefixtures("registration_database")

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
    token = form_token(page)
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
