"""Announcements as officials write, check, start and watch them; and what nobody else may."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from asking import ask
from notifications.announcing_people import (
    BINTAN,
    CLEAR,
    KEPRI,
    NATIONAL,
    draft,
    many,
    meeting,
    participant,
    send,
    shown,
    started,
    write,
)
from notifications.mailroom import ROOT, Mailroom, rows

from shared.local.smtp_sink import SmtpSink
from shared.security import Caller, issue_token
from shared.web import untranslated

LIST = "/announcements"
API = "/api/v1/announcements"
RIAU = Caller("province", "Petugas Riau (contoh)", region_code="14")
FORM = {
    "kind": "participants",
    "subject": "Bahan pertemuan",
    "body": "Bahan sudah ada.",
    "channel_1": "email",
    "statuses": ["approved", "waiting"],
}
JSON = {
    "subject": "Bahan pertemuan",
    "body": "Bahan sudah ada.",
    "audience": {"kind": "participants"},
    "channels": ["email"],
}


class Browser:
    """One official's browser, or program."""

    def __init__(self, mailroom: Mailroom, caller: Caller) -> None:
        signed_in = replace(caller, subject="petugas")
        token = issue_token(mailroom.private_key, signed_in, seconds=300)
        self._headers = {"Authorization": f"Bearer {token}"}

    def asks(self, method: str, path: str, **more: Any) -> httpx.Response:
        from services.notifications.app import app

        headers = self._headers | more.pop("headers", {})
        path = re.sub("^/notifications", "", path)
        return ask(app, method, path, headers=headers, **more)

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.asks("GET", path, params=params or None)

    def fills(self, page: str, values: dict[str, Any], path: str = "") -> httpx.Response:
        """Send a form of a page, with the form token it shows."""
        found = re.findall('name="form_token" value="([^"]+)"', self.get(page).text)
        return self.asks("POST", path or page, data={"form_token": found[-1]} | values)


@pytest.fixture
def kepri(mailroom: Mailroom, empty: None) -> Iterator[Browser]:
    assert empty is None
    rows(CLEAR)
    yield Browser(mailroom, KEPRI)
    rows(CLEAR)


def created(browser: Browser, **changes: Any) -> str:
    """Fill in the form; the path of the draft's page."""
    answer = browser.fills(f"{LIST}/new", FORM | changes)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).removeprefix("/notifications")


def test_from_the_form_to_the_end(kepri: Browser, sink: SmtpSink) -> None:
    assert sink.directory.exists()
    assert "Belum ada pengumuman" in kepri.get(LIST).text
    meeting()
    many(3)
    page = created(kepri, meeting="plm-21", region_code="21.01")
    preview = kepri.get(page).text
    assert "Kirim kepada 3 orang" in preview
    assert "p1@contoh.id" not in preview, "figures, and nobody by name"
    assert "Kab. Bintan" in preview
    assert "Bahan sudah ada." in kepri.get(f"{page}/html").text
    assert "sandbox" in kepri.get(f"{page}/html").headers["content-security-policy"]
    answer = kepri.fills(page, {"action": "start", "version": "1"})
    assert answer.status_code == 303
    assert 'data-source="/notifications/api/v1/announcements/' in kepri.get(page).text
    write()
    send()
    write()
    ended = kepri.get(page).text
    assert "3 dari 3 pesan sudah selesai" in ended
    assert f"Pengiriman dimulai: {KEPRI.name}" in ended
    listed = kepri.get(LIST, state="done").text
    assert page in listed
    assert "Tidak ada pengumuman yang cocok" in kepri.get(LIST, state="draft").text
    assert "Tidak ada pengumuman yang cocok" in kepri.get(LIST, q="lain").text
    assert page in kepri.get(LIST, q="BAHAN").text


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"subject": ""}, "subject", "Isi perihalnya"),
        ({"body": " "}, "body", "Isi pengumumannya"),
        ({"kind": ""}, "kind", "Pilih kepada siapa"),
        ({"kind": "semua"}, "kind", "Pilih kepada siapa"),
        ({"channel_1": ""}, "channel_1", "Pilih paling sedikit satu cara"),
        ({"channel_1": "merpati"}, "channel_1", "Pilih paling sedikit satu cara"),
        ({"subject_en": "Only"}, "subject_en", "harus ada dua-duanya"),
        ({"channel_1": "sms", "body": "a" * 901}, "body", "paling banyak 900 huruf"),
        ({"expires_on": "2020-01-01"}, "expires_on", "sudah lewat"),
        ({"expires_on": "besok"}, "expires_on", "tidak dapat dibaca"),
        ({"region_code": "99"}, "region_code", "Wilayah ini tidak dikenal"),
        ({"subject": "a\x00b"}, "subject", "Isi perihalnya"),
        ({"subject": "Undangan\u202e"}, "subject", "tidak dapat dibaca"),
        ({"form_token": "palsu"}, "", "terbuka terlalu lama"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    kepri: Browser, changes: dict[str, str], field: str, sentence: str
) -> None:
    typed = {"subject": "Perihal saya", "body": "Isi saya", "statuses": ["waiting"]} | changes
    answer = kepri.fills(f"{LIST}/new", FORM | typed)
    assert answer.status_code == 422
    summary = answer.text.partition('class="error-summary"')[2].partition("</div>")[0]
    assert sentence in summary
    assert (f'href="#{field}"' in summary) is bool(field)
    assert ("Perihal saya" in answer.text) is ("subject" not in changes)
    assert re.search('value="waiting" checked', answer.text)
    assert rows("SELECT FROM announcement") == []


