"""The host's desk: who may come, and what they see of it."""

from browser.guests import MEETING, register
from browsing import OpenPage, barriers
from playwright.sync_api import expect
from sites import Site

HOST = "kepri@contoh.id"
# Of one kab/kota, so that nobody from another test stands in the list.
DESK = f"/registration/desk/{MEETING}?status=submitted&region=21.03"
VILLAGE = "21.03.04.2001"


def test_two_are_approved_and_one_is_sent_back(open_page: OpenPage, site: Site) -> None:
    first, second, third = (register(site, VILLAGE) for _ in range(3))
    page = open_page(DESK, phone=False, account=HOST)
    assert barriers(page) == []
    page.get_by_label(f"Pilih {first.name}").check()
    page.get_by_label(f"Pilih {second.name}").check()
    page.get_by_role("button", name="Setujui", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="2 disetujui")).to_be_visible()
    expect(page.get_by_role("link", name=first.name)).to_have_count(0)

    page.get_by_label(f"Pilih {third.name}").check()
    page.get_by_role("button", name="Minta perbaikan").click()
    expect(page.get_by_role("listitem").filter(has_text=third.name)).to_be_visible()
    page.get_by_role("button", name="Minta perbaikan").click()
    expect(page.get_by_role("alert")).to_contain_text("Tulis alasannya")
    assert barriers(page) == []
    page.get_by_label("Alasan dengan kata-kata sendiri").fill("Surat tugas belum bertanda tangan.")
    page.get_by_role("button", name="Minta perbaikan").click()
    expect(page.get_by_role("status").filter(has_text="1 diminta memperbaiki")).to_be_visible()

    page = open_page(first.own)
    expect(page.get_by_role("heading", name="Anda terdaftar sebagai peserta")).to_be_visible()
    expect(page.get_by_role("img", name="Kode QR tiket")).to_be_visible()
    expect(page.get_by_text(first.code).first).to_be_visible()
    assert barriers(page) == []

    page.goto(third.own)
    expect(page.get_by_text("Alasan: Surat tugas belum bertanda tangan.")).to_be_visible()
    page.get_by_role("link", name="Perbaiki pendaftaran").first.click()
    page.get_by_role("textbox", name="Jabatan").fill("Kepala perpustakaan")
    page.get_by_role("button", name="Simpan perbaikan").click()
    expect(page.get_by_role("heading", name="Pendaftaran sudah kami terima")).to_be_visible()


def test_a_desk_without_scripts_approves_as_well(open_page: OpenPage, site: Site) -> None:
    guest = register(site, VILLAGE)
    page = open_page(DESK, phone=False, scripts=False, account=HOST)
    page.get_by_role("button", name="Setujui", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Pilih dulu satu pendaftaran atau lebih.")
    page.get_by_label(f"Pilih {guest.name}").check()
    page.get_by_role("button", name="Setujui", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="1 disetujui")).to_be_visible()
