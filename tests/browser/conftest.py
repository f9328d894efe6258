"""A real Chromium, as a cheap phone and as a desk."""

from collections.abc import Iterator
from typing import Any

import pytest
from browsing import DESK, PHONE, OpenPage, find_browser, sign_in, stays
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sites import Site

PATIENCE = 15_000  # ms, as the machine may be busy
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser the tests here are left out, and say so."""
    if find_browser() is None:
        reason = "no Chromium on this machine: apt-get install chromium"
        for item in items:
            if "tests/browser/" in item.path.as_posix():
                item.add_marker(pytest.mark.skip(reason=reason))


# Of one module: its event loop runs in this thread, where later tests want loops of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=find_browser(),
            args=["--no-sandbox", "--disable-gpu", "--disable-component-update"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[OpenPage]:
    """`open_page("/path", phone=True, scripts=True, account="kepri@contoh.id")`: a new visitor.

    Any error that a page's script throws, and any request that leaves the site, fails the test.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_one(
        path: str, *, phone: bool = True, scripts: bool = True, account: str = "", **more: Any
    ) -> Page:
        context = browser.new_context(
            base_url=site.base_url,
            viewport=PHONE if phone else DESK,  # type: ignore[arg-type]
            java_script_enabled=scripts,
            locale=more.pop("locale", "id-ID"),
            **more,
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: stays(request.url, site, errors))
        if account:
            sign_in(page, site, account)
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert errors == []