def test_a_draft_is_changed_cloned_and_deleted(kepri: Browser) -> None:
    participant()
    page = created(kepri, expires_on="2099-12-31", channel_2="sms")
    form = kepri.get(f"{page}/edit").text
    assert 'value="2099-12-31"' in form
    assert re.search('value="sms" selected', form)
    answer = kepri.fills(f"{page}/edit", FORM | {"subject": "Yang baru"})
    assert answer.status_code == 303
    assert "Yang baru" in kepri.get(page).text
    assert kepri.fills(page, {"action": "start", "version": "1"}).status_code == 409
    assert "diubah orang lain" in kepri.fills(page, {"action": "start", "version": "1"}).text
    kepri.fills(page, {"action": "start", "version": "2"})
    assert kepri.get(f"{page}/edit").status_code == 409
    assert kepri.fills(page, FORM, f"{page}/edit").status_code == 409
    assert kepri.fills(page, {}, f"{page}/delete").status_code == 409
    copy = kepri.fills(page, {}, f"{page}/clone").headers["location"]
    assert "Yang baru" in kepri.get(copy).text
    answer = kepri.fills(copy, {}, copy.removesuffix("/edit") + "/delete")
    assert "done=deleted" in answer.headers["location"]
    assert len(rows("SELECT FROM announcement")) == 1


def test_a_form_sent_twice_is_one_draft_and_a_start_clicked_twice_is_one(kepri: Browser) -> None:
    participant()
    [token] = set(re.findall('form_token" value="([^"]+)"', kepri.get(f"{LIST}/new").text)[-1:])
    for _ in range(2):
        kepri.asks("POST", f"{LIST}/new", data=FORM | {"form_token": token})
    [row] = rows("SELECT id FROM announcement")
    page = f"{LIST}/{row.id}"
    for _ in range(2):
        sent = {"form_token": token, "action": "start", "version": "1"}
        assert kepri.asks("POST", page, data=sent).status_code == 303
    write()
    assert len(rows("SELECT FROM message")) == 1


def test_pause_resume_and_cancel_are_on_the_page(kepri: Browser) -> None:
    many(2)
    page = f"{LIST}/{started()}"
    write()
    assert kepri.fills(page, {"action": "pause"}).status_code == 303
    assert "Lanjutkan" in kepri.get(page).text
    assert kepri.fills(page, {"action": "pause"}).status_code == 409
    assert kepri.fills(page, {"action": "resume"}).status_code == 303
    assert kepri.fills(page, {"action": "cancel"}).status_code == 303
    text = kepri.get(page).text
    for said in ("dijeda", "dilanjutkan", "dibatalkan"):
        assert f"Pengiriman {said}: {KEPRI.name}" in text


def test_one_to_nobody_is_not_sent(kepri: Browser) -> None:
    page = created(kepri)
    assert "belum sampai kepada siapa pun" in kepri.get(page).text
    answer = kepri.fills(page, {"action": "start", "version": "1"})
    assert answer.status_code == 409
    assert "tidak sampai kepada siapa pun" in answer.text


def test_each_sees_the_announcements_of_their_own_region(
    kepri: Browser, mailroom: Mailroom
) -> None:
    mine, theirs, whole = draft(BINTAN), draft(RIAU), draft(NATIONAL)
    sees: list[tuple[Caller, set[Any]]] = [
        (NATIONAL, {mine, theirs, whole}),
        (KEPRI, {mine}),
        (BINTAN, {mine}),
        (RIAU, {theirs}),
        (Caller("regency", "Tanpa wilayah"), set()),
    ]
    assert kepri
    for caller, seen in sees:
        browser = Browser(mailroom, caller)
        items = browser.get(API).json()["items"]
        assert {item["id"] for item in items} == {str(one) for one in seen}
        for one in (mine, theirs, whole):
            paths = (f"{LIST}/{one}", f"{LIST}/{one}/html", f"{API}/{one}/preview")
            for path in paths:
                assert browser.get(path).status_code == (200 if one in seen else 404)


