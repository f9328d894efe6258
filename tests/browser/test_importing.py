"""A spreadsheet with mistakes: each is told with its row and column, and the rest comes in."""

import re

from browser.guests import MEETING
from browsing import OpenPage, barriers, fits
from deskwork import row, xlsx_sheet
from playwright.sync_api import expect

HOST = "kepri@contoh.id"
IMPORTS = f"/registration/desk/{MEETING}/imports"
VILLAGE = "21.71.01.1002"
WAIT = 30_000  # ms, as a worker does it


def test_good_rows_come_in_and_bad_ones_are_told(open_page: OpenPage) -> None:
    rows = [
        row(name="Peserta Impor 1 (contoh)", region_code=VILLAGE),
        row(name="Peserta Impor 2 (contoh)", region_code="99.99"),
        row(name="Peserta Impor 3 (contoh)", region_code=VILLAGE, email="bukan-surel"),
        row(name="Peserta Impor 4 (contoh)", region_code=VILLAGE),
    ]
    page = open_page(IMPORTS, phone=False, account=HOST)
    with page.expect_download() as template:
        page.get_by_role("link", name="Templat Excel").click()
    assert template.value.suggested_filename.endswith(".xlsx")

    sheet = {
        "name": "peserta-contoh.xlsx",
        "mimeType": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "buffer": xlsx_sheet(rows),
    }
    page.get_by_label("Berkas").set_input_files(sheet)  # type: ignore[arg-type]
    page.get_by_role("button", name="Unggah dan periksa").click()
    expect(page.get_by_role("alert")).to_contain_text("Nyatakan dulu")
    page.get_by_label("Berkas").set_input_files(sheet)  # type: ignore[arg-type]
    page.locator("#consent").check()
    page.get_by_role("button", name="Unggah dan periksa").click()

    page.wait_for_url(re.compile("/registration/imports/"))
    take = page.get_by_role("button", name="Masukkan 2 baris yang benar")
    expect(take).to_be_visible(timeout=WAIT)
    bad = page.get_by_role("table")
    third, fourth = (bad.get_by_role("row").filter(has_text=f"Baris {n}") for n in (3, 4))
    expect(third).to_contain_text("Kode wilayah (")
    expect(third).to_contain_text("Kode wilayah 99.99 tidak dikenal")
    expect(fourth).to_contain_text("Surel (")
    assert barriers(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert fits(page)

    take.click()
    outcome = page.get_by_role("listitem").filter(has_text="Terdaftar, menunggu persetujuan")
    expect(outcome).to_contain_text("2", timeout=WAIT)
    assert barriers(page) == []
    page.goto(f"/registration/desk/{MEETING}?q=Peserta+Impor")
    for number, found in ((1, 1), (2, 0), (3, 0), (4, 1)):
        person = page.get_by_role("link", name=f"Peserta Impor {number} (contoh)")
        expect(person).to_have_count(found)
