"""Dashboards in a real browser: from the map down to a library, by keyboard and without scripts."""

import re

import pytest
from browsing import OpenPage, barriers, fits
from playwright.sync_api import Page, expect
from sites import Site, eventually
from things import activity

HOST = "kepri@contoh.id"
# Months in which no other test reports for this library.
PEOPLE = "first=2025-02&last=2025-03&stream=pelibatan&measure=people"
DASHBOARD = f"/reporting/dashboard?{PEOPLE}"


@pytest.fixture(autouse=True)
def summed(site: Site) -> None:
    """A report of the demo library that stands in the sums."""
    assert activity(site)
    host = site.signed_in(HOST)

    def people() -> int:
        told = host.get(f"/reporting/dashboard.json?{PEOPLE}").json()
        return sum(row["value"] for row in told["trend"])

    eventually(lambda: people() >= 12, "the report is added up")


def well(page: Page) -> None:
    """Nothing keeps anybody out, and nobody scrolls sideways, with every table open."""
    for summary in page.locator("main summary").all():
        summary.click()
    assert barriers(page) == []
    assert fits(page)


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_a_phone_without_scripts_drills_down_to_a_librarys_score(open_page: OpenPage) -> None:
    page = open_page(DASHBOARD, scripts=False, account=HOST)
    heading(page, "Kepulauan Riau")
    expect(page.get_by_role("img", name="Menurut bulan")).to_be_visible()
    page.get_by_role("table").get_by_role("link", name="Kab. Bintan").click()
    heading(page, "Kab. Bintan")
    places = page.get_by_role("table").last
    for _level in ("kecamatan", "desa"):
        filled = page.get_by_role("row").filter(has=page.locator("a")).filter(has_text="12")
        filled.first.get_by_role("link").click()
        places = page.get_by_role("table").last
    expect(places).to_contain_text("Perpustakaan")
    places.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name=re.compile("^Nilai "))).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Peserta kegiatan"))).to_contain_text("12")


def test_the_map_leads_on_by_keyboard(open_page: OpenPage) -> None:
    page = open_page(DASHBOARD, phone=False, account=HOST)
    page.get_by_role("link", name=re.compile("^Kab. Bintan: 12")).focus()
    page.keyboard.press("Enter")
    heading(page, "Kab. Bintan")
    well(page)


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_nothing_keeps_anybody_out(open_page: OpenPage, *, phone: bool) -> None:
    page = open_page(DASHBOARD, phone=phone, account=HOST)
    well(page)
    page.goto("/reporting/targets")
    well(page)
    visitor = open_page(f"/reporting/public?{PEOPLE}", phone=phone)
    well(visitor)
    visitor.goto("/reporting/public?stream=peningkatan&measure=books&first=2024-01&last=2024-12")
    well(visitor)
    visitor.get_by_role("main").get_by_role("link", name="Aturan nilai perpustakaan").click()
    heading(visitor, "Aturan nilai perpustakaan")
    well(visitor)
    visitor.go_back()
    visitor.get_by_role("main").get_by_role("link", name="Data terbuka").click()
    well(visitor)


def test_another_choice_of_months_is_an_address(open_page: OpenPage) -> None:
    page = open_page("/reporting/dashboard", account=HOST)
    summary = page.get_by_text("Pilih bulan, jenis laporan, atau verifikasi")
    if not page.get_by_label("Dari bulan").is_visible():
        summary.click()
    page.get_by_label("Dari bulan").fill("2025-03")
    page.get_by_label("Sampai bulan").fill("2025-03")
    page.get_by_role("combobox", name=re.compile("^Jenis laporan")).select_option("pelibatan")
    page.get_by_role("button", name="Tampilkan").click()
    expect(page.get_by_text("Pelibatan masyarakat: laporan, Maret 2025")).to_be_visible()
    shared = open_page(page.url, account=HOST)
    expect(shared.get_by_text("Pelibatan masyarakat: laporan, Maret 2025")).to_be_visible()
