"""What people, browsers and strangers send that is wrong; each gets a clear no, nothing breaks."""

import json
from html import unescape
from typing import Any

import httpx
import pytest
from sites import Site, form_token

MEETING = "plm-2027-14"
API = f"/registration/api/v1/meetings/{MEETING}/registrations"
PAGE = f"/registration/meetings/{MEETING}/register"
FORM = f"{PAGE}?participant_type=village_library"
VILLAGE = "14.71.01.1003"
PERSON: dict[str, Any] = {
    "name": "Peserta Contoh",
    "email": "peserta.contoh@contoh.id",
    "phone": "+62 812-3456-7890",
    "participant_type": "village_library",
    "region_code": VILLAGE,
    "library_name": "Perpustakaan Contoh",
    "position": "Pengelola",
    "consent": True,
}
TYPED = PERSON | {"consent": "yes"}


@pytest.fixture
def client(site: Site) -> httpx.Client:
    return site.client()


def problem(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == answer.status_code
    assert told["detail"]
    return told


def fields(answer: httpx.Response) -> set[str]:
    return {error["field"] for error in problem(answer)["errors"]}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "Nul\x00di tengah"}, "name"),
        ({"name": 7}, "name"),
        ({"name": None}, "name"),
        ({"name": ["a", "b"]}, "name"),
        ({"email": "tanpa-at.contoh.id"}, "email"),
        ({"email": "a@b\r\nBcc: semua@contoh.id"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"phone": "delapan"}, "phone"),
        ({"participant_type": "presiden"}, "participant_type"),
        ({"region_code": "99.99"}, "region_code"),
        ({"region_code": "14.71' OR 1=1"}, "region_code"),
        ({"library_name": "\ud800"}, "library_name"),
        ({"position": " "}, "position"),
        ({"consent": False}, "consent"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_a_wrong_field_is_named(client: httpx.Client, change: dict[str, Any], field: str) -> None:
    body = json.dumps(PERSON | change)  # escapes lone surrogates, as a careless client does
    answer = client.post(API, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert field in fields(answer)


def test_each_error_is_told_in_both_languages(client: httpx.Client) -> None:
    errors = problem(client.post(API, json={}))["errors"]
    assert errors
    for error in errors:
        assert error["message"] != error["message_en"]


@pytest.mark.parametrize("body", [b"", b"{", b"[1, 2]", b'"text"', b"null", b"\xff\xfe", b"1e999"])
def test_what_is_no_json_object_is_refused(client: httpx.Client, body: bytes) -> None:
    answer = client.post(API, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert not {name for name in fields(answer) if name.isdigit()}
    problem(answer)


def test_a_megabyte_is_too_large_whether_announced_or_not(client: httpx.Client) -> None:
    announced = client.post(API, json=PERSON | {"name": "x" * 1_000_000})
    assert problem(announced)["code"] == "too-large"
    pieces = (b"x" * 100_000 for _ in range(10))
    headers = {"Content-Type": "application/json"}
    assert client.post(API, content=pieces, headers=headers).status_code == 413


def test_neither_email_nor_phone_is_refused(client: httpx.Client) -> None:
    answer = client.post(API, json=PERSON | {"email": "", "phone": " "})
    assert answer.status_code == 422
    assert "contact" in {error["code"] for error in problem(answer)["errors"]}


def test_a_region_of_another_province_is_refused(client: httpx.Client) -> None:
    answer = client.post(API, json=PERSON | {"region_code": "21.01.04.2001"})
    assert problem(answer)["code"] == "region-outside"


def test_an_unknown_meeting_is_not_found_and_a_past_one_closed(client: httpx.Client) -> None:
    unknown = client.post(API.replace(MEETING, "plm-2027-00"), json=PERSON)
    assert problem(unknown)["status"] == 404
    village = PERSON | {"region_code": "21.01.04.2001"}
    past = client.post(API.replace(MEETING, "plm-2022-21"), json=village)
    assert problem(past)["code"] == "closed"
    assert past.status_code == 409


def test_a_full_quota_is_409_and_says_which(client: httpx.Client) -> None:
    body = PERSON | {"participant_type": "province_library", "region_code": "14"}
    answers = [client.post(API, json=body | {"name": f"Peserta Contoh {n}"}) for n in range(7)]
    assert [answer.status_code for answer in answers] == [201] * 6 + [409]
    assert problem(answers[-1])["code"] == "quota-full"
    assert problem(answers[-1])["full"] == ["participant_type"]


def test_a_repeated_key_gives_the_first_answer_and_with_another_body_409(
    client: httpx.Client,
) -> None:
    headers = {"Idempotency-Key": "kunci-contoh-1"}
    person = PERSON | {"name": "Peserta Berkunci (contoh)"}
    first, again = (client.post(API, json=person, headers=headers) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json()["id"] == again.json()["id"]
    other = client.post(API, json=PERSON | {"name": "Orang Lain (contoh)"}, headers=headers)
    assert problem(other)["code"] == "key-reused"
    assert other.status_code == 409


def test_the_form_comes_back_with_everything_typed_and_what_is_wrong(client: httpx.Client) -> None:
    typed = TYPED | {
        "name": '"><script>alert(1)</script>',
        "email": "salah",
        "form_token": form_token(client.get(FORM).text),
    }
    del typed["consent"]
    answer = client.post(PAGE, data=typed)
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    page = unescape(answer.text)
    for value in ('"><script>alert(1)</script>', "salah", "+62 812-3456-7890", "Pengelola"):
        assert value in page
    for field in ("email", "consent"):
        assert f'href="#{field}"' in page
        assert f'id="{field}-error"' in page
    assert "Alamat surel ini tidak lengkap" in page
    english = client.post(PAGE, data=typed, params={"lang": "en"})
    assert "This email address is not complete" in unescape(english.text)


@pytest.mark.parametrize("token", ["", "forged", "WyJ4IiwxXQ.c2ln", "x" * 5000])
def test_a_forged_form_token_registers_nobody_and_keeps_what_was_typed(
    client: httpx.Client, token: str
) -> None:
    answer = client.post(PAGE, data=TYPED | {"form_token": token, "name": "Token Palsu (contoh)"})
    assert answer.status_code == 422
    assert "Token Palsu (contoh)" in unescape(answer.text)
    # Sent once more as the page now stands, it works.
    again = TYPED | {
        "form_token": form_token(answer.text),
        "name": "Token Palsu (contoh)",
        "email": f"palsu{len(token)}@contoh.id",
    }
    assert client.post(PAGE, data=again).status_code == 303


def test_the_lists_of_regions_work_without_javascript(client: httpx.Client) -> None:
    typed = TYPED | {"region_code": "14.71", "choose_region": "region_code"}
    page = client.post(PAGE, data=typed)
    assert page.status_code == 200
    assert 'value="14.71.01"' in page.text  # the kecamatan of the chosen kab/kota
    assert 'value="peserta.contoh@contoh.id"' in page.text


@pytest.mark.parametrize("link", ["forged", "WyJ4IiwxXQ.c2ln", "a" * 3000])
def test_a_forged_own_link_is_not_found(client: httpx.Client, link: str) -> None:
    answer = client.get(f"/registration/r/{link}")
    assert answer.status_code == 404
    assert "Tautan ini tidak berlaku" in answer.text


def test_a_nul_in_an_address_is_refused(client: httpx.Client) -> None:
    assert client.get("/registration/r/%00").status_code == 400


def test_a_damaged_own_link_is_not_found_and_the_whole_one_is(client: httpx.Client) -> None:
    person = PERSON | {"name": "Tautan Rusak (contoh)"}
    link = client.post(API, json=person).json()["links"]["own"]
    assert client.get(link).status_code == 200
    head, _, signature = link.rpartition(".")
    swapped = signature[:-2] + ("AA" if not signature.endswith("AA") else "BB")
    assert client.get(f"{head}.{swapped}").status_code == 404


def test_wrong_sign_ins_look_alike_and_the_right_one_goes_on_inside_only(site: Site) -> None:
    client = site.client()
    page = "/registration/sign-in"
    answers = []
    for email in ("nasional@contoh.id", "tidak.ada@contoh.id"):
        token = form_token(client.get(page).text)
        fields = {"email": email, "password": "salah", "form_token": token}
        answers.append(client.post(page, data=fields))
    assert [answer.status_code for answer in answers] == [422, 422]
    assert len({answer.text.count("tidak cocok") for answer in answers}) == 1
    account = site.told["accounts"][0]
    for onward in ("https://jahat.contoh", "//jahat.contoh", "/\\jahat.contoh"):
        token = form_token(client.get(page).text)
        fields = {"email": account["email"], "password": account["password"], "next": onward}
        answer = client.post(page, data=fields | {"form_token": token})
        assert answer.headers["location"] == "/"


def test_lists_take_strange_words_and_cursors(client: httpx.Client) -> None:
    for words in ("%", "_", "\\", "'", "x" * 100, "kepulauan riau", "🎉"):
        answer = client.get("/registration/api/v1/meetings", params={"q": words})
        assert answer.status_code == 200, answer.text
    pages = client.get("/registration/api/v1/meetings", params={"after": "tidak-ada"})
    assert pages.status_code == 200
    assert client.get("/registration/api/v1/meetings", params={"q": "a\x00b"}).status_code == 400


@pytest.mark.parametrize("page", ["/registration/sign-in", "/reporting/reports"])
@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data; boundary=x; charset=punycode",
        "multipart/form-data; boundary=x; charset=undefined",
        "multipart/form-data",
        "application/json",
        "text/plain",
        "",
    ],
)
def test_only_plain_forms_are_read(site: Site, page: str, kind: str) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"9" * 60_000 + b"\r\n--x--"
    headers = site.staff | ({"Content-Type": kind} if kind else {})
    answer = site.client().post(page, content=body, headers=headers)
    assert answer.status_code == 415
    assert "Bentuk kiriman ini tidak dikenal" in answer.text


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("multipart/form-data; boundary=x; charset=punycode", 415),
        ("multipart/form-data; boundary=x; charset=undefined", 415),
        ("multipart/form-data", 400),
        ("application/json", 415),
        ("text/plain", 415),
        ("", 415),
    ],
)
def test_a_form_that_takes_files_reads_no_more_than_that(
    client: httpx.Client, kind: str, status: int
) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"9" * 60_000 + b"\r\n--x--"
    headers = {"Content-Type": kind} if kind else {}
    assert client.post(PAGE, content=body, headers=headers).status_code == status
    charset = {"Content-Type": "application/x-www-form-urlencoded; charset=punycode"}
    assert client.post(PAGE, content=b"name=x", headers=charset).status_code == 422


