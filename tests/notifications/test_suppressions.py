"""The list of addresses that are not written to, as officials keep it."""

import httpx
import pytest
from notifications.desk import errors, send, signed_in
from notifications.mailroom import (
    Mailroom,
    code_requested,
    deliver,
    mails,
    registered,
    rows,
    send_due,
    states,
)

from shared.local.smtp_sink import SmtpSink

pytestmark = pytest.mark.usefixtures("empty")

LIST = "/notifications/suppressions"
API = "/notifications/api/v1/suppressions"


def on_the_list(**values: str) -> None:
    row = {"channel": "email", "address": "a@contoh.id", "reason": "manual", "region": "21"}
    rows(
        "INSERT INTO suppression (channel, address, reason, region_code) "
        "VALUES (:channel, :address, :reason, :region)",
        **(row | values),
    )


def test_an_official_holds_an_address_back_and_lets_it_go(
    national: httpx.Client, sink: SmtpSink
) -> None:
    deliver(registered(email="Peserta@Contoh.id", phone=None))
    fields = {"channel": "email", "address": " PESERTA@contoh.id ", "detail": "Atas permintaan"}
    answer = send(national, f"{LIST}/new", **fields)
    assert answer.headers["location"] == f"{LIST}?done=added"
    send_due()
    assert states() == {"suppressed": 1}
    page = national.get(f"{LIST}?q=peserta").text
    assert "peserta@contoh.id" in page
    assert "Atas permintaan · Petugas Contoh" in page
    one = f"{LIST}/remove?channel=email&address=peserta%40contoh.id"
    assert "Hapus dari daftar?" in national.get(one).text
    assert send(national, one).headers["location"] == f"{LIST}?done=removed"
    assert national.get(one).status_code == 404
    assert send(national, one).status_code == 404
    assert mails(sink) == []


def test_what_was_typed_wrongly_stays_and_says_why(national: httpx.Client) -> None:
    wrong = send(national, f"{LIST}/new", channel="email", address="bukan", detail="x")
    assert wrong.status_code == 422
    assert "alamat surel yang lengkap" in errors(wrong)
    assert "paling sedikit tiga huruf" in errors(wrong)
    assert 'value="bukan"' in wrong.text
    assert "Pilih salurannya" in errors(send(national, f"{LIST}/new", channel="x", address="y"))
    phone = send(national, f"{LIST}/new", channel="sms", address="12", detail="salah")
    assert "nomor HP yang lengkap" in errors(phone)
    on_the_list(region="")
    twice = send(national, f"{LIST}/new", channel="email", address="a@contoh.id", detail="lagi")
    assert twice.status_code == 422
    assert "sudah ada di daftar" in errors(twice)


def test_a_number_is_written_down_as_e164_and_found_as_it_is_typed(national: httpx.Client) -> None:
    wish = {"channel": "sms", "address": "0812 3456 7890", "detail": "minta berhenti"}
    made = national.post(API, json=wish)
    assert made.status_code == 201
    assert made.json()["address"] == "+6281234567890"
    assert national.post(API, json=wish).json()["code"] == "already-suppressed"
    assert len(national.get(API, params={"q": "0812"}).json()["items"]) == 1
    gone = {"channel": "sms", "address": "+6281234567890"}
    assert national.delete(API, params=gone).status_code == 204
    assert national.delete(API, params=gone).status_code == 404


def test_the_list_goes_on_page_by_page(national: httpx.Client) -> None:
    for number in range(60):
        on_the_list(address=f"p{number:02}@contoh.id")
    on_the_list(address="p99@contoh.id", reason="complaint")
    first = national.get(API, params={"reason": "manual"}).json()
    rest = national.get(API, params={"reason": "manual", "after": first["next"]}).json()
    addresses = [item["address"] for item in first["items"] + rest["items"]]
    assert addresses == [f"p{number:02}@contoh.id" for number in range(60)]
    assert rest["next"] is None
    page = national.get(f"{LIST}?reason=manual").text
    assert "after=email%3A21%3Ap49%40contoh.id" in page
    assert "Keberatan" not in page


def test_what_an_official_says_holds_in_the_own_region_and_never_for_codes(sink: SmtpSink) -> None:
    on_the_list(address="siapa@contoh.id", region="21.02")
    deliver(registered(email="siapa@contoh.id", region_code="21.01.06.2001"))
    on_the_list(address="pic@contoh.id", region="21")
    deliver(code_requested(email="pic@contoh.id", region_code="21"))
    deliver(registered(email="pic@contoh.id", phone=None, region_code="21.01.06.2001"))
    for work_class in ("code", "transactional"):
        send_due(work_class)
    assert sorted(str(mail["To"]) for mail in mails(sink)) == ["pic@contoh.id", "siapa@contoh.id"]
    assert states() == {"accepted": 2, "suppressed": 1}


def test_each_region_keeps_its_own(mailroom: Mailroom, our_url: str) -> None:
    on_the_list(address="jateng@contoh.id", region="33.01")
    on_the_list(address="bintan@contoh.id", region="21.01")
    with signed_in(mailroom, our_url, "province", "21") as client:
        page = client.get(LIST).text
        assert "bintan@contoh.id" in page
        assert "jateng@contoh.id" not in page
        other = {"channel": "email", "address": "jateng@contoh.id"}
        assert client.get(f"{LIST}/remove", params=other).status_code == 404
        assert client.delete(API, params=other).status_code == 404
        client.post(API, json={"channel": "email", "address": "baru@contoh.id", "detail": "minta"})
    [made] = rows("SELECT region_code, actor FROM suppression WHERE address = 'baru@contoh.id'")
    assert (made.region_code, made.actor) == ("21", "Petugas Contoh")


def test_a_complaint_does_not_hold_codes_back(sink: SmtpSink) -> None:
    on_the_list(address="pic@contoh.id", reason="complaint")
    deliver(code_requested(), registered(email="pic@contoh.id", phone=None))
    send_due("code")
    send_due()
    assert states() == {"accepted": 1, "suppressed": 1}
    assert len(mails(sink)) == 1


def test_an_empty_list_says_what_comes_here(national: httpx.Client) -> None:
    assert "Belum ada alamat yang ditahan" in national.get(LIST).text
    assert "Tidak ada alamat yang cocok" in national.get(f"{LIST}?q=x").text
