"""Every page, as a phone and as a desk: nothing serious for axe, nothing wider than the screen."""

import pytest
from browsing import OpenPage, barriers, first_load
from playwright.sync_api import Browser
from sites import Site

MEETING = "/registration/meetings/plm-2027-21"
PUBLIC = [
    "/",
    "/registration/",
    MEETING,
    f"{MEETING}/register",
    f"{MEETING}/register?participant_type=village_library",
    "/registration/sign-in",
]


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_has_no_barrier_and_fits(open_page: OpenPage, path: str, phone: bool) -> None:
    page = open_page(path, phone=phone)
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


@pytest.mark.parametrize("path", PUBLIC)
def test_a_first_load_is_below_50_kb(browser: Browser, site: Site, path: str) -> None:
    context = browser.new_context(base_url=site.base_url)
    assert first_load(context.new_page(), path) < 50_000
    context.close()