UNSEEN = (
    "\x01\t\n\r\x7f\x80\x9f\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2066\u2069"
    "\ufeff\ufffe\uffff"
)


@pytest.mark.parametrize("sign", UNSEEN, ids=ascii)
def test_unseen_characters_are_refused(client: httpx.Client, sign: str) -> None:
    for field in ("name", "library_name", "position"):
        answer = client.post(API, json=PERSON | {field: f"Peserta{sign}Contoh"})
        assert answer.status_code == 422
        assert [error["code"] for error in problem(answer)["errors"]] == ["unreadable"]


def test_joiners_are_letters_to_those_who_need_them(client: httpx.Client) -> None:
    answer = client.post(API, json=PERSON | {"name": "Peserta \u200cContoh\u200d ꦥ꧀ꦭ"})
    assert answer.status_code == 201


def test_what_is_empty_is_told_at_once_each_in_its_own_words(client: httpx.Client) -> None:
    token = form_token(client.get(FORM).text)
    typed = {
        "form_token": token,
        "email": " ",
        "region_code_text": "Pekanbaru",
        "participant_type": "village_library",
    }
    page = unescape(client.post(PAGE, data=typed).text)
    sentences = {
        "name": "Isi nama lengkap.",
        "position": "Isi jabatan.",
        "region_code": "Pilih wilayah dari daftar.",
        "library_name": "Isi nama perpustakaan atau instansi.",
        "email": "Isi alamat surel atau nomor HP, supaya kami dapat mengabari Anda.",
        "consent": "Persetujuan ini diperlukan untuk mendaftar.",
    }
    told = [f'<a href="#{field}">{sentence}</a>' for field, sentence in sentences.items()]
    places = [page.find(line) for line in told]
    assert -1 not in places
    assert places == sorted(places)
    assert "kosong atau terlalu pendek" not in page
    english = unescape(client.post(PAGE, data=typed, params={"lang": "en"}).text)
    assert "Choose a region from the list." in english


