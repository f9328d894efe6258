"""What the browser tests use: how a person signs in, what axe says, what a first visit costs."""

import shutil
from collections.abc import Callable
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from sites import Site

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1100, "height": 800}

# What WCAG 2.2 AA asks for; what axe merely recommends takes as long again.
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],
}

OpenPage = Callable[..., Page]


def find_browser() -> str | None:
    """The Chromium of this machine."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def stays(url: str, site: Site, errors: list[str]) -> None:
    if not url.startswith((site.base_url, "data:", "blob:", "about:")):
        errors.append(f"a request left the site: {url}")


def sign_in(page: Page, site: Site, email: str) -> None:
    """Sign in with a demo account, as a person does."""
    [account] = [one for one in site.told["accounts"] if one["email"] == email]
    page.goto("/registration/sign-in")
    page.fill("#email", email)
    page.fill("#password", account["password"])
    page.click("main form button:not(.quiet)")
    page.wait_for_url(lambda url: "sign-in" not in url)


def barriers(page: Page) -> list[str]:
    """What axe finds serious or critical on the page as it is now."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{page.url}: {one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]


def fits(page: Page) -> bool:
    """Nothing is wider than the screen, so nobody scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def first_load(page: Page, path: str) -> int:
    """Bytes that a first visit to a path moves, photos left out."""
    moved: list[int] = []

    def count(response: Any) -> None:
        if response.request.resource_type != "image" or response.url.endswith(".svg"):
            sizes = response.request.sizes()
            moved.append(sizes["responseBodySize"] + sizes["responseHeadersSize"])

    page.on("requestfinished", lambda request: count(request.response()))
    page.goto(path)
    page.wait_for_load_state("networkidle")
    return sum(moved)
