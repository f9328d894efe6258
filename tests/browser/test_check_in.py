"""At the door: a phone's camera reads tickets, and a phone without a line loses nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.camera import camera_flags, fake_camera
from browser.guests import MEETING, Guest, approve, present, register
from browsing import PHONE, OpenPage, barriers, find_browser, fits, sign_in
from playwright.sync_api import Browser, Page, expect
from sites import Site

DAY = "2027-06-15"
DOOR = f"/registration/desk/{MEETING}/check-in?at={DAY}"
HOST = "kepri@contoh.id"


@pytest.fixture(scope="module")
def guests(site: Site) -> list[Guest]:
    """Four who may come; the first one shows her ticket to the camera."""
    people = [register(site, "21.04.01.1001") for _ in range(4)]
    approve(site, *people)
    return people


@pytest.fixture
def camera_page(
    browser: Browser, site: Site, guests: list[Guest], tmp_path: Path
) -> Iterator[Page]:
    """A phone at the door whose camera looks at the first one's ticket."""
    ticket = f"{site.base_url}/registration/t/{guests[0].code}"
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
    yield page
    with_camera.close()


def test_a_camera_reads_a_ticket_once(camera_page: Page, site: Site, guests: list[Guest]) -> None:
    page, guest = camera_page, guests[0]
    result, counted = page.locator("[data-result]"), page.locator("[data-present]")
    before = present(site, DAY)
    expect(counted).to_have_text(str(before))
    page.get_by_role("button", name="Nyalakan kamera").click()
    expect(result.get_by_role("heading", name="✓ Hadir")).to_be_visible(timeout=20_000)
    expect(result).to_contain_text(guest.name)
    expect(counted).to_have_text(str(before + 1))
    assert barriers(page) == []
    assert fits(page)

    page.get_by_role("button", name="Matikan kamera").click()
    page.goto(DOOR)
    page.get_by_role("button", name="Nyalakan kamera").click()
    expect(result).to_contain_text("Sudah tercatat sebelumnya", timeout=20_000)
    expect(result).to_contain_text(guest.name)
    page.get_by_role("button", name="Matikan kamera").click()
    assert present(site, DAY) == before + 1
    result.get_by_role("button", name="Batalkan check-in").click()
    expect(result).to_contain_text("Check-in dibatalkan")
    assert present(site, DAY) == before


def test_a_camera_that_needs_a_line_says_so_before_and_without_one(camera_page: Page) -> None:
    """Chromium on Linux cannot read a QR by itself, as many phones cannot."""
    page = camera_page
    page.wait_for_selector("[data-check-in][data-ready]")
    expect(page.get_by_text("Di perangkat ini kamera memerlukan sinyal")).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("button", name="Nyalakan kamera").click()
    result = page.locator("[data-result][aria-live]")
    expect(result).to_contain_text("Ketik kode atau nama")
    expect(page.get_by_label("Kode atau nama")).to_be_focused()
    assert barriers(page) == []
    assert fits(page)


def test_scans_without_a_line_are_kept_and_sent_once_there_is_one(
    open_page: OpenPage, site: Site, guests: list[Guest]
) -> None:
    _, second, third, fourth = guests
    page = open_page(DOOR, account=HOST)
    typed, result = page.get_by_label("Kode atau nama"), page.locator("[data-result]")
    counted = page.locator("[data-present]")
    page.wait_for_selector("[data-check-in][data-ready]")
    page.wait_for_load_state("networkidle")
    before = present(site, DAY)
    arrive_at_another_door(site, fourth)
    page.context.set_offline(True)
    for code, said in (
        (second.code, "Hadir, dicatat di perangkat ini"),
        (second.code.lower(), "Sudah tercatat sebelumnya"),
        (fourth.code, "Hadir, dicatat di perangkat ini"),
        ("ABCDE-FGHJK", "Belum dapat diperiksa tanpa sinyal"),
    ):
        typed.fill(code)
        typed.press("Enter")
        expect(result).to_contain_text(said)
    typed.fill(third.name[:17])  # names are found without a line too
    typed.press("Enter")
    page.get_by_role("button", name=third.name).click()
    expect(result).to_contain_text(third.name)
    expect(page.get_by_text("4 belum terkirim")).to_be_visible()
    assert barriers(page) == []

    page.context.set_offline(False)
    expect(page.locator("[data-kept]")).to_be_hidden(timeout=15_000)
    expect(page.locator("[data-refused]")).to_contain_text("ABCDE-FGHJK: Kode tidak dikenal")
    expect(counted).to_have_text(str(before + 3))
    assert present(site, DAY) == before + 3


def arrive_at_another_door(site: Site, guest: Guest) -> None:
    """Somebody else's phone has them already."""
    scan = {
        "id": guest.id,
        "code": guest.code,
        "day": DAY,
        "at": f"{DAY}T01:00:00Z",
    }
    address = f"/registration/api/v1/meetings/{MEETING}/check-ins"
    answer = site.client().post(address, json={"scans": [scan]}, headers=site.staff)
    assert answer.json()["items"][0]["status"] == "checked_in", answer.text