def test_the_own_page_is_not_stored_and_asks_to_be_kept_to_oneself(client: httpx.Client) -> None:
    person = PERSON | {"name": "Halaman Sendiri (contoh)"}
    page = client.get(client.post(API, json=person).json()["links"]["own"], params={"lang": "en"})
    assert page.headers["cache-control"] == "private, no-store"
    assert "and keep it to yourself" in page.text
    assert "peserta.contoh@contoh.id.\nThe host checks" in page.text
    assert "<dt>Meeting</dt>" in page.text


def test_the_name_of_a_regency_finds_the_meetings_of_its_province(client: httpx.Client) -> None:
    pages = [client.get("/registration/", params={"q": q}).text for q in ("pekanbaru", "bintan")]
    assert [MEETING in page for page in pages] == [True, False]
    assert "<h2><a" in pages[0]
    assert "<h3>" not in pages[0]


def test_a_flood_for_one_contact_is_slowed_and_told_when_to_come_again(site: Site) -> None:
    village = {"region_code": "15.01.01.2003", "email": "banjir@contoh.id"}
    answers = [
        site.client().post(API.replace(MEETING, "plm-2027-15"), json=PERSON | village)
        for _ in range(21)
    ]
    assert {answer.status_code for answer in answers[:20]} == {201, 409}
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0
