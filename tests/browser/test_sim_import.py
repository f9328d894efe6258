"""A file of the older system with mistakes in it, from upload to undo, on a phone."""

import json
import re

from browsing import OpenPage, barriers, fits
from playwright.sync_api import Page, expect
from sim_rows import sim_row
from sites import eventually

HOST = "kepri@contoh.id"
WAIT = 30_000  # ms, as a worker does it
ROWS = [
    *(sim_row(number, nama_kegiatan=f"Kelas telepon {number}") for number in range(4)),
    sim_row(tanggal="01/01/2099", nama_kegiatan="Belum tiba &lt;script&gt;"),
    sim_row(bidang_kegiatan="Sihir", jumlah_peserta="banyak"),
    sim_row(tanggal="2026-01-01", nama_kegiatan="Tahun baru"),
]


def well(page: Page) -> None:
    """Nothing keeps anybody out, and nobody scrolls sideways."""
    assert barriers(page) == []
    assert fits(page)


def hand_in(page: Page, rows: list[dict[str, object]]) -> None:
    sheet = {
        "name": "pelibatan-contoh.json",
        "mimeType": "application/json",
        "buffer": json.dumps(rows).encode(),
    }
    page.locator("#file").set_input_files(sheet)  # type: ignore[arg-type]
    page.get_by_role("button", name="Unggah dan periksa").click()
    page.wait_for_url(re.compile("/reporting/imports/[0-9a-f]"))


def test_mistakes_are_told_a_library_is_matched_and_the_rest_comes_in(
    open_page: OpenPage,
) -> None:
    page = open_page("/reporting/imports", account=HOST)
    well(page)
    page.get_by_role("button", name="Unggah dan periksa").click()
    expect(page.get_by_role("alert")).to_contain_text("Pilih berkasnya dahulu")
    well(page)
    hand_in(page, [row | {"perpus_nama": "Pojok Baca Telepon"} for row in ROWS])

    rejected = page.get_by_role("heading", name="Baris yang ditolak")
    expect(rejected).to_be_visible(timeout=WAIT)
    table = page.get_by_role("table")
    fifth, sixth = (table.get_by_role("row").filter(has_text=f"Baris {n}") for n in (5, 6))
    expect(fifth).to_contain_text("Belum tiba <script>")
    expect(fifth).to_contain_text("“01/01/2099”: Tanggal ini belum tiba")
    expect(sixth).to_contain_text("“Sihir”: Tidak ada dalam daftar pilihan")
    well(page)
    summary = page.url
    with page.expect_download() as download:
        page.get_by_role("link", name="Unduh semua baris ini").click()
    assert download.value.suggested_filename == "perbaikan.csv"

    page.get_by_role("link", name="Pasangkan perpustakaan").click()
    well(page)
    choice = page.get_by_label(re.compile("Perpustakaan kita untuk Pojok Baca Telepon"))
    choice.select_option(index=1)
    page.get_by_role("button", name="Simpan pilihan").click()
    expect(page.get_by_role("status")).to_contain_text("1 nama dipasangkan")
    well(page)

    page.goto(summary)
    page.get_by_role("button", name="Masukkan 5 baris").click()
    expect(page.get_by_text("baris dimasukkan")).to_be_visible(timeout=WAIT)
    well(page)
    page.get_by_role("link", name="Lihat baris yang perlu dilihat").click()
    expect(page.get_by_text("Tanggalnya 1 Januari.")).to_be_visible()
    well(page)

    page.goto(summary)
    page.get_by_role("link", name="Tarik kembali impor ini").click()
    well(page)
    page.get_by_role("button", name="Ya, tarik kembali").click()
    expect(page.get_by_text("Ditarik kembali", exact=True)).to_be_visible(timeout=WAIT)


def is_read(page: Page) -> bool:
    """Whoever has no script presses the link that shows how far it is."""
    page.get_by_role("link", name="Lihat kemajuan terbaru").or_(
        page.get_by_role("link", name="Lihat baris yang benar")
    ).click()
    return page.get_by_role("heading", name="Baris yang benar").count() > 0


def test_without_scripts_the_same_file_goes_its_way(open_page: OpenPage) -> None:
    page = open_page("/reporting/imports", scripts=False, account=HOST)
    hand_in(page, [sim_row(number, nama_kegiatan="Tanpa skrip") for number in range(3)])
    eventually(lambda: is_read(page), "the file is read")
    expect(page.get_by_text("Tanpa skrip").first).to_be_visible()
    assert fits(page)
