"""The verifier's desk, a locked month and completeness, with scripts, without, and on a phone."""

from uuid import uuid4

from browsing import OpenPage, barriers, fits
from callers import headers, official, own_library
from playwright.sync_api import Page, expect
from sites import Site

DESK = "/reporting/verify"
TITLES = ("Kelas anyaman", "Lomba dongeng", "Panen raya")


def report(site: Site, title: str, day: str = "2025-04-10") -> str:
    """The demo library hands a report in; its title, which no other test has."""
    assert own_library(site)
    title = f"{title} {str(uuid4())[:8]}"
    answers = {"bidang": "Ekonomi", "jenis": "Pelatihan", "sasaran": "Umum", "people": 12}
    offered = {
        "stream": "pelibatan",
        "client_ref": str(uuid4()),
        "confirmed": ["long-ago", "duplicate"],
        "report": {"day": day, "title": title, **answers},
    }
    who = headers(site, official(site, "library"))
    answer = site.client().post("/reporting/api/v1/own/activities", json=offered, headers=who)
    assert answer.status_code == 201, answer.text
    return title


def verifier(site: Site) -> str:
    """The demo account of the library's kab/kota."""
    return str(next(one["email"] for one in site.told["accounts"] if one["role"] == "regency"))


def well(page: Page) -> None:
    """Nothing keeps anybody out, and nobody scrolls sideways."""
    assert barriers(page) == []
    assert fits(page)


def test_two_are_verified_and_one_is_sent_back(open_page: OpenPage, site: Site) -> None:
    first, second, third = (report(site, title) for title in TITLES)
    page = open_page(f"{DESK}?month=2025-04", phone=False, account=verifier(site))
    well(page)
    page.get_by_label(f"Pilih {first}").check()
    page.get_by_label(f"Pilih {second}").check()
    page.get_by_role("button", name="Verifikasi", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="2 laporan diverifikasi")).to_be_visible()
    expect(page.get_by_role("link", name=first)).to_have_count(0)

    page.get_by_role("link", name=third).click()
    well(page)
    page.get_by_role("button", name="Kembalikan", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Tulis apa yang perlu diperbaiki")
    well(page)
    page.get_by_label("Catatan").fill("Pesertanya berapa?")
    page.get_by_role("button", name="Kembalikan", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="1 laporan dikembalikan")).to_be_visible()
    page.goto(f"{DESK}?state=returned&month=2025-04")
    expect(page.get_by_role("link", name=third)).to_be_visible()


def test_on_a_phone_without_scripts_all_that_match_are_verified(
    open_page: OpenPage, site: Site
) -> None:
    titles = [report(site, title, "2025-05-10") for title in TITLES[:2]]
    page = open_page(f"{DESK}?month=2025-05", scripts=False, account=verifier(site))
    assert fits(page)
    page.get_by_role("button", name="Verifikasi semuanya").click()
    expect(page.get_by_text("2 laporan.")).to_be_visible()
    page.get_by_role("button", name="Verifikasi", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="2 laporan diverifikasi")).to_be_visible()
    for title in titles:
        expect(page.get_by_role("link", name=title)).to_have_count(0)


def test_an_official_corrects_a_report_and_sees_both_versions(
    open_page: OpenPage, site: Site
) -> None:
    title = report(site, TITLES[0], "2025-06-10")
    page = open_page(f"{DESK}?month=2025-06", account=verifier(site))
    page.get_by_role("link", name=title).click()
    page.get_by_role("link", name="Ubah", exact=True).click()
    well(page)
    page.get_by_label("Jumlah peserta").fill("banyak")
    page.get_by_label("Alasan perubahan").fill("Menurut daftar hadir.")
    page.get_by_role("button", name="Simpan laporan").click()
    expect(page.get_by_role("alert")).to_contain_text("Isi dengan angka")
    expect(page.get_by_label("Alasan perubahan")).to_have_value("Menurut daftar hadir.")
    page.get_by_label("Jumlah peserta").fill("21")
    page.get_by_role("button", name="Simpan laporan").click()
    page.get_by_role("checkbox", name="Ya, benar").check()
    page.get_by_role("button", name="Simpan laporan").first.click()
    expect(page.get_by_text("12 → 21")).to_be_visible()
    well(page)


def test_a_month_is_locked_and_completeness_is_read_on_a_phone(
    open_page: OpenPage, site: Site
) -> None:
    page = open_page("/reporting/locks", account=verifier(site))
    well(page)
    page.get_by_label("Bulan yang dikunci").select_option(index=3)
    page.get_by_role("button", name="Kunci bulan ini").click()
    expect(page.get_by_role("heading", name="Angka")).to_be_visible()
    well(page)
    page.goto("/reporting/completeness")
    well(page)
    expect(page.get_by_role("heading", name="Enam bulan terakhir")).to_be_visible()
