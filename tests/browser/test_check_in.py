"""At the door: a phone's camera reads tickets, and a phone without a line loses nothing."""

from pathlib import Path

from browser.camera import camera_flags, fake_camera
from browsing import PHONE, OpenPage, barriers, find_browser, sign_in
from playwright.sync_api import Browser, expect
from sites import Site

DOOR = "/registration/desk/plm-2022-21/check-in?at=2022-08-09"
HOST = "kepri@contoh.id"
LATE = "KEPRI-CONT15"  # the only one of the example meeting who was not there


def test_a_camera_reads_a_ticket(browser: Browser, site: Site, tmp_path: Path) -> None:
    ticket = f"{site.base_url}/registration/t/{LATE}"
    flags = camera_flags(fake_camera(tmp_path / "ticket.mjpeg", ticket))
    with_camera = browser.browser_type.launch(
        executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu", *flags]
    )
    context = with_camera.new_context(
        base_url=site.base_url,
        viewport=PHONE,  # type: ignore[arg-type]
        locale="id-ID",
        permissions=["camera"],
    )
    page = context.new_page()
    sign_in(page, site, HOST)
    page.goto(DOOR)
    page.get_by_role("button", name="Nyalakan kamera").click()
    result = page.locator("[data-result]")
    expect(result).to_contain_text("✓ Hadir", timeout=20_000)
    expect(result).to_contain_text("Peserta Contoh 15")
    expect(page.get_by_text("15 dari 15 hadir")).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("button", name="Batalkan check-in").click()
    expect(result).to_contain_text("Check-in dibatalkan")
    with_camera.close()


def test_scans_without_a_line_are_kept_and_sent_once_there_is_one(open_page: OpenPage) -> None:
    page = open_page(DOOR, account=HOST)
    typed, result = page.get_by_label("Kode atau nama"), page.locator("[data-result]")
    before = page.locator("[data-present]").inner_text()
    page.wait_for_selector("[data-check-in][data-ready]")
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    for code, said in (
        (LATE, "Hadir, dicatat di perangkat ini"),
        (LATE.lower(), "Sudah tercatat sebelumnya"),
        ("KEPRI-CONT14", "Hadir, dicatat di perangkat ini"),  # another device had her before
        ("ABCDE-FGHJK", "Belum dapat diperiksa tanpa sinyal"),
    ):
        typed.fill(code)
        typed.press("Enter")
        expect(result).to_contain_text(said)
    typed.fill("contoh 03")  # names are found without a line too
    typed.press("Enter")
    expect(page.get_by_role("button", name="Peserta Contoh 03")).to_be_visible()
    expect(page.get_by_text("3 belum terkirim")).to_be_visible()
    assert page.locator("[data-present]").inner_text() == before
    page.context.set_offline(False)
    expect(page.locator("[data-kept]")).to_be_hidden(timeout=15_000)
    expect(page.locator("[data-refused]")).to_contain_text("ABCDE-FGHJK: Kode tidak dikenal")
    expect(page.get_by_text("15 dari 15 hadir")).to_be_visible()


def test_a_certificate_leads_to_its_proof(open_page: OpenPage) -> None:
    page = open_page("/registration/desk/plm-2022-21/certificates?state=issued", account=HOST)
    assert barriers(page) == []
    page.get_by_role("link", name="PLM-2022-21").first.click()
    assert barriers(page) == []
    page.get_by_role("link", name="Halaman periksa untuk umum").click()
    expect(page.get_by_text("Sertifikat ini asli dan berlaku")).to_be_visible()
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
