"""A village library reports an activity, on a phone of 360 pixels, with scripts and without."""

import re
from io import BytesIO

from browsing import PHONE, OpenPage, barriers, fits
from callers import own_library
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect
from sites import Site

LIBRARIAN = "pustaka@contoh.id"
OWN = "/reporting/own"
REPORT = re.compile(r"/activities/[0-9a-f-]{36}\?done=new$")


def photo() -> FilePayload:
    """A large picture, as a phone's camera makes it."""
    file = BytesIO()
    Image.effect_noise((2400, 1800), 60).convert("RGB").save(file, "JPEG", quality=90)
    return {"name": "kegiatan.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}


def fill(page: Page, title: str, day: str, people: str) -> None:
    """What every activity is asked."""
    page.get_by_label("Tanggal").fill(day)
    page.get_by_label("Nama kegiatan").fill(title)
    page.get_by_label("Bidang").select_option("Ekonomi")
    page.get_by_label("Jenis").select_option("Pelatihan")
    page.get_by_label("Sasaran").select_option("Pelaku UMKM")
    page.get_by_label("Jumlah peserta").fill(people)


def well(page: Page, *, scripts: bool = True) -> None:
    """Nothing keeps anybody out, and nobody scrolls sideways; axe needs scripts itself."""
    assert fits(page)
    if scripts:
        assert barriers(page) == []


def report(page: Page, title: str, *, scripts: bool = True) -> None:
    """From the own page to the report: a mistake, a question, a photo that stays."""
    page.get_by_role("link", name="Pelibatan masyarakat", exact=True).click()
    well(page, scripts=scripts)
    fill(page, title, "2025-01-01", "24")
    page.get_by_text("Rincian dan bukti").click()
    page.get_by_label("Laki-laki").fill("4")
    page.get_by_label("Perempuan").fill("19")
    page.get_by_label("Bukti").set_input_files(photo())
    page.get_by_role("button", name="Simpan laporan").click()

    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("Laki-laki dan perempuan harus sama")
    well(page, scripts=scripts)
    expect(page.get_by_label("Nama kegiatan")).to_have_value(title)
    expect(page.get_by_label("Perempuan")).to_have_value("19")
    expect(page.get_by_text("Hapus kegiatan.jpg")).to_be_visible()
    page.get_by_label("Perempuan").fill("20")
    page.get_by_role("button", name="Simpan laporan").click()

    expect(page.get_by_role("alert")).to_contain_text("1 Januari")
    well(page, scripts=scripts)
    for answer in page.get_by_label("Ya, benar").all():
        answer.check()
    page.get_by_role("button", name="Simpan laporan").first.click()

    page.wait_for_url(REPORT)
    expect(page.get_by_text("Laporan sudah kami terima")).to_be_visible()
    expect(page.get_by_role("link", name="kegiatan.jpg")).to_be_visible()
    shown = page.request.get(page.locator("main img").get_attribute("src") or "")
    assert shown.headers["content-type"] == "image/jpeg"
    well(page, scripts=scripts)


def test_a_librarian_reports_with_an_account(open_page: OpenPage, site: Site) -> None:
    assert own_library(site)
    page = open_page(OWN, account=LIBRARIAN)
    well(page)
    report(page, "Kelas membatik (ponsel)")
    page.get_by_role("link", name="Perbaiki laporan").click()
    expect(page.get_by_label("Jumlah peserta")).to_have_value("24")
    page.goto(OWN)
    expect(page.get_by_role("link", name="Kelas membatik (ponsel)")).to_be_visible()
    well(page)


def test_what_an_activity_must_say_is_one_screen(open_page: OpenPage, site: Site) -> None:
    """From the first question to the button; what may be skipped is a step away."""
    assert own_library(site)
    page = open_page(f"{OWN}/new/pelibatan", account=LIBRARIAN)
    first = page.get_by_text("Tanggal", exact=True).bounding_box()
    save = page.get_by_role("button", name="Simpan laporan").bounding_box()
    assert first
    assert save
    assert save["y"] + save["height"] - first["y"] <= PHONE["height"]
    expect(page.get_by_label("Bukti")).to_be_hidden()
    page.get_by_text("Rincian dan bukti").click()
    expect(page.get_by_label("Bukti")).to_be_visible()
    expect(page.get_by_label("Laki-laki")).to_be_visible()


def test_a_phone_without_scripts_reports_by_link(open_page: OpenPage, site: Site) -> None:
    desk = open_page(f"{OWN}/links/{own_library(site)}", account="kepri@contoh.id", phone=False)
    desk.get_by_role("button", name="Buat tautan").click()
    link = desk.locator('main a[href*="/own/l/"]')
    page = open_page(str(link.get_attribute("href")), scripts=False)
    well(page, scripts=False)
    report(page, "Lomba bercerita (ponsel)", scripts=False)


def test_a_form_asks_only_what_the_answer_before_needs(open_page: OpenPage, site: Site) -> None:
    assert own_library(site)
    page = open_page(OWN, account=LIBRARIAN)
    page.get_by_role("link", name="Advokasi", exact=True).click()
    amount, regulation = page.get_by_label("Nominal"), page.get_by_label("Bentuk regulasi")
    expect(amount).to_be_hidden()
    page.get_by_label("Hasil").select_option("Dana")
    expect(amount).to_be_visible()
    expect(regulation).to_be_hidden()
    page.get_by_label("Hasil").select_option("Regulasi")
    expect(regulation).to_be_visible()
    expect(amount).to_be_hidden()
    well(page)
