"""Every page, as a phone and as a desk, in both languages, by following links from page to page.

Nothing serious for axe, nothing wider than the screen, no link that leads nowhere.
"""

import re
from collections import deque
from collections.abc import Iterator
from functools import cache
from urllib.parse import urlsplit

import pytest
from browser.made import made_for
from browsing import DESK, PHONE, OpenPage, barriers, first_load, fits
from playwright.sync_api import Browser, Page, Response
from sites import Site
from walking import OPEN, SERVICES, Step, steps

MEETING = "/registration/meetings/plm-2027-21"
PUBLIC = [
    "/",
    "/registration/",
    MEETING,
    f"{MEETING}/register",
    f"{MEETING}/register?participant_type=village_library",
    "/registration/certificates",
    "/registration/links",
    "/registration/sign-in",
    "/reporting/stories",
]
# What a browser saves or shows by itself, or what only leads on.
NO_PAGE = re.compile(
    r"/api/(?!docs$)|\.(pdf|ics|xlsx|csv|json|\{extension\})$|/(photos|uploads|files|evidence)/|/renew$|/telling$|/html$|/receipts/"
)
VISITORS = {
    "": "everybody",
    "kepri@contoh.id": "province",
    "pustaka@contoh.id": "library",
    "nasional@contoh.id": "national",
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("account", VISITORS, ids=VISITORS.values())
def test_no_page_has_a_barrier_or_a_dead_link(
    open_page: OpenPage, site: Site, account: str
) -> None:
    starts = made_for(site, account)
    page = open_page(starts[0], account=account)
    wanted = {step.name for step in pages_of(account)}
    walked: set[str] = set()
    faults: list[str] = []
    waiting = deque(starts)
    while waiting:
        address = waiting.popleft()
        step = page_at(address)
        if step is None:
            faults.append(f"{address}: there is no such page")
        elif address in starts or step.name in wanted - walked:
            walked.add(step.name)
            faults += look(page, address, site)
            waiting += links(page, site)
            starts = [start for start in starts if start != address]
    assert faults == []
    missing = wanted - walked
    assert missing == set(), "no link leads there: say in made.py how one gets there"


def look(page: Page, address: str, site: Site) -> Iterator[str]:
    """What is wrong with a page: on a phone in Indonesian, tables at the desk, then in English."""
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    yield from failed(address, page.goto(address))
    if not fits(page):
        yield f"{address}: wider than a phone"
    yield from barriers(page)
    if page.locator("table").count():
        page.set_viewport_size(DESK)  # type: ignore[arg-type]
        if not fits(page):
            yield f"{address}: wider than a desk"
        yield from barriers(page)
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.context.add_cookies([{"name": "lang", "value": "en", "url": site.base_url}])
    yield from failed(address, page.goto(address))
    page.context.clear_cookies(name="lang")
    if page.locator("html").get_attribute("lang") != "en":
        yield f"{address}: not in English"
    if not fits(page):
        yield f"{address}: wider than a phone in English"


def failed(address: str, answer: Response | None) -> Iterator[str]:
    """A page that did not come."""
    if answer is None or not answer.ok:
        yield f"{address}: {answer.status if answer else 'nothing'}"


def links(page: Page, site: Site) -> list[str]:
    """Where the page as it is now leads to, inside the site; not to itself in another language."""
    found = page.locator("a[href]:not([hreflang])")
    # By the attribute: the `href` of a link in a drawing is an object.
    addresses = found.evaluate_all(
        "links => links.map((link) => "
        "new URL(link.getAttribute('href'), location.href).href.split('#')[0])"
    )
    inside = (address for address in addresses if address.startswith(f"{site.base_url}/"))
    inside = (address for address in inside if not address.endswith("/api/openapi.json"))
    return [address.removeprefix(site.base_url) for address in inside]


@cache
def answering() -> list[Step]:
    """Every route that answers a browser which opens an address."""
    return [step for service in SERVICES for step in steps(service) if step.method == "GET"]


def pages_of(account: str) -> Iterator[Step]:
    """The pages that a visitor of this kind walks: each page is one visitor's."""
    for step in answering():
        path = step.route.path
        whose = next((one for one in VISITORS.values() if one in step.roles), "everybody")
        if whose == VISITORS[account] and path not in OPEN and not NO_PAGE.search(path):
            yield step


def page_at(address: str) -> Step | None:
    """The route that answers at an address."""
    path = urlsplit(address).path
    path = "/registration/home" if path == "/" else path
    for step in answering():
        _, service, rest = path.split("/", 2)
        if service == step.service and step.route.path_regex.match(f"/{rest}"):
            return step
    return None


@pytest.mark.parametrize("path", PUBLIC)
def test_a_first_load_is_below_50_kb(browser: Browser, site: Site, path: str) -> None:
    context = browser.new_context(base_url=site.base_url)
    assert first_load(context.new_page(), path) < 50_000
    context.close()
