"""The editor of templates over HTTP, as its pages and as JSON."""

import re
from html import unescape
from typing import Any
from uuid import UUID

import httpx
import pytest
from notifications.mailroom import Mailroom, mails, messages, rows, send_due

from services.notifications import contents
from shared.local.smtp_sink import SmtpSink
from shared.security import Caller, issue_token

NAME = "registration_submitted"
PAGE = f"/notifications/templates/{NAME}"
API = f"/notifications/api/v1/templates/{NAME}"
ACCOUNT = UUID("01920000-0000-7000-8000-000000000002")


@pytest.fixture(autouse=True)
def _nothing_written(empty: None) -> None:  # noqa: ARG001 - it comes first
    rows("DELETE FROM template_version; DELETE FROM official")


@pytest.fixture
def officer(mailroom: Mailroom, our_url: str) -> Any:
    """Somebody of the national library, with an account."""
    who = Caller("national", "Ani Contoh", str(ACCOUNT), "")
    token = issue_token(mailroom.private_key, who, seconds=600)
    with httpx.Client(base_url=our_url, headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


def values_of(page: str) -> dict[str, str]:
    """What a form holds: its hidden fields and its texts."""
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    texts = re.findall(r'<textarea id="(\w+)" name="\w+"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL)
    return {name: unescape(value) for name, value in (*hidden, *texts)}


def press(client: httpx.Client, page: str, action: str, **more: str) -> httpx.Response:
    """Send the form of a page that goes to an address."""
    html = client.get(page).text
    [form] = re.findall(
        rf'<form method="post" action="{re.escape(action)}">(.*?)</form>', html, re.DOTALL
    )
    return client.post(action, data=values_of(form) | more)


def begun(client: httpx.Client) -> str:
    """The page of a new draft."""
    answer = press(client, PAGE, f"{PAGE}/draft")
    assert answer.status_code == 303
    return str(answer.headers["location"])


def test_the_list_knows_every_template_and_finds_one(officer: httpx.Client) -> None:
    page = officer.get("/notifications/templates").text
    for name in contents.names():
        assert f'href="/notifications/templates/{name}"' in page
    found = officer.get("/notifications/templates?q=daftar tunggu").text
    assert "registration_waitlisted" in found
    assert PAGE not in found
    assert "Tidak ada templat yang cocok" in officer.get("/notifications/templates?q=xyz").text
    assert officer.get("/notifications/templates/tidak_ada").status_code == 404


def test_only_the_national_library_is_let_in(mailroom: Mailroom, our_url: str) -> None:
    who = Caller("province", "Petugas Contoh", str(ACCOUNT), "21")
    token = issue_token(mailroom.private_key, who, seconds=600)
    with httpx.Client(base_url=our_url, headers={"Authorization": f"Bearer {token}"}) as client:
        for path in ("/notifications/templates", PAGE, f"{PAGE}/versions/0", API):
            assert client.get(path).status_code == 403


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_preview_shows_every_channel_with_made_up_data(
    officer: httpx.Client, language: str
) -> None:
    page = officer.get(f"{PAGE}/versions/0?language={language}").text
    assert f'<iframe sandbox="" src="{PAGE}/versions/0/html?language={language}"' in page
    assert "Siti Contoh, S.Sos." in page
    assert re.search(r"\d+ huruf, 2 bagian, abjad GSM-7", page)
    assert "{{1}}" in page
    shown = officer.get(f"{PAGE}/versions/0/html?language={language}")
    assert f'<html lang="{language}">' in shown.text
    assert "sandbox" in shown.headers["content-security-policy"]
    assert officer.get(f"{PAGE}/versions/7").status_code == 404
    assert officer.get(f"{PAGE}/versions/0?language=fr").status_code in {400, 422}


def test_from_a_draft_to_what_is_sent_and_back(officer: httpx.Client) -> None:
    version = begun(officer)
    form = values_of(officer.get(f"{PAGE}/draft/id").text)
    assert form["subject"].strip() == "Pendaftaran Anda sudah kami terima: {{ meeting }}"
    form["subject"] = "Sudah masuk: {{ meeting }}\r\n"
    answer = officer.post(f"{PAGE}/draft/id", data=form)
    assert answer.headers["location"] == f"{version}?language=id&done=saved"
    page = officer.get(answer.headers["location"]).text
    assert "Draf tersimpan" in page
    assert "<strong>Sudah masuk: Peer Learning Meeting" in page
    assert "<ins>Sudah masuk: {{ meeting }}</ins>" in page
    assert "<del>Pendaftaran Anda sudah kami terima: {{ meeting }}</del>" in page
    assert press(officer, version, f"{PAGE}/draft/publish").status_code == 303
    page = officer.get(f"{PAGE}?done=published").text
    assert "Templat diterbitkan" in page
    assert "Dipakai sekarang" in page
    assert press(officer, f"{PAGE}/versions/0", f"{PAGE}/versions/0/restore").status_code == 303
    history = officer.get(f"{PAGE}?lang=en").text
    assert "No longer in use" in history
    assert history.count("Ani Contoh") >= 2
    answer = press(officer, f"{PAGE}/versions/1", f"{PAGE}/versions/1/restore")
    assert answer.status_code == 303
    assert "sama dengan versi 1" in officer.get(f"{PAGE}?lang=id").text


def test_what_was_typed_is_kept_when_somebody_else_was_faster(officer: httpx.Client) -> None:
    begun(officer)
    form = values_of(officer.get(f"{PAGE}/draft/en").text)
    assert officer.post(f"{PAGE}/draft/en", data=form | {"sms": "Dari Budi"}).status_code == 303
    late = officer.post(f"{PAGE}/draft/en", data=form | {"sms": "Ketikan saya"})
    assert late.status_code == 409
    assert "Ani Contoh sudah mengubahnya" in late.text
    again = values_of(late.text)
    assert again["sms"] == "Ketikan saya"
    assert officer.post(f"{PAGE}/draft/en", data=again).status_code == 303
    page = values_of(officer.get(f"{PAGE}/draft/en").text)
    assert page["sms"] == "Ketikan saya"


def test_a_draft_that_is_gone_and_a_form_that_is_old(officer: httpx.Client) -> None:
    version = begun(officer)
    form = values_of(officer.get(f"{PAGE}/draft/id").text)
    old = officer.post(f"{PAGE}/draft/id", data=form | {"form_token": "x", "sms": "Ketikan"})
    assert old.status_code == 422
    assert values_of(old.text)["sms"] == "Ketikan"
    long = officer.post(f"{PAGE}/draft/id", data=form | {"sms": "x" * 20_001})
    assert long.status_code == 422
    assert 'id="sms-error"' in long.text
    assert press(officer, version, f"{PAGE}/draft/discard").status_code == 303
    assert officer.get(f"{PAGE}/draft/id").status_code == 404
    assert officer.post(f"{PAGE}/draft/id", data=form).status_code == 404
    gone = officer.post(f"{PAGE}/draft/publish", data=form)
    assert gone.status_code == 409
    assert "Draf ini sudah tidak ada" in gone.text


def test_a_draft_that_is_not_fit_says_why_and_shows_no_button(officer: httpx.Client) -> None:
    version = begun(officer)
    form = values_of(officer.get(f"{PAGE}/draft/id").text)
    wrong = form | {"text": "Halo\n{{ nama|safe }}", "html": "<script>alert(1)</script>"}
    assert officer.post(f"{PAGE}/draft/id", data=wrong).status_code == 303
    page = officer.get(version).text
    for said in ("Belum dapat diterbitkan", "text.id.txt, baris 2", "safe", "Isian nama tidak ada"):
        assert said in page
    assert "<script>alert" not in page
    assert "draft/publish" not in page
    assert officer.get(f"{version}/html").status_code == 404
    now = values_of(page)["changed_at"]
    answer = officer.post(f"{PAGE}/draft/publish", data=form | {"changed_at": now})
    assert answer.status_code == 409
    assert "harus diperbaiki" in answer.text


def test_a_try_out_goes_to_the_officers_own_address(officer: httpx.Client, sink: SmtpSink) -> None:
    here = f"{PAGE}/versions/0"
    refused = press(officer, here, f"{here}/test", channel="email")
    assert refused.status_code == 409
    assert "Akun Anda belum punya alamat" in refused.text
    rows(
        "INSERT INTO official (account_id, version, name, email, language, role, region_code, "
        "active) VALUES (:id, 1, 'Ani Contoh', 'ani@contoh.id', 'id', 'national', '', true)",
        id=ACCOUNT,
    )
    answer = press(officer, here, f"{here}/test", channel="email")
    assert "Pesan percobaan dikirim" in officer.get(answer.headers["location"]).text
    send_due()
    [mail] = mails(sink)
    assert mail["To"] == "ani@contoh.id"
    [message] = messages()
    assert "Percobaan templat" in officer.get(f"/notifications/messages/{message.id}").text


def test_the_same_over_json(officer: httpx.Client) -> None:
    listed = officer.get("/notifications/api/v1/templates").json()["items"]
    assert {"name": NAME, "version": 0, "draft": None} in listed
    begins = officer.post(f"{API}/draft", json={"version": 0})
    assert begins.status_code == 201
    assert officer.post(f"{API}/draft", json={"version": 0}).json()["code"] == "draft-exists"
    seen = begins.json()["changed_at"]
    change = {"parts": {"sms.id.txt": "{{ nama }} {{ own_link }}"}, "changed_at": seen}
    changed = officer.patch(f"{API}/draft", json=change).json()
    [problem] = [one for one in changed["problems"] if not one["warning"]]
    assert (problem["part"], problem["line"]) == ("sms.id.txt", 1)
    assert "There is no value nama" in problem["message"]
    late = officer.patch(f"{API}/draft", json=change)
    assert (late.status_code, late.json()["code"]) == (409, "overtaken")
    seen = changed["changed_at"]
    refused = officer.post(f"{API}/draft/publish", json={"changed_at": seen})
    assert (refused.status_code, refused.json()["code"]) == (422, "not-ready")
    assert refused.json()["problems"]
    change = {"parts": {"sms.id.txt": "{{ code }} {{ own_link }}"}, "changed_at": seen}
    seen = officer.patch(f"{API}/draft", json=change).json()["changed_at"]
    assert officer.post(f"{API}/draft/publish", json={"changed_at": seen}).status_code == 200
    detail = officer.get(API).json()
    assert (detail["version"], detail["draft"]) == (1, None)
    assert detail["history"][0]["published_by"] == "Ani Contoh"
    version = officer.get(f"{API}/versions/1").json()
    assert version["parts"]["sms.id.txt"] == "{{ code }} {{ own_link }}"
    assert version["whatsapp"][0]["body"].startswith("Yth. {{1}}, ")
    for path in ("/notifications/api/v1/templates/x", f"{API}/versions/9", f"{API}/versions/-1"):
        assert officer.get(path).status_code in {404, 422}
