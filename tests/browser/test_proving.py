"""Anybody checks a certificate; the host revokes one, and whoever checks it is told."""

import re

from browsing import OpenPage, barriers, fits
from playwright.sync_api import Page, expect

HOST = "kepri@contoh.id"
DESK = "/registration/desk/plm-2022-21/certificates"


def code_of(page: Page, name: str) -> str:
    """Opens a demo participant's certificate at the desk; its code stands in the public link."""
    page.goto(f"{DESK}?q={name}")
    page.get_by_role("row").filter(has_text=name).get_by_role("link").click()
    public = page.get_by_role("link", name="Halaman periksa untuk umum")
    return str(public.get_attribute("href")).rpartition("/")[2]


def check(page: Page, code: str) -> None:
    """Type a code on the front page."""
    page.goto("/")
    page.get_by_label("Kode sertifikat").fill(code)
    page.get_by_role("button", name="Periksa").click()


def test_a_certificate_is_proved_by_its_code(open_page: OpenPage) -> None:
    code = code_of(open_page(DESK, phone=False, account=HOST), "Peserta Contoh 05")
    page = open_page("/")
    check(page, code.lower().replace("-", ""))
    expect(page.get_by_text("Sertifikat ini asli dan berlaku")).to_be_visible()
    expect(page.get_by_text("Peserta Contoh 05")).to_be_visible()
    assert barriers(page) == []
    assert fits(page)

    check(page, "ABCD-EFGH-JKMN-PQRS")
    expect(page.get_by_text("Tidak ada sertifikat kami dengan kode ini")).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("link", name="Ketik kodenya lagi").click()
    expect(page.get_by_label("Kode sertifikat")).to_be_visible()


def test_a_revoked_certificate_says_so(open_page: OpenPage) -> None:
    page = open_page(DESK, phone=False, account=HOST)
    code = code_of(page, "Peserta Contoh 07")
    page.get_by_role("link", name=re.compile("^Cabut$")).click()
    page.get_by_role("button", name="Ya, cabut").click()
    expect(page.get_by_role("alert")).to_contain_text("Isi alasannya")
    page.get_by_label("Alasan").fill("Nama salah tulis.")
    page.get_by_role("button", name="Ya, cabut").click()
    expect(page.get_by_text("Tidak berlaku sejak")).to_be_visible()
    assert barriers(page) == []

    anybody = open_page("/", scripts=False)
    check(anybody, code)
    expect(anybody.get_by_text("Sertifikat ini sudah dicabut")).to_be_visible()
    expect(anybody.get_by_text("Nama salah tulis.")).to_have_count(0)
    assert fits(anybody)