@pytest.mark.parametrize("role", ["library", "master_trainer", "public"])
def test_who_is_no_official_has_nothing_here(kepri: Browser, mailroom: Mailroom, role: Any) -> None:
    found = draft()
    browser = Browser(mailroom, Caller(role, "Orang Contoh", region_code="21"))
    for path in (LIST, f"{LIST}/new", f"{LIST}/{found}", f"{LIST}/{found}/html"):
        assert browser.get(path).status_code in {303, 403}
    for path in (API, f"{API}/{found}", f"{API}/{found}/preview", f"{API}/{found}/progress"):
        assert browser.get(path).status_code in {401, 403}
    for step in ("start", "pause", "resume", "cancel"):
        assert browser.asks("POST", f"{API}/{found}/{step}").status_code in {401, 403}
    assert kepri.get(f"{API}/{found}").json()["state"] == "draft"


def test_a_program_does_the_same(kepri: Browser) -> None:
    many(3)
    answer = kepri.asks("POST", API, json=JSON)
    assert answer.status_code == 201
    one = f"{API}/{answer.json()['id']}"
    preview = kepri.get(f"{one}/preview").json()
    assert (preview["recipients"], preview["channels"]) == (3, {"email": 3})
    assert (preview["areas"], preview["cost"]) == ({"21.01": 3}, "0")
    told = kepri.asks("POST", f"{one}/start", json={"version": preview["version"]}).json()
    assert (told["status"], told["step"], told["total"]) == ("running", "writing", 3)
    write()
    assert kepri.asks("POST", f"{one}/pause").json()["step"] == "paused"
    assert kepri.asks("POST", f"{one}/resume").json()["step"] == "sending"
    assert kepri.asks("POST", f"{one}/cancel").json()["counts"] == {"cancelled": 3}
    refused = kepri.asks("POST", f"{one}/resume")
    assert (refused.status_code, refused.json()["code"]) == (409, "not-now")
    assert [entry["action"] for entry in kepri.get(one).json()["history"]] == [
        "started",
        "paused",
        "resumed",
        "cancelled",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"audience": {"kind": "semua"}},
        {"audience": {"kind": "officials", "roles": ["public"]}},
        {"channels": []},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"region_code": ""},
    ],
)
def test_a_wrong_announcement_is_refused(kepri: Browser, changes: dict[str, Any]) -> None:
    answer = kepri.asks("POST", API, content=json.dumps(JSON | changes))
    assert answer.status_code == 422
    assert answer.json()["code"] == "validation"


def test_the_list_goes_on_page_by_page(kepri: Browser) -> None:
    made = [str(draft()) for _ in range(35)]
    first = kepri.get(API).json()
    rest = kepri.get(API, after=first["next"]).json()
    walked = [item["id"] for item in first["items"] + rest["items"]]
    assert walked == made[::-1]
    assert rest["next"] is None
    assert 'rel="next"' in kepri.get(LIST).text


def test_pages_speak_english(kepri: Browser) -> None:
    service = ROOT / "services" / "notifications"
    own = [*service.glob("templates/*announcement*.html"), *service.glob("announcement_words.py")]
    said = "".join(file.read_text() for file in own)
    assert not {one for one in untranslated([service]) if f'"{one}"' in said}
    participant()
    found = started()
    for path in (LIST, f"{LIST}/new", f"{LIST}/{found}", f"{LIST}/{draft()}"):
        page = kepri.asks("GET", path, params={"lang": "en"})
        assert page.status_code == 200
        assert '<html lang="en"' in page.text
    assert shown(found).state == "writing"


def test_what_waits_for_tomorrow_is_not_reckoned_in_minutes(kepri: Browser) -> None:
    meeting()
    many(4)
    found = started()
    write()
    rows("UPDATE message SET state = 'accepted' WHERE recipient = 'p0@contoh.id'")
    rows("UPDATE announcement SET started_at = now() - interval '1 minute'")
    rows("UPDATE message SET next_attempt_at = now() WHERE state = 'queued'")
    told = kepri.asks("GET", f"{API}/{found}/progress").json()
    assert (told["seconds_left"] > 60, told["goes_on_at"]) == (True, None)
    rows("UPDATE message SET next_attempt_at = now() + interval '9 hours' WHERE state = 'queued'")
    told = kepri.asks("GET", f"{API}/{found}/progress").json()
    assert (told["seconds_left"], told["status"]) == (None, "running")
    assert told["goes_on_at"]
    page = kepri.asks("GET", f"{LIST}/{found}").text
    assert "Sisanya dikirim mulai" in page
    assert "menit lagi</" not in page
    rows(
        "UPDATE message SET state = 'claimed', lease_until = now() WHERE recipient = 'p1@contoh.id'"
    )
    assert kepri.asks("GET", f"{API}/{found}/progress").json()["goes_on_at"] is None
