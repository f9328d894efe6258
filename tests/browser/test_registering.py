"""A village librarian registers, on a phone of 360 pixels, with scripts and without."""

import re
from email.message import EmailMessage

from browsing import OpenPage, barriers, fits
from playwright.sync_api import Page, expect
from registering import pdf
from sites import Site, eventually

MEETING = "/registration/meetings/plm-2027-21"
OWN = re.compile(r"/registration/r/[^/]+$")


def mail_to(site: Site, address: str) -> EmailMessage:
    """The first message to somebody, as soon as it is there."""
    return eventually(lambda: site.mails_to(address), f"a mail to {address}")[0]


def links(mail: EmailMessage) -> str:
    """The plain text of a message."""
    body = mail.get_body(("plain",))
    assert body
    return str(body.get_content())


def choose_type(page: Page) -> None:
    """The first page: as what one comes."""
    page.get_by_role("link", name="Daftar").first.click()
    page.get_by_text("Perpustakaan desa/kelurahan").click()
    page.get_by_role("button", name="Lanjut").click()


def test_a_librarian_registers_on_a_phone_and_types_the_village(
    open_page: OpenPage, site: Site
) -> None:
    page = open_page(MEETING)
    choose_type(page)
    page.get_by_label("Nama lengkap").fill("Peserta Ponsel (contoh)")
    page.get_by_role("textbox", name="Jabatan").fill("Pengelola")

    village = page.get_by_role("combobox", name="Wilayah perpustakaan")
    village.press_sequentially("letu", delay=20)
    letung = page.get_by_role("option", name="Letung")
    expect(letung).to_be_visible()
    village.press("ArrowDown")
    expect(letung).to_have_attribute("aria-selected", "true")
    assert barriers(page) == []
    village.press("Enter")
    chosen = "Letung, Kec. Jemaja, Kab. Kepulauan Anambas, Kepulauan Riau"
    expect(village).to_have_value(chosen)

    library = page.locator("#library_name")
    library.fill("Perpustakaan Letung (contoh)")
    page.get_by_label("Surel").fill("peserta.ponsel")
    page.get_by_role("button", name="Kirim pendaftaran").click()

    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("Ada 2 isian yang perlu diperbaiki")
    expect(summary).to_be_focused()
    assert barriers(page) == []
    expect(page.get_by_label("Nama lengkap")).to_have_value("Peserta Ponsel (contoh)")
    expect(village).to_have_value(chosen)
    expect(library).to_have_value("Perpustakaan Letung (contoh)")
    expect(page.get_by_label("Surel")).to_have_value("peserta.ponsel")

    summary.get_by_role("link").first.click()
    expect(page.get_by_label("Surel")).to_be_focused()
    page.get_by_label("Surel").fill("peserta.ponsel@contoh.id")
    page.locator("#consent").check()
    page.get_by_role("button", name="Kirim pendaftaran").click()

    page.wait_for_url(OWN)
    expect(page.get_by_role("heading", name="Pendaftaran sudah kami terima")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text(chosen)
    assert barriers(page) == []
    assert fits(page)
    assert page.url in links(mail_to(site, "peserta.ponsel@contoh.id"))


def test_a_phone_without_scripts_registers_by_the_lists_and_sends_the_letter_once(
    open_page: OpenPage, site: Site
) -> None:
    page = open_page(MEETING, scripts=False)
    choose_type(page)
    page.get_by_label("Nama lengkap").fill("Peserta Sederhana (contoh)")
    for label, name in (
        ("Kabupaten/kota", "Kabupaten Karimun"),
        ("Kecamatan", "Moro"),
        ("Desa/kelurahan", "Pauh"),
    ):
        page.get_by_role("combobox", name=label).select_option(label=name)
        page.get_by_role("button", name="Tampilkan daftar berikutnya").click()
        expect(page.get_by_label("Nama lengkap")).to_have_value("Peserta Sederhana (contoh)")
    page.locator("#library_name").fill("Perpustakaan Pauh (contoh)")
    page.get_by_label("Nomor HP").fill("0811 0000 4242")
    page.get_by_label("Surel").fill("peserta.sederhana@contoh.id")
    letter = {"name": "surat-tugas.pdf", "mimeType": "application/pdf", "buffer": pdf()}
    page.locator("#assignment_letter").set_input_files(letter)  # type: ignore[arg-type]
    page.locator("#consent").check()
    page.get_by_role("button", name="Kirim pendaftaran").click()

    expect(page.get_by_role("alert")).to_contain_text("Isi jabatan.")
    expect(page.get_by_text("surat-tugas.pdf sudah kami terima.")).to_be_visible()
    expect(page.get_by_label("Nomor HP")).to_have_value("0811 0000 4242")
    expect(page.locator("#consent")).to_be_checked()
    assert fits(page)
    page.get_by_role("textbox", name="Jabatan").fill("Pengelola")
    page.get_by_role("button", name="Kirim pendaftaran").click()

    page.wait_for_url(OWN)
    expect(page.get_by_text("Pauh, Kec. Moro, Kab. Karimun, Kepulauan Riau")).to_be_visible()
    expect(page.get_by_role("link", name="surat-tugas.pdf")).to_be_visible()
    assert page.url in links(mail_to(site, "peserta.sederhana@contoh.id"))
