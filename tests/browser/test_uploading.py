"""More is chosen than one form may send: it is said, and nothing that was typed is lost."""

from pathlib import Path

import pytest
from browsing import OpenPage, barriers, fits
from PIL import Image
from playwright.sync_api import Page, expect
from sites import eventually

from shared.web.forms import UPLOAD_LIMIT

FORM = "/registration/meetings/plm-2027-21/register?participant_type=village_library"
REPORT = "/reporting/own/new/pelibatan"
LIBRARIAN = "pustaka@contoh.id"
NAME = "Peserta Berkas (contoh)"


@pytest.fixture
def heavy(tmp_path: Path) -> Path:
    """A scan of 13 MB."""
    file = tmp_path / "surat-tugas.pdf"
    file.write_bytes(b"%PDF-" + b"x" * 13 * 2**20)
    return file


@pytest.fixture
def large_photo(tmp_path: Path) -> Path:
    """A picture of more than a form may send, which a browser makes small."""
    file = tmp_path / "foto.png"
    Image.effect_noise((4800, 3200), 90).save(file)
    assert file.stat().st_size > UPLOAD_LIMIT
    return file


def test_without_scripts_a_page_says_the_limit_and_going_back_keeps_what_was_typed(
    open_page: OpenPage, heavy: Path
) -> None:
    page = open_page(FORM, scripts=False)
    page.get_by_label("Nama lengkap").fill(NAME)
    page.get_by_label("Surel").fill("peserta.berkas@contoh.id")
    page.locator("#assignment_letter").set_input_files(heavy)
    page.get_by_role("button", name="Kirim pendaftaran").click()

    expect(page.get_by_role("heading", name="Ada yang tidak beres")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("paling besar 12 MB")
    assert fits(page)
    page.go_back()
    expect(page.get_by_label("Nama lengkap")).to_have_value(NAME)
    expect(page.get_by_label("Surel")).to_have_value("peserta.berkas@contoh.id")


def test_without_scripts_a_library_reads_the_same(open_page: OpenPage, heavy: Path) -> None:
    page = open_page(REPORT, scripts=False, account=LIBRARIAN)
    page.get_by_label("Nama kegiatan").fill("Kegiatan berat (contoh)")
    page.get_by_label("Bukti").set_input_files(heavy)
    page.get_by_role("button", name="Simpan laporan").click()

    expect(page.get_by_role("main")).to_contain_text("paling besar 12 MB")
    page.go_back()
    expect(page.get_by_label("Nama kegiatan")).to_have_value("Kegiatan berat (contoh)")


def refused_at(page: Page, label: str, button: str, heavy: Path) -> None:
    """The field says it as soon as the file is chosen, and the form stays where it is."""
    field = page.get_by_label(label, exact=True)
    field.set_input_files(heavy)
    told = page.get_by_role("alert").filter(has_text="bersama-sama 13,1 MB, paling besar 12 MB")
    expect(told).to_be_visible()
    before = page.url
    page.get_by_role("button", name=button).click()
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    assert page.url == before
    assert barriers(page) == []
    assert fits(page)
    field.set_input_files([])
    expect(told).to_have_count(0)


def test_with_scripts_the_form_is_not_sent_and_a_photo_becomes_small(
    open_page: OpenPage, heavy: Path, large_photo: Path
) -> None:
    page = open_page(FORM)
    page.get_by_label("Nama lengkap").fill(NAME)
    refused_at(page, "Surat tugas (boleh dikosongkan)", "Kirim pendaftaran", heavy)

    letter = page.locator("#assignment_letter")
    letter.set_input_files(large_photo)
    chosen = "input => input.files[0].type"
    eventually(lambda: letter.evaluate(chosen) == "image/jpeg", "the photo is small")
    expect(letter).not_to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Kirim pendaftaran").click()
    expect(page.get_by_text("foto.jpg sudah kami terima.")).to_be_visible()
    expect(page.get_by_label("Nama lengkap")).to_have_value(NAME)


def test_with_scripts_a_report_is_not_sent_either(open_page: OpenPage, heavy: Path) -> None:
    page = open_page(REPORT, account=LIBRARIAN)
    page.get_by_label("Nama kegiatan").fill("Kegiatan berat (contoh)")
    refused_at(page, "Bukti (boleh dikosongkan)", "Simpan laporan", heavy)
    expect(page.get_by_label("Nama kegiatan")).to_have_value("Kegiatan berat (contoh)")
